/**
 * Simulated grids, as many as a push can wait for. `SEEDS=<n>` runs so many, `TWICE=<n>` compares so many with
 * their repetition, `SEED=<n>` replays one; `npm run sim -- --seeds 300 --twice 50` is the long setting.
 */
import { expect } from 'chai';
import { faultKinds } from '../../src/testing/fault-kinds.ts';
import { type GridRunResult, runGrid } from './grid-run.ts';

const faultsMs = 8_000;

function seedsToRun(usually: number): number[] {
  if (process.env.SEED !== undefined) return [Number(process.env.SEED)];
  const count = Number(process.env.SEEDS ?? usually);
  return Array.from({ length: count }, (_, at) => at + 1);
}

function replayOf({ seed, shape, violations }: GridRunResult): string {
  const command = `npm run sim -- --seed ${seed} --seeds 1 --faults-ms ${faultsMs} --trace`;
  return `seed ${seed} ${shape}\n${violations.join('\n')}\nreplay: ${command}`;
}

/** Adds up what the runs counted. */
class Totals {
  readonly faults = new Map<string, number>();
  readonly looks = new Map<string, number>();
  readonly queues = new Map<string, number>();
  ok = 0;

  add(result: GridRunResult): void {
    this.ok += result.operations.ok;
    for (const [kind, count] of result.faults) this.#add(this.faults, kind, count);
    for (const [what, count] of Object.entries(result.queues)) this.#add(this.queues, what, count);
    for (const [kind, count] of Object.entries(result.looks)) this.#add(this.looks, kind, count);
  }

  expectQueuesUsed(seeds: number): void {
    for (const [what, least] of Object.entries({
      pushed: 50,
      taken: 50,
      inVain: 10,
      aborted: 10,
    })) {
      const count = (this.queues.get(what) ?? 0) / seeds;
      expect(count, `calls of a queue that were ${what}`).to.be.above(least);
    }
  }

  #add(to: Map<string, number>, kind: string, count: number): void {
    to.set(kind, (to.get(kind) ?? 0) + count);
  }
}

describe('whole members under random faults', function () {
  this.timeout(120_000 + 5_000 * seedsToRun(20).length);

  it('stay linearizable, keep what they acknowledged, and come back by themselves', () => {
    const seeds = seedsToRun(20);
    const totals = new Totals();
    for (const seed of seeds) {
      const result = runGrid(seed, { faultsMs, traceLinesMax: 0 });
      expect(result.violations, replayOf(result)).to.deep.equal([]);
      totals.add(result);
    }
    if (seeds.length < 20) return;

    // A simulation in which nothing happens proves nothing.
    const kinds = faultKinds.filter((kind) => totals.faults.has(kind));
    expect(kinds.length, `kinds of faults: ${kinds}`).to.be.at.least(12);
    expect(totals.faults.get('targeted') ?? 0).to.be.above(50);
    expect(totals.ok / seeds.length).to.be.above(100);
    totals.expectQueuesUsed(seeds.length);
    for (const [what, count] of totals.looks) {
      expect(count, `looks at ${what}`).to.be.above(seeds.length);
    }
  });

  it('have the same history for the same seed', () => {
    const count = Number(process.env.TWICE ?? 5);
    for (let seed = 1; seed <= count; seed++) {
      const hashes = [1, 2].map(() => runGrid(seed, { faultsMs: 3_000, traceLinesMax: 0 }).hash);
      expect(hashes[1], `seed ${seed}`).to.equal(hashes[0]);
    }
    const others = [1, 2].map((seed) => runGrid(seed, { faultsMs: 500, traceLinesMax: 0 }).hash);
    expect(others[1], 'another seed').to.not.equal(others[0]);
  });
});
