/** The simulations of whole members, by name: the same list for the tests and for `npm run sim`. */
import { type FaultKind, faultKinds } from '../../src/testing/fault-kinds.ts';
import { runExpiry } from './expiry-run.ts';
import { runForks, runSplits } from './fork-run.ts';
import { runGrid } from './grid-run.ts';
import { runTopic, withoutInTopics } from './topic-run.ts';
import type { RunOptions, RunResult } from './trial.ts';

export type Simulation = 'grid' | 'topic' | 'expiry' | 'forks' | 'splits';

export const simulations: Readonly<
  Record<Simulation, (seed: number, options: RunOptions) => RunResult>
> = {
  grid: runGrid,
  topic: runTopic,
  expiry: runExpiry,
  forks: runForks,
  splits: runSplits,
};

/** Kinds of faults that a simulation does without. */
export const withoutKinds: Readonly<Partial<Record<Simulation, readonly FaultKind[]>>> = {
  topic: withoutInTopics,
  // These draw their faults for each time that their lineages are apart.
  forks: faultKinds,
  splits: faultKinds,
};

export const names = Object.keys(simulations) as readonly Simulation[];

/** What plays a run again. */
export function replayOf(
  name: Simulation,
  { seed }: Pick<RunResult, 'seed'>,
  faultsMs: number,
  without: readonly string[] = [],
): string {
  const less = without.length > 0 ? ` --without ${without.join(',')}` : '';
  return `npm run sim -- --only ${name} --seed ${seed} --seeds 1 --faults-ms ${faultsMs}${less} --trace`;
}
