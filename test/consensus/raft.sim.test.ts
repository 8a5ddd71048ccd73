import { expect } from 'chai';
import { type Counts, RaftWorld } from './raft-world.ts';

/** `SEED=<n>` replays one run; `SEEDS=<n>` runs so many. */
function seedsToRun(usually: number): number[] {
  if (process.env.SEED !== undefined) return [Number(process.env.SEED)];
  const count = Number(process.env.SEEDS ?? usually);
  return Array.from({ length: count }, (_, at) => at + 1);
}

function run(seed: number): Counts {
  const world = new RaftWorld(seed);
  try {
    world.runWithFaults(20_000);
    world.settle();
  } catch (error) {
    const { message } = error as Error;
    throw new Error(`SEED=${seed}, at ${world.now.toFixed(1)} ms: ${message}`, { cause: error });
  }
  return world.counts;
}

describe('a Raft group under random faults', function () {
  this.timeout(60_000);

  it('keeps every promise of Raft, and goes on when the faults stop', () => {
    const seeds = seedsToRun(300);
    const total: Record<string, number> = {};
    for (const seed of seeds) {
      for (const [name, count] of Object.entries(run(seed))) {
        total[name] = (total[name] ?? 0) + count;
      }
    }
    if (process.env.VERBOSE !== undefined) console.log(total);
    if (seeds.length < 100) return;

    // A simulation in which nothing happens proves nothing.
    const each = (name: keyof Counts) => total[name]! / seeds.length;
    expect(each('elections')).to.be.above(3);
    expect(each('commits')).to.be.above(100);
    expect(each('configs')).to.be.above(8);
    expect(each('pairs')).to.be.above(0.1);
    expect(each('restores')).to.be.above(1);
    expect(each('chunks')).to.be.above(10);
    expect(each('crashes')).to.be.above(0.5);
    expect(each('transfers')).to.be.above(0.5);
    expect(each('rivals')).to.be.above(1);
    expect(total.overloads).to.be.above(10);
  });
});
