import { expect } from 'chai';
import type { MemberId } from '../../src/base/ids.ts';
import { presets } from '../../src/base/timings.ts';
import { type ForkView, ForkWatch } from '../../src/partition/fork-watch.ts';
import type { ClusterSettings } from '../../src/partition/meta-state.ts';
import { ann, bob, cid, dan, eve, Table } from './table.ts';

const { forkAfterMs, leaseMs, leaseMarginMs } = presets.lan;
const tickMs = 25;

interface Case {
  readonly members?: readonly MemberId[];
  readonly voters?: readonly MemberId[];
  readonly splitBrain?: ClusterSettings['splitBrain'];
}

/** Bob watches: all leases are over, and nobody else is seen. */
class Watch {
  readonly table: Table;
  readonly seen = new Set<MemberId>();
  readonly goneForGood = new Set<MemberId>();
  readonly watch: ForkWatch;
  readonly voters: readonly MemberId[];
  voidSince: number | undefined = 0;
  nowMs = 0;

  constructor(
    { members = [ann, bob], voters = [ann], splitBrain = 'auto' }: Case = {},
    self = bob,
  ) {
    this.table = new Table({ members, splitBrain });
    this.voters = voters;
    this.watch = new ForkWatch(self, presets.lan, {
      isSeen: (id) => this.seen.has(id),
      isGoneForGood: (id) => this.goneForGood.has(id),
      strangers: () => [],
    });
    this.tick();
  }

  get view(): ForkView {
    const config = { voters: this.voters, learners: [] };
    return { state: this.table.machine, config, voidSince: this.voidSince };
  }

  tick(stallMs = 0): boolean {
    return this.watch.tick(this.view, this.nowMs, stallMs);
  }

  /** When it is first due within so many milliseconds, from now on. */
  dueWithin(ms: number): number | undefined {
    for (const start = this.nowMs; this.nowMs < start + ms; ) {
      this.nowMs += tickMs;
      if (this.tick()) return this.nowMs - start;
    }
    return undefined;
  }
}

describe('whether a survivor goes on alone', () => {
  it('is so when the only voter was missed for the whole time', () => {
    expect(new Watch().dueWithin(60_000)).to.be.within(forkAfterMs, forkAfterMs + 2 * tickMs);
  });

  it('depends on the mode and on the number of voters', () => {
    const three = { members: [ann, bob, cid], voters: [ann, bob, cid] };
    const isDue = (cases: Case) => new Watch(cases).dueWithin(60_000) !== undefined;
    expect(isDue({ splitBrain: 'consistency' })).to.equal(false);
    expect(isDue(three)).to.equal(false);
    expect(isDue({ ...three, splitBrain: 'availability' })).to.equal(true);
    expect(isDue({ voters: [ann, bob], splitBrain: 'auto' })).to.equal(true);
  });

  it('is not so where two voters are about to be three, for the others may have gone on', () => {
    const members = [ann, bob, cid, dan];
    const between = new Watch({ members, voters: [ann, bob] });
    expect(between.dueWithin(60_000)).to.equal(undefined);
    const three = new Watch({ members: [ann, bob, cid], voters: [ann, bob] });
    expect(three.dueWithin(60_000)).to.equal(undefined);
    const goingDown = new Watch({ members: [ann, bob, cid], voters: [ann, bob] });
    goingDown.table.status(cid, 'leaving');
    expect(goingDown.dueWithin(60_000), 'a third that leaves').to.not.equal(undefined);
  });

  it('is so in every mode by somebody’s word that those who are missed are gone for good', () => {
    const three = { members: [ann, bob, cid, dan], voters: [ann, bob, cid] };
    for (const splitBrain of ['consistency', 'auto'] as const) {
      const watch = new Watch({ ...three, splitBrain });
      expect(watch.watch.goOnAlone(watch.view)).to.equal(undefined);
      const lastMs = leaseMs + leaseMarginMs;
      expect(watch.dueWithin(60_000)).to.be.within(lastMs, lastMs + 2 * tickMs);
    }
    const younger = new Watch({ ...three, splitBrain: 'consistency' }, dan);
    younger.seen.add(bob);
    expect(younger.watch.goOnAlone(younger.view), 'it need not be the oldest').to.equal(undefined);
    expect(younger.dueWithin(60_000)).to.not.equal(undefined);
  });

  it('takes no such word while a majority is there, and forgets it with the next lease', () => {
    const three = { members: [ann, bob, cid], voters: [ann, bob, cid] };
    const watch = new Watch({ ...three, splitBrain: 'consistency' });
    const say = () => watch.watch.goOnAlone(watch.view);
    watch.seen.add(ann);
    expect(say()).to.include('a majority of the voters is alive');
    watch.seen.delete(ann);
    expect(say()).to.equal(undefined);
    watch.seen.add(ann);
    expect(watch.dueWithin(60_000), 'with a majority in sight').to.equal(undefined);
    watch.voidSince = undefined;
    watch.tick();
    expect(say()).to.include('has a lease');
    watch.seen.delete(ann);
    watch.voidSince = watch.nowMs;
    expect(watch.dueWithin(60_000), 'after a lease').to.equal(undefined);
  });

  it('takes no such word as one that holds nothing, comes, goes, or goes over to another history', () => {
    const told = (change: (watch: Watch) => void) => {
      const watch = new Watch({ members: [ann, bob, cid], voters: [ann, bob, cid] });
      change(watch);
      return watch.watch.goOnAlone(watch.view);
    };
    expect(told(() => {})).to.equal(undefined);
    const lite = ({ table }: Watch) => {
      table.apply({ type: 'remove', id: bob });
      table.join(bob, { data: false });
      table.status(bob, 'up');
    };
    expect(told(lite)).to.include('holds no data');
    expect(told(({ table }) => table.status(bob, 'leaving'))).to.include('is leaving');
    const yields = { to: 'c2', index: 1 } as never;
    expect(told(({ table }) => Object.assign(table.machine, { yields }))).to.include('going over');
  });

  it('is never so with a lease, or as the voter that decides', () => {
    const leased = new Watch();
    leased.voidSince = undefined;
    expect(leased.dueWithin(60_000)).to.equal(undefined);
    expect(new Watch({}, ann).dueWithin(60_000)).to.equal(undefined);
  });

  it('waits anew after everything that is heard of a voter', () => {
    const watch = new Watch();
    for (let times = 0; times < 5; times++) {
      expect(watch.dueWithin(forkAfterMs - tickMs)).to.equal(undefined);
      watch.watch.heard(ann, watch.nowMs);
    }
    expect(watch.dueWithin(60_000)).to.be.within(forkAfterMs, forkAfterMs + 2 * tickMs);
  });

  it('is so for voters that hear each other, and are too few to decide', () => {
    const members = [ann, bob, cid, dan, eve];
    const watchWhile = (untilMs: number, ...heard: readonly MemberId[]) => {
      const watch = new Watch({ members, voters: members, splitBrain: 'availability' });
      for (; watch.nowMs < untilMs && !watch.tick(); watch.nowMs += tickMs) {
        for (const id of heard) watch.watch.heard(id, watch.nowMs);
      }
      watch.dueWithin(60_000);
      return watch.nowMs;
    };
    const untilMs = 30_000;
    expect(watchWhile(untilMs, dan), 'two of five').to.be.at.most(forkAfterMs + 2 * tickMs);
    const [three, older] = [watchWhile(untilMs, dan, eve), watchWhile(untilMs, ann)];
    expect(three, 'three of five').to.be.at.least(untilMs + forkAfterMs);
    expect(older, 'one that is to do it before').to.be.at.least(untilMs + forkAfterMs);
  });

  it('waits to be taken in where another has gone on already, but not for ever', () => {
    const dueAt = (isHeardOf: boolean) => {
      const two = new Watch();
      for (let at = 0; at < 60_000; at += tickMs) {
        if (isHeardOf) two.watch.heardOfOther(two.nowMs);
        if (two.dueWithin(tickMs) !== undefined) return two.nowMs;
      }
      return undefined;
    };
    expect(dueAt(false)).to.be.within(forkAfterMs, forkAfterMs + 2 * tickMs);
    expect(dueAt(true)).to.be.within(forkAfterMs + 5_000, forkAfterMs + 30_000);
  });

  it('is not so while anybody sees the voter', () => {
    const watch = new Watch();
    watch.seen.add(ann);
    expect(watch.dueWithin(60_000)).to.equal(undefined);
    watch.seen.delete(ann);
    expect(watch.dueWithin(60_000)).to.be.at.most(2 * tickMs);
  });

  it('waits anew after a pause of its own, told or seen by its own ticks', () => {
    const told = new Watch();
    told.dueWithin(forkAfterMs - tickMs);
    told.tick(2_000);
    expect(told.dueWithin(60_000)).to.be.within(forkAfterMs, forkAfterMs + 2 * tickMs);
    const seen = new Watch();
    seen.nowMs += 10 * forkAfterMs;
    expect(seen.tick()).to.equal(false);
    expect(seen.dueWithin(60_000)).to.be.within(forkAfterMs, forkAfterMs + 2 * tickMs);
  });

  it('needs two ticks, so that what came in between is read', () => {
    const watch = new Watch();
    expect(watch.dueWithin(forkAfterMs)).to.equal(undefined);
    watch.watch.heard(ann, watch.nowMs);
    expect(watch.dueWithin(60_000)).to.equal(forkAfterMs + tickMs);
  });

  it('comes soon where it is proven that the voter is gone for good', () => {
    const watch = new Watch();
    watch.goneForGood.add(ann);
    const waitMs = leaseMs + leaseMarginMs;
    expect(watch.dueWithin(60_000)).to.be.within(waitMs, waitMs + 2 * tickMs);
  });

  it('is for one of several survivors: the oldest voter that is seen, else the oldest of the others', () => {
    const five = { members: [ann, bob, cid, dan, eve], splitBrain: 'availability' } as const;
    const isDueAt = (self: MemberId, voters: readonly MemberId[], ...seen: readonly MemberId[]) => {
      const watch = new Watch({ ...five, voters }, self);
      for (const id of seen) watch.seen.add(id);
      return watch.dueWithin(60_000) !== undefined;
    };
    const voters = [ann, cid, dan];
    expect(isDueAt(dan, voters, bob, eve), 'the voter among others').to.equal(true);
    expect(isDueAt(bob, voters, dan, eve), 'an older one without a vote').to.equal(false);
    expect(isDueAt(bob, voters, eve), 'where no voter is seen').to.equal(true);
    expect(isDueAt(eve, voters, bob), 'a younger one').to.equal(false);
    expect(isDueAt(dan, voters, cid), 'where they are the majority').to.equal(false);
  });

  it('is not for one that leaves or has only begun to join, nor for one without partitions', () => {
    const leaving = new Watch();
    leaving.table.status(bob, 'leaving');
    expect(leaving.dueWithin(60_000)).to.equal(undefined);
    const joining = new Watch({ members: [ann] });
    const member = {
      id: bob,
      name: 'bob',
      address: 'b:1',
      zone: '',
      data: true,
      weight: 1,
      protocol: 1,
      protocolMin: 1,
      formerly: [],
    };
    joining.table.apply({ type: 'join', member, settings: joining.table.settings });
    expect(joining.dueWithin(60_000)).to.equal(undefined);
    const lite = new Watch({ members: [ann] });
    lite.table.join(bob, { data: false });
    expect(lite.dueWithin(60_000)).to.equal(undefined);
  });
});
