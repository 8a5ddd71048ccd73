import { expect } from 'chai';
import type { MemberId } from '../../src/base/ids.ts';
import { type Random, seededRandom } from '../../src/base/random.ts';
import { decodeState, encodeState } from '../../src/partition/meta-codec.ts';
import { MetaMachine } from '../../src/partition/meta-machine.ts';
import { isServing, type PartitionRow } from '../../src/partition/meta-state.ts';
import { ann, bob, cid, dan, eve, newMember, settings, Table } from './table.ts';

describe('the meta state machine', () => {
  describe('forming and joining', () => {
    it('is formed once', () => {
      const table = new Table();
      expect(table.apply({ type: 'form', clusterId: 'c2', settings, protocol: 1 })).to.include(
        'already',
      );
      expect(table.machine.clusterId).to.equal('c1');
    });

    it('takes no other command before it is formed', () => {
      const machine = new MetaMachine();
      expect(machine.apply(1, { type: 'accept-loss' }).refusal).to.include('not been formed');
    });

    it('refuses a joiner with another number of partitions, naming both', () => {
      const table = new Table();
      const member = newMember(dan);
      const other = { ...table.settings, partitions: 9 };
      const refusal = table.apply({ type: 'join', member, settings: other });
      expect(refusal).to.include('3').and.to.include('9');
      expect(table.machine.members.has(dan)).to.equal(false);
    });

    it('lets the same joiner in twice without a difference', () => {
      const table = new Table();
      const before = table.machine.members.get(ann);
      expect(table.join(ann)).to.equal('');
      expect(table.machine.members.get(ann)?.joinedAt).to.equal(before?.joinedAt);
    });

    it('removes whoever had the address of a newcomer: its process is gone', () => {
      const table = new Table();
      table.join(dan, { address: `${bob}:7000` });
      expect([...table.machine.members.keys()]).to.deep.equal([ann, cid, dan]);
    });

    it('notes when a member began to serve, and notes it anew when it comes back', () => {
      const table = new Table();
      const first = table.machine.members.get(bob)?.servingSince ?? 0;
      table.status(bob, 'up');
      expect(table.machine.members.get(bob)?.servingSince).to.equal(first);
      table.status(bob, 'suspended');
      table.status(bob, 'up');
      expect(table.machine.members.get(bob)?.servingSince).to.equal(table.log.length);
    });

    it('notes it of one, too, that was suspended and says that it leaves', () => {
      const table = new Table();
      const first = table.machine.members.get(bob)?.servingSince ?? 0;
      table.status(bob, 'leaving');
      expect(table.machine.members.get(bob)?.servingSince, 'who goes on serving').to.equal(first);
      table.status(bob, 'suspended');
      table.status(bob, 'leaving');
      expect(table.machine.members.get(bob)?.servingSince).to.equal(table.log.length);
    });

    it('remembers the latest grid time at which a member began to serve, in snapshots too', () => {
      const table = new Table();
      for (const gridTime of [500, 400]) {
        table.apply({ type: 'status', id: bob, status: 'up', gridTime });
      }
      table.status(bob, 'suspended');
      expect(table.machine.gridTime).to.equal(500);
      const copy = new MetaMachine();
      copy.load(decodeState(encodeState(table.machine)));
      expect(copy.gridTime).to.equal(500);
    });

    it('keeps one that leaves from being made one that stays', () => {
      const table = new Table();
      table.status(bob, 'leaving');
      table.status(bob, 'up');
      expect(table.machine.members.get(bob)?.status).to.equal('leaving');
    });
  });

  describe('defining and destroying', () => {
    it('bears every partition of a group with all its copies in sync, and spreads primaries', () => {
      const { rows } = new Table();
      for (const row of rows) {
        expect(row).to.include({ term: 1, generation: 1, primary: row.inSync[0] });
        expect(new Set(row.inSync).size).to.equal(2);
        expect(row.born).to.deep.equal(row.inSync);
      }
      expect(new Set(rows.map(({ primary }) => primary)).size).to.equal(3);
    });

    it('gives the same name the same structure, and a group only once', () => {
      const table = new Table();
      const { version } = table.row();
      expect(table.define('accounts')).to.equal(table.define('accounts'));
      table.define('others');
      expect(table.row().version).to.equal(version);
    });

    it('makes a group of its own for each number of backups', () => {
      const table = new Table();
      table.define('cache', 0);
      expect(table.machine.groups[0]?.every(({ inSync }) => inSync.length === 1)).to.equal(true);
      expect(table.machine.groups[2]).to.equal(undefined);
      const refusal = table.apply({
        type: 'define',
        structure: 'map',
        name: 'x',
        backups: 4,
        options: {},
      });
      expect(refusal).to.include('0 to 3');
    });

    it('gives the name of a destroyed structure another id, so that ops on the old one are known', () => {
      const table = new Table();
      const id = table.define('accounts');
      table.apply({ type: 'destroy', id });
      expect(table.machine.structures.has(id)).to.equal(false);
      expect(table.define('accounts')).to.be.greaterThan(id);
    });

    it('bears what nobody could hold once somebody can, in place of calling it lost', () => {
      const table = new Table({ members: [] });
      expect(table.row()).to.include({ primary: undefined, generation: 0 });
      table.join(ann);
      expect(table.row()).to.include({ primary: ann, generation: 1 });
    });
  });

  describe('an alteration', () => {
    it('of the present primary at the present version changes the in-sync set', () => {
      const table = new Table();
      table.alter([ann]);
      expect(table.row()).to.deep.include({ inSync: [ann], term: 1, version: 2, primary: ann });
    });

    it('at another version changes nothing', () => {
      const table = new Table();
      table.assign(cid);
      table.alter([ann], 0, 1);
      expect(table.row()).to.deep.include({ inSync: [ann, bob], version: 2 });
    });

    it('that is not allowed raises the version all the same, so a duplicate of it cannot win later', () => {
      const table = new Table();
      table.alter([ann, bob, cid]);
      expect(table.row()).to.deep.include({ inSync: [ann, bob], version: 2 });
      table.assign(cid);
      table.alter([ann, bob, cid], 0, 1);
      expect(table.row().inSync).to.deep.equal([ann, bob]);
    });

    it('adds the learner only, and only while it serves', () => {
      const table = new Table();
      table.assign(cid);
      table.status(cid, 'suspended');
      table.alter([ann, bob, cid]);
      expect(table.row().inSync).to.deep.equal([ann, bob]);
      table.status(cid, 'up');
      table.alter([ann, bob, cid]);
      expect(table.row()).to.deep.include({ inSync: [ann, bob, cid], learner: undefined });
    });

    it('of a suspended primary changes nothing', () => {
      const table = new Table();
      table.status(bob, 'suspended');
      table.status(ann, 'suspended');
      const { version } = table.row();
      table.alter([ann]);
      expect(table.row()).to.deep.include({ inSync: [ann, bob], version });
    });

    it('of somebody who is not the primary changes nothing', () => {
      const table = new Table();
      const { term, version } = table.row();
      const change = { partition: table.id(0), from: bob, term, version, inSync: [bob] };
      table.apply({ type: 'alter', changes: [change] });
      expect(table.row()).to.deep.include({ inSync: [ann, bob], version });
    });

    it('never takes the primary out', () => {
      const table = new Table();
      table.alter([bob]);
      expect(table.row().inSync).to.deep.equal([ann, bob]);
    });

    it('lets who retires go when the learner is in sync, and then it retires no more', () => {
      const table = new Table();
      table.assign(cid, undefined, 0, bob);
      expect(table.row()).to.include({ learner: cid, retiring: bob });
      table.alter([ann, bob, cid]);
      expect(table.row()).to.include({ learner: undefined, retiring: bob });
      table.alter([ann, cid]);
      expect(table.row()).to.deep.include({ inSync: [ann, cid], retiring: undefined });
    });

    it('keeps who retires while fewer than are wanted would serve without it', () => {
      const table = new Table();
      table.assign(cid, undefined, 0, bob);
      table.alter([ann]);
      expect(table.row()).to.deep.include({ inSync: [ann, bob], retiring: bob });
      table.alter([ann, bob, cid]);
      table.status(cid, 'suspended');
      table.alter([ann, cid]);
      expect(table.row()).to.deep.include({ inSync: [ann, bob, cid], retiring: bob });
      table.status(bob, 'suspended');
      table.alter([ann, cid]);
      expect(table.row().inSync, 'one that is gone retires at once').to.deep.equal([ann, cid]);
    });

    it('to the same set gives the learner up, and keeps who was to retire', () => {
      const table = new Table();
      table.assign(cid, undefined, 0, bob);
      table.alter([ann, bob]);
      expect(table.row()).to.deep.include({
        inSync: [ann, bob],
        learner: undefined,
        retiring: undefined,
      });
    });

    it('takes whom it prunes from those that began with the content', () => {
      const table = new Table();
      table.alter([ann]);
      table.assign(bob);
      table.alter([ann, bob]);
      expect(table.row()).to.deep.include({ inSync: [ann, bob], born: [ann] });
    });
  });

  describe('appointing', () => {
    it('gives the partitions of a suspended primary to a copy in sync, at a higher term', () => {
      const table = new Table();
      table.status(ann, 'suspended');
      expect(table.row()).to.deep.include({ primary: bob, term: 2, inSync: [ann, bob] });
    });

    it('leaves the primary of a partition without another serving copy, for it may come back', () => {
      const table = new Table();
      table.status(bob, 'suspended');
      table.status(ann, 'suspended');
      expect(table.row()).to.include({ primary: ann, term: 1 });
      table.status(bob, 'up');
      expect(table.row()).to.include({ primary: bob, term: 2 });
    });

    it('appoints one that retires only where nobody else serves', () => {
      const table = new Table();
      table.assign(cid, undefined, 0, bob);
      table.alter([ann, bob, cid]);
      table.status(ann, 'suspended');
      expect(table.row().primary).to.equal(cid);
      table.status(cid, 'suspended');
      expect(table.row().primary).to.equal(bob);
    });

    it('appoints nobody outside the in-sync set', () => {
      const table = new Table();
      table.alter([ann]);
      table.status(ann, 'suspended');
      expect(table.row().primary).to.equal(ann);
    });

    it('hands over to a copy in sync that is up, at a higher term', () => {
      const table = new Table();
      table.assign(undefined, bob);
      expect(table.handover(bob)).to.equal('');
      expect(table.row()).to.include({ primary: bob, term: 2, transferTo: undefined });
    });

    it('refuses a handover at an old version, or to one that is not up', () => {
      const table = new Table();
      table.assign(undefined, bob);
      expect(table.handover(bob, 0, 1)).to.not.equal('');
      table.status(bob, 'suspended');
      table.handover(bob);
      expect(table.row()).to.include({ primary: ann, term: 1 });
    });
  });

  describe('losing', () => {
    function lost(onPartitionLost: 'fail' | 'recreate') {
      const table = new Table({ onPartitionLost });
      table.apply({ type: 'remove', id: ann });
      table.apply({ type: 'remove', id: bob });
      return table;
    }

    it('says that a partition is lost when every copy is removed', () => {
      const row = lost('fail').row();
      expect(row).to.deep.include({ primary: undefined, inSync: [], generation: 1 });
      expect(lost('fail').row(1).primary, 'another partition').to.equal(cid);
    });

    it('bears it anew, in the next generation, when the loss is accepted', () => {
      const table = lost('fail');
      const { term } = table.row();
      table.apply({ type: 'accept-loss' });
      const row = table.row();
      expect(row).to.deep.include({ primary: cid, inSync: [cid], generation: 2, term: term + 1 });
      expect(table.row(1).generation, 'one that was not lost').to.equal(1);
    });

    it('bears it anew at once where the cluster was formed to do so', () => {
      expect(lost('recreate').row()).to.include({ primary: cid, generation: 2 });
    });

    it('clears a removed learner and a removed target', () => {
      const table = new Table();
      table.assign(cid, bob);
      table.apply({ type: 'remove', id: cid });
      expect(table.row()).to.include({ learner: undefined, transferTo: bob });
      table.apply({ type: 'remove', id: bob });
      expect(table.row()).to.include({ transferTo: undefined });
      expect(table.row().inSync, 'pruned by its primary only').to.deep.equal([ann, bob]);
    });
  });

  const all: readonly MemberId[] = [ann, bob, cid, dan, eve];

  /** One command out of six kinds, allowed or not. */
  function disturb(table: Table, random: Random): void {
    const index = random.below(3);
    const id = random.pick(all);
    const acts = [
      () => table.status(id, random.pick(['up', 'suspended', 'leaving'] as const)),
      () => table.apply({ type: 'remove', id }),
      () => table.join(id, { address: random.pick(all) }),
      () => table.assign(id, random.pick([undefined, id]), index),
      () => table.apply({ type: 'accept-loss' }),
      () => table.alter(random.shuffle(all).slice(0, 1 + random.below(3)), index),
    ];
    const act = random.below(table.row(index).primary === undefined ? 5 : 6);
    acts[act]?.();
  }

  /** Whether the primary is as appointing would have it. */
  function isAppointed({ machine }: Table, { primary, inSync, generation }: PartitionRow): boolean {
    const serves = (id: MemberId | undefined) =>
      id !== undefined && isServing(machine.members.get(id));
    if (inSync.some(serves)) return serves(primary);
    const isLost = inSync.every((id) => !machine.members.has(id));
    return !isLost || (primary === undefined && inSync.length === 0) || generation === 0;
  }

  it('leaves no partition without a primary that could have one, after any command', () => {
    let appointed = 0;
    for (let seed = 1; seed <= 100; seed++) {
      const random = seededRandom(seed);
      const table = new Table({ members: all });
      for (let step = 0; step < 60; step++) {
        const terms = table.rows.map(({ term }) => term);
        disturb(table, random);
        const what = `seed ${seed}, ${JSON.stringify(table.log.at(-1))}`;
        for (const row of table.rows) expect(isAppointed(table, row), what).to.equal(true);
        appointed += table.rows.filter(({ term }, index) => term > (terms[index] ?? 0)).length;
      }
    }
    expect(appointed).to.be.above(200);
  });

  it('gives equal bytes for equal commands, before and after a snapshot', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const random = seededRandom(seed);
      const table = new Table({ members: all });
      for (let step = 0; step < 60; step++) disturb(table, random);
      const again = new MetaMachine();
      for (const [at, command] of table.log.entries()) {
        if (at === 40) again.load(decodeState(encodeState(again)));
        again.apply(at + 1, command);
      }
      expect(encodeState(again), `seed ${seed}`).to.deep.equal(encodeState(table.machine));
    }
  });

  it('does not bring a dead process back by a late duplicate of its joining', () => {
    const table = new Table({ members: [ann, bob] });
    const address = 'one:7000';
    table.join(cid, { address });
    table.join(dan, { address });
    expect(table.join(cid, { address })).to.include('removed');
    expect([...table.machine.members.keys()]).to.deep.equal([ann, bob, dan]);
  });
});
