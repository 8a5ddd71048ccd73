/**
 * Makes a failing world smaller: without the kinds of trouble that it fails without, and for as short a time as it
 * still fails in. Each try is another history of the same seed, so what is left fails for certain, and is not
 * always the least that would.
 */
import { faultKinds } from '../../src/testing/fault-kinds.ts';
import { type Simulation, simulations } from './simulations.ts';
import { type RunOptions, type Trouble, troubles } from './trial.ts';

export interface Shrunk {
  readonly faultsMs: number;
  readonly without: readonly Trouble[];
  readonly violation: string;
}

const triesMax = 40;
const shortestMs = 250;

/** The smallest that was found; undefined where the seed does not fail by itself. */
export function shrink(name: Simulation, seed: number, faultsMs: number): Shrunk | undefined {
  let tries = 0;
  const violationOf = (options: Omit<RunOptions, 'traceLinesMax'>): string | undefined => {
    if (tries++ >= triesMax) return undefined;
    try {
      return simulations[name](seed, { ...options, traceLinesMax: 0 }).violations[0];
    } catch (error) {
      return String(error).split('\n')[0];
    }
  };
  const violation = violationOf({ faultsMs });
  if (violation === undefined) return undefined;
  let smallest: Shrunk = { faultsMs, without: [], violation };
  const tryOut = (next: Omit<Shrunk, 'violation'>): void => {
    const found = violationOf(next);
    if (found !== undefined) smallest = { ...next, violation: found };
  };
  for (const trouble of [...troubles, ...faultKinds]) {
    tryOut({ ...smallest, without: [...smallest.without, trouble] });
  }
  for (let stepMs = smallest.faultsMs / 2; stepMs >= shortestMs; stepMs /= 2) {
    tryOut({ ...smallest, faultsMs: Math.round(smallest.faultsMs - stepMs) });
  }
  return smallest;
}
