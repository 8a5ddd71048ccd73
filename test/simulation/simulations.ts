/** The simulations of whole members, by name: the same list for the tests and for `npm run sim`. */
import { runExpiry } from './expiry-run.ts';
import { runForks } from './fork-run.ts';
import { runGrid } from './grid-run.ts';
import { runTopic } from './topic-run.ts';
import type { RunOptions, RunResult } from './trial.ts';

export type Simulation = 'grid' | 'topic' | 'expiry' | 'forks';

export const simulations: Readonly<
  Record<Simulation, (seed: number, options: RunOptions) => RunResult>
> = {
  grid: runGrid,
  topic: runTopic,
  expiry: runExpiry,
  forks: runForks,
};

export const names = Object.keys(simulations) as readonly Simulation[];

/** What plays a run again. */
export function replayOf(name: Simulation, { seed }: RunResult, faultsMs: number): string {
  return `npm run sim -- --only ${name} --seed ${seed} --seeds 1 --faults-ms ${faultsMs} --trace`;
}
