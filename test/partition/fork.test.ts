import { expect } from 'chai';
import type { PartitionId } from '../../src/base/ids.ts';
import { forkedState, highestRank } from '../../src/partition/fork.ts';
import { decodeState, encodeState } from '../../src/partition/meta-codec.ts';
import { MetaMachine } from '../../src/partition/meta-machine.ts';
import { liftOf, rowOf } from '../../src/partition/meta-state.ts';
import { ann, bob, dan, eve, Table } from './table.ts';

const heir = {
  id: dan,
  name: 'bob',
  address: 'bob#2:7000',
  zone: '',
  data: true,
  weight: 1,
  protocol: 1,
  protocolMin: 1,
  formerly: [],
};

/** Bob goes on as dan, with what he holds, as far as `held` says. */
function fork(table: Table, held: (partition: PartitionId) => number | undefined = () => 77) {
  const state = forkedState(table.machine, { id: 'c2', from: bob, to: heir, held });
  const machine = new MetaMachine();
  // As it travels to those who join later.
  machine.load(decodeState(encodeState(state)));
  return machine;
}

describe('the table of a fork', () => {
  it('holds the survivor alone, under its new identity', () => {
    const table = new Table({ members: [ann, bob] });
    const machine = fork(table);
    expect([...machine.members.keys()]).to.deep.equal([dan]);
    expect(machine.applied).to.equal(table.machine.applied);
    for (const [index, before] of table.rows.entries()) {
      const row = rowOf(machine, table.id(index));
      expect(row?.primary).to.equal(dan);
      expect(row?.inSync).to.deep.equal([dan]);
      expect(row?.term).to.be.greaterThan(before.term);
      expect(row?.version).to.be.greaterThan(before.version);
    }
  });

  it('takes nobody of the old table in again', () => {
    const table = new Table({ members: [ann, bob] });
    const machine = fork(table);
    for (const id of [ann, bob]) {
      const member = {
        id,
        name: id,
        address: `${id}:1`,
        zone: '',
        data: true,
        weight: 1,
        protocol: 1,
        protocolMin: 1,
        formerly: [],
      };
      const command = { type: 'join', member, settings: table.settings } as const;
      expect(machine.apply(machine.applied + 1, command).refusal).to.include('was removed');
    }
  });

  it('ranks above everything that was known', () => {
    const table = new Table({ members: [ann], onPartitionLost: 'recreate' });
    table.apply({ type: 'remove', id: ann });
    table.join(eve);
    table.join(bob);
    table.assign(bob, undefined, 0);
    table.alter([eve, bob], 0);
    const highest = highestRank(table.machine);
    expect(highest).to.be.greaterThan(1);
    const row = rowOf(fork(table), table.id(0));
    expect([row?.rank, row?.generation]).to.deep.equal([highest + 1, highest + 1]);
    expect(row && liftOf(row)).to.equal(0);
  });

  it('notes with what each partition went on', () => {
    const table = new Table({ members: [ann, bob] });
    const machine = fork(table, (partition) => 100 + partition);
    const { id, ancestors, branches } = machine.lineage;
    expect([id, ...ancestors]).to.deep.equal(['c2', 'c1']);
    const left = table.rows.map((_, index) => branches[0]?.left[table.id(index)]);
    expect(left).to.deep.equal(table.rows.map((_, index) => 100 + table.id(index)));
    expect(branches[0]?.left[0], 'a group that is not there').to.equal(0);
  });

  it('loses what the survivor did not hold in sync, or not wholly', () => {
    const table = new Table({ members: [ann, bob] });
    table.alter([ann], 0);
    const machine = fork(table, (partition) => (partition === table.id(1) ? undefined : 5));
    const primaries = table.rows.map((_, index) => rowOf(machine, table.id(index))?.primary);
    expect(primaries).to.deep.equal([undefined, undefined, dan]);
    machine.apply(machine.applied + 1, { type: 'status', id: dan, status: 'up' });
    expect(rowOf(machine, table.id(0))?.primary, 'until it is accepted').to.equal(undefined);
    machine.apply(machine.applied + 1, { type: 'accept-loss' });
    const row = rowOf(machine, table.id(0));
    expect([row?.primary, row?.born]).to.deep.equal([dan, [dan]]);
    expect(row?.rank).to.be.greaterThan(table.row(0).rank);
  });

  it('lets what is lost begin anew by the first command, where that is wanted', () => {
    const table = new Table({ members: [ann, bob], onPartitionLost: 'recreate' });
    table.alter([ann], 0);
    const machine = fork(table);
    machine.apply(machine.applied + 1, { type: 'status', id: dan, status: 'up' });
    expect(rowOf(machine, table.id(0))?.born).to.deep.equal([dan]);
  });
});
