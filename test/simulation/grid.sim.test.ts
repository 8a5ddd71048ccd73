/**
 * Simulated grids, as many as a push can wait for. `SEEDS=<n>` runs so many, `TWICE=<n>` compares so many with
 * their repetition, `SEED=<n>` replays one; `npm run sim -- --seeds 300 --twice 50` is the long setting.
 */
import { expect } from 'chai';
import { names, replayOf, type Simulation, simulations } from './simulations.ts';
import { Totals } from './totals.ts';
import type { RunOptions } from './trial.ts';

const faultsMs = 8_000;
const subjects: Readonly<Record<Simulation, string>> = {
  grid: 'keep maps linearizable, give each item of a queue once and in order, and come back by themselves',
  expiry: 'show nothing that has expired, nor let it go before its time, nor let it come back',
  forks:
    'become one again where two went apart, with all that was acknowledged or told as discarded',
  splits: 'become one again where more went apart, each side of which goes on',
  topic: 'have one order of a topic for all subscribers, and lose and repeat nothing in silence',
};

function seedsToRun(usually: number): number[] {
  if (process.env.SEED !== undefined) return [Number(process.env.SEED)];
  const count = Number(process.env.SEEDS ?? usually);
  return Array.from({ length: count }, (_, at) => at + 1);
}

describe('whole members and light clients under random faults', function () {
  const seeds = seedsToRun(20);
  this.timeout(120_000 + 5_000 * seeds.length);

  for (const name of names) {
    const run = (seed: number, options: Partial<RunOptions> = {}) =>
      simulations[name](seed, { faultsMs, traceLinesMax: 0, ...options });

    it(subjects[name], () => {
      const totals = new Totals(name);
      for (const seed of seeds) {
        const result = run(seed);
        const { violations, shape } = result;
        expect(violations, `${shape}\nreplay: ${replayOf(name, result, faultsMs)}`).to.deep.equal(
          [],
        );
        totals.add(result);
      }
      if (process.env.VERBOSE !== undefined) console.log(totals.counts);
      expect(totals.shortfalls).to.deep.equal([]);
    });

    it(`have the same history for the same seed (${name})`, () => {
      const count = Number(process.env.TWICE ?? 3);
      for (let seed = 1; seed <= count; seed++) {
        const hashes = [1, 2].map(() => run(seed, { faultsMs: 3_000 }).hash);
        expect(hashes[1], `seed ${seed}`).to.equal(hashes[0]);
      }
      const others = [1, 2].map((seed) => run(seed, { faultsMs: 500 }).hash);
      expect(others[1], 'another seed').to.not.equal(others[0]);
    });
  }
});
