/** Topics in simulated grids. `SEEDS=<n>` runs so many seeds, `SEED=<n>` replays one. */
import { expect } from 'chai';
import { runTopic } from './topic-run.ts';

describe('topics under random faults', function () {
  const count = Number(process.env.SEEDS ?? 4);
  this.timeout(60_000 + 5_000 * count);

  it('have one order for all subscribers, and lose and repeat nothing in silence', () => {
    const first = Number(process.env.SEED ?? 1);
    const last = process.env.SEED === undefined ? count : first;
    const totals = { messages: 0, gaps: 0, acknowledged: 0, owed: 0, subscriptions: 0, faults: 0 };
    for (let seed = first; seed <= last; seed++) {
      const { violations, looks, subscriptions, faults } = runTopic(seed, 6_000);
      expect(violations, `seed ${seed}`).to.deep.equal([]);
      totals.messages += looks.messages;
      totals.gaps += looks.gaps;
      totals.acknowledged += looks.acknowledged;
      totals.owed += looks.owed;
      totals.subscriptions += subscriptions;
      totals.faults += faults;
    }
    if (process.env.VERBOSE !== undefined) console.log(totals);
    if (last - first < 3) return;
    // A simulation in which nothing happens proves nothing.
    expect(totals.acknowledged).to.be.above(500);
    expect(totals.messages).to.be.above(3_000);
    expect(totals.owed).to.be.above(3_000);
    expect(totals.gaps).to.be.above(20);
    expect(totals.subscriptions).to.be.above(30);
    expect(totals.faults).to.be.above(50);
  });
});
