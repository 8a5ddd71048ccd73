import { expect } from 'chai';
import { Comings } from '../../src/partition/comings.ts';
import { ann, bob, cid, dan, Table } from './table.ts';

/** What a leader sees of a table, in steps of time. */
class Watch {
  readonly table = new Table({ members: [ann, bob, cid] });
  readonly comings = new Comings(30_000);
  nowMs = 0;

  /** Lets time pass; whether copies may move for balance then. */
  after(ms: number): boolean {
    this.comings.observe(this.table.machine, this.nowMs);
    this.nowMs += ms;
    this.comings.observe(this.table.machine, this.nowMs);
    return this.comings.mayMove(this.nowMs);
  }
}

describe('whether copies may move', () => {
  it('is no for two seconds after anybody came or went', () => {
    const watch = new Watch();
    expect(watch.after(1_900)).to.equal(false);
    expect(watch.after(200)).to.equal(true);
    watch.table.join(dan);
    expect(watch.after(1_900)).to.equal(false);
    watch.table.status(dan, 'leaving');
    expect(watch.after(1_900)).to.equal(false);
    expect(watch.after(200)).to.equal(true);
  });

  it('is no for half a minute after a member was lost', () => {
    const watch = new Watch();
    watch.after(5_000);
    watch.table.status(cid, 'suspended');
    expect(watch.after(29_900)).to.equal(false);
    expect(watch.after(200)).to.equal(true);
  });

  it('is yes soon after another has come in the place of the lost one', () => {
    const watch = new Watch();
    watch.after(5_000);
    watch.table.status(cid, 'suspended');
    expect(watch.after(5_000)).to.equal(false);
    watch.table.join(dan, { address: `${cid}:7000` });
    expect(watch.after(2_100)).to.equal(true);
  });

  it('is no until as many have come as were lost', () => {
    const watch = new Watch();
    watch.after(5_000);
    watch.table.status(cid, 'suspended');
    watch.after(1_000);
    watch.table.status(bob, 'suspended');
    watch.after(1_000);
    watch.table.status(bob, 'up');
    expect(watch.after(5_000)).to.equal(false);
    watch.table.status(cid, 'up');
    expect(watch.after(5_000)).to.equal(true);
  });

  it('is no under a new leader that finds somebody suspended', () => {
    const watch = new Watch();
    watch.after(5_000);
    watch.table.status(cid, 'suspended');
    watch.comings.forget();
    expect(watch.after(5_000)).to.equal(false);
  });

  it('does not wait for lite members, nor for those that left', () => {
    const watch = new Watch();
    watch.table.join(dan, { data: false });
    watch.after(5_000);
    watch.table.status(dan, 'suspended');
    watch.table.status(cid, 'leaving');
    watch.after(100);
    watch.table.apply({ type: 'remove', id: cid });
    expect(watch.after(2_100)).to.equal(true);
  });
});
