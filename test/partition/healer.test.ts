import { expect } from 'chai';
import type { MemberId } from '../../src/base/ids.ts';
import { seededRandom } from '../../src/base/random.ts';
import { presets } from '../../src/base/timings.ts';
import { Healer, type HealMessage } from '../../src/partition/healer.ts';
import { noLineage } from '../../src/partition/lineage.ts';
import type { Command } from '../../src/partition/meta-state.ts';
import { ann, bob, cid, dan, eve, Table } from './table.ts';

const { electionMaxMs, removeAfterMs } = presets.lan;

/** The speaker of one lineage, and what it does. */
class Side {
  readonly table: Table;
  readonly healer: Healer;
  readonly self: MemberId;
  isLeader = true;
  isOrphan = false;
  strangers: readonly MemberId[] = [];
  readonly sent: { readonly to: MemberId; readonly message: HealMessage }[] = [];
  readonly apart: string[] = [];
  /** Where it goes. */
  ended: string | undefined;
  /** Whether what it proposes is committed. */
  commits = true;

  constructor(self: MemberId, members: readonly MemberId[], clusterId = 'c1') {
    this.self = self;
    this.table = new Table({ members });
    this.table.machine.lineage = { ...noLineage, id: clusterId };
    this.healer = new Healer(self, presets.lan, seededRandom(1));
  }

  get #view() {
    const { isLeader, isOrphan } = this;
    return {
      state: this.table.machine,
      leader: isLeader ? this.self : undefined,
      isLeader,
      isOrphan,
      strangers: () => this.strangers,
      isContributor: () => true,
    };
  }

  get #actions() {
    const propose = (command: Command) => void (this.commits && this.table.apply(command));
    return {
      send: (to: MemberId, message: HealMessage) => void this.sent.push({ to, message }),
      absorb: propose,
      missing: propose,
      end: ({ to }: { readonly to: string }) => {
        this.ended = to;
      },
      apart: (lineage: string) => void this.apart.push(lineage),
    };
  }

  tick(nowMs: number): void {
    this.healer.tick(this.#view, nowMs, this.#actions);
  }

  hear(from: MemberId, message: HealMessage, nowMs: number): void {
    switch (message.kind) {
      case 'meta.standing':
        this.healer.met(message, this.#view, nowMs, this.#actions);
        break;
      case 'meta.yield':
        this.healer.askedBy(from, message, this.#view, nowMs, this.#actions);
        break;
      case 'meta.welcome':
        this.healer.welcomed(message, this.#view, this.#actions);
    }
  }
}

/** Lets two sides talk for so long; messages of a kind may be lost. */
function talk(one: Side, other: Side, ms: number, lost: readonly HealMessage['kind'][] = []): void {
  one.strangers = [other.self];
  other.strangers = [one.self];
  for (let nowMs = 0; nowMs < ms; nowMs += 50) {
    for (const [side, to] of [
      [one, other],
      [other, one],
    ] as const) {
      side.tick(nowMs);
      for (const { message } of side.sent.splice(0)) {
        if (!lost.includes(message.kind)) to.hear(side.self, message, nowMs);
      }
    }
  }
}

/** The older of one member, and a fork of another. */
function pair() {
  const older = new Side(ann, [ann]);
  const fork = new Side(bob, [bob]);
  fork.table.machine.lineage = { ...noLineage, id: 'c2', ancestors: ['c1'] };
  return { older, fork };
}

describe('the healing of lineages', () => {
  it('ends the one that loses, once the other has taken it in', () => {
    const { older, fork } = pair();
    talk(older, fork, 5 * electionMaxMs);
    expect([older.ended, fork.ended]).to.deep.equal([undefined, 'c1']);
    const { merges, lineage } = older.table.machine;
    expect(lineage.merged).to.deep.equal(['c2']);
    expect(merges.map(({ open }) => open)).to.deep.equal([[bob]]);
  });

  it('ends the one that loses also where that has not missed yet who began the other', () => {
    const { older, fork } = pair();
    const branches = [{ id: 'c1', survivor: bob, rank: 1, left: [] }];
    older.table.machine.lineage = { ...older.table.machine.lineage, branches };
    talk(older, fork, 5 * electionMaxMs);
    expect(fork.ended).to.equal('c1');
    expect(older.table.machine.merges.map(({ open }) => open)).to.deep.equal([[]]);
  });

  it('ends nobody before the winner has committed that', () => {
    const { older, fork } = pair();
    older.commits = false;
    talk(older, fork, 30 * electionMaxMs);
    expect([older.ended, fork.ended]).to.deep.equal([undefined, undefined]);
  });

  it('ends nobody where the welcome is lost', () => {
    const { older, fork } = pair();
    talk(older, fork, 5 * electionMaxMs, ['meta.welcome']);
    expect([older.ended, fork.ended]).to.deep.equal([undefined, undefined]);
    expect(older.table.machine.merges).to.have.length(1);
  });

  it('takes nobody in while it asks itself to be taken in', () => {
    const { older, fork } = pair();
    const third = new Side(cid, [cid, dan]);
    third.table.machine.lineage = { ...noLineage, id: 'c3', ancestors: ['c1'] };
    third.commits = false;
    talk(older, third, 2 * electionMaxMs);
    talk(older, fork, electionMaxMs);
    expect(older.table.machine.merges).to.have.length(0);
    expect(fork.ended).to.equal(undefined);
  });

  it('asks for nothing while others bring what they have, but waits no longer than a minute', () => {
    const endedWithin = (ms: number) => {
      const { older, fork } = pair();
      const taken = { type: 'absorb', lineage: 'c7', merged: [], isWhole: true, rank: 1 } as const;
      fork.table.apply({ ...taken, contributors: [cid] });
      fork.table.join(eve, { formerly: [cid] });
      older.table.join(dan);
      talk(older, fork, ms);
      return fork.ended;
    };
    expect(endedWithin(removeAfterMs)).to.equal(undefined);
    expect(endedWithin(removeAfterMs + 5 * electionMaxMs)).to.equal('c1');
  });

  it('raises all ranks of the winner above those of both', () => {
    const { older, fork } = pair();
    const before = Math.max(...older.table.rows.map(({ rank }) => rank));
    fork.table.apply({
      type: 'absorb',
      lineage: 'x',
      merged: [],
      isWhole: true,
      rank: 6,
      contributors: [],
    });
    talk(older, fork, 5 * electionMaxMs);
    expect(before).to.equal(1);
    for (const { rank, generation, version } of older.table.rows) {
      expect([rank, generation]).to.deep.equal([8, 1]);
      expect(version).to.be.above(1);
    }
  });

  it('is for the leader: others pass on what they are told', () => {
    const { older, fork } = pair();
    older.isLeader = false;
    fork.strangers = [ann];
    fork.tick(0);
    const [told] = fork.sent;
    if (told !== undefined) older.hear(bob, told.message, 0);
    expect(told?.message.kind).to.equal('meta.standing');
    expect(older.sent).to.deep.equal([]);
    expect(older.ended).to.equal(undefined);
  });

  it('takes one member along that nobody leads, and leaves the others of its lineage as they are', () => {
    const { older, fork } = pair();
    const orphan = new Side(dan, [ann, dan]);
    orphan.isLeader = false;
    orphan.isOrphan = true;
    talk(fork, orphan, 5 * electionMaxMs);
    expect(orphan.ended).to.equal('c2');
    const { merges, lineage } = fork.table.machine;
    expect(merges.map((merge) => [merge.lineage, merge.open])).to.deep.equal([['c1', [dan]]]);
    expect(lineage.merged, 'it may go on elsewhere').to.deep.equal([]);
    expect(older.ended).to.equal(undefined);
  });

  it('leaves clusters apart that were formed apart, and says so', () => {
    const one = new Side(ann, [ann], 'c1');
    const other = new Side(bob, [bob], 'd1');
    talk(one, other, 5 * electionMaxMs);
    expect([one.ended, other.ended]).to.deep.equal([undefined, undefined]);
    expect(one.apart).to.include('d1');
  });

  it('counts who does not bring what it had as missing, after a minute', () => {
    const { older, fork } = pair();
    talk(older, fork, 5 * electionMaxMs);
    for (let nowMs = 0; nowMs < removeAfterMs + 7_000; nowMs += 500) older.tick(nowMs);
    expect(older.table.machine.merges[0]).to.include({ missing: 1 });
    expect(older.table.machine.merges[0]?.open).to.deep.equal([]);
  });

  it('waits for who is here and is at it', () => {
    const { older, fork } = pair();
    talk(older, fork, 5 * electionMaxMs);
    older.table.join(cid, { formerly: [eve, bob] });
    for (let nowMs = 0; nowMs < 10 * removeAfterMs; nowMs += 500) older.tick(nowMs);
    expect(older.table.machine.merges[0]).to.include({ missing: 0 });
    const report = [{ type: 'map', name: 'accounts', kept: 3, discarded: 1 }];
    const merged = {
      type: 'merged',
      lineage: 'c2',
      contributor: bob,
      report,
      brought: [],
      parts: [],
      isLast: true,
      isWhole: true,
    } as const;
    older.table.apply(merged);
    older.table.apply(merged);
    expect(older.table.machine.merges[0]).to.deep.include({ open: [], missing: 0, report });
  });
});

describe('a lineage that has ended', () => {
  it('commits nothing any more', () => {
    const table = new Table();
    table.apply({ type: 'yield', to: 'c2', addresses: ['a:1'] });
    expect(table.apply({ type: 'accept-loss' })).to.include('merged into c2');
    expect(table.join(dan)).to.include('merged into c2');
    expect(table.machine.members.has(dan)).to.equal(false);
  });
});

describe('lost partitions', () => {
  it('come back for what a member of a merged lineage still has of them, and for nobody else', () => {
    const table = new Table({ members: [ann] });
    table.apply({ type: 'remove', id: ann });
    table.join(bob);
    const partitions = [table.id(0)];
    table.apply({ type: 'revive', lineage: 'c2', holder: ann, adoptions: [], partitions });
    expect(table.row(0).primary, 'without a merge').to.equal(undefined);
    const absorb = { type: 'absorb', lineage: 'c2', merged: [], isWhole: true, rank: 1 } as const;
    table.apply({ ...absorb, contributors: [cid] });
    table.apply({ type: 'revive', lineage: 'c2', holder: ann, adoptions: [], partitions });
    expect(table.row(0).primary).to.equal(bob);
    expect(table.row(1).primary, 'one that was not asked for').to.equal(undefined);
  });
});
