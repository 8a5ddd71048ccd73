import { expect } from 'chai';
import type { MemberId } from '../../src/base/ids.ts';
import { plan } from '../../src/partition/placement.ts';
import { ann, bob, cid, dan, eve, Table } from './table.ts';

/** Plans and does what is planned, the primaries too, until nothing is planned any more. */
function level(table: Table, isCalm = true): number {
  let moves = 0;
  for (let turn = 0; turn < 500; turn++) {
    const changes = plan(table.machine, { slow: new Set(), isCalm, isOverdue: () => false });
    const handovers = table.rows.filter(({ transferTo }) => transferTo !== undefined).length;
    const isOver = changes.length === 0;
    if (isOver) return moves;
    table.apply({ type: 'assign', changes });
    expect(handovers, 'handovers at a time').to.be.at.most(8);
    moves += follow(table);
  }
  throw new Error('the plan has no end');
}

/** What primaries do: grow by the learner, prune the spare, hand over. */
function follow(table: Table): number {
  let moves = 0;
  for (const [index, row] of table.rows.entries()) {
    if (row.learner !== undefined) {
      expect(row.inSync, 'no second copy on one member').to.not.include(row.learner);
      table.alter([...row.inSync, row.learner], index);
      const gone = row.inSync.find((id) => table.machine.members.get(id)?.status !== 'up');
      const left = table.row(index).inSync.filter((id) => id !== gone);
      if (gone !== undefined && gone !== row.primary) table.alter(left, index);
      moves++;
    }
    const { transferTo } = table.row(index);
    if (transferTo !== undefined) table.handover(transferTo, index);
  }
  return moves;
}

function count(table: Table, of: 'copies' | 'primaries'): number[] {
  return [...table.machine.members.keys()].map((id: MemberId) =>
    table.rows.reduce((sum, { inSync, primary }) => {
      const holds = of === 'copies' ? inSync.includes(id) : primary === id;
      return sum + (holds ? 1 : 0);
    }, 0),
  );
}

const spread = (counts: readonly number[]) => Math.max(...counts) - Math.min(...counts);

describe('placement', () => {
  it('repairs what a crash took, on members that have no copy, the emptiest first', () => {
    const table = new Table({ members: [ann, bob, cid, dan], partitions: 16 });
    table.status(dan, 'suspended');
    table.apply({ type: 'remove', id: dan });
    for (const [index, row] of table.rows.entries()) {
      if (row.inSync.includes(dan))
        table.alter(
          row.inSync.filter((id) => id !== dan),
          index,
        );
    }
    expect(level(table)).to.be.greaterThan(0);
    expect(table.rows.every(({ inSync }) => new Set(inSync).size === 2)).to.equal(true);
    expect(spread(count(table, 'copies'))).to.be.at.most(2);
    expect(spread(count(table, 'primaries'))).to.be.at.most(1);
  });

  it('levels primaries within one, by handovers alone, and only in calm', () => {
    const table = new Table({ members: [ann, bob, cid], partitions: 15 });
    table.status(ann, 'suspended');
    table.status(ann, 'up');
    expect(count(table, 'primaries')[0]).to.equal(0);
    expect(level(table, false)).to.equal(0);
    expect(count(table, 'primaries')[0]).to.equal(0);
    level(table);
    expect(spread(count(table, 'primaries'))).to.be.at.most(1);
  });

  it('moves everything away from one that leaves, its primaries first, however restless it is', () => {
    const table = new Table({ members: [ann, bob, cid, dan], partitions: 8 });
    table.status(bob, 'leaving');
    level(table, false);
    expect(table.rows.some(({ primary }) => primary === bob)).to.equal(false);
    expect(
      table.rows.every(({ inSync }) => inSync.filter((id) => id !== bob).length === 2),
    ).to.equal(true);
  });

  it('plans nothing where everything is in its place', () => {
    const table = new Table({ members: [ann, bob, cid], partitions: 9 });
    level(table);
    expect(level(table)).to.equal(0);
  });

  it('waits with fewer copies than wanted where there are fewer members', () => {
    const table = new Table({ members: [ann], partitions: 3 });
    expect(level(table)).to.equal(0);
    table.join(bob);
    expect(level(table)).to.equal(3);
    expect(count(table, 'copies')).to.deep.equal([3, 3]);
  });

  it('takes a learner back that is no longer eligible, and names another', () => {
    const table = new Table({ members: [ann, bob, cid, dan, eve], partitions: 1 });
    table.alter([table.row().primary ?? ann]);
    const options = { slow: new Set<never>(), isCalm: true, isOverdue: () => false };
    const [first] = plan(table.machine, options);
    table.assign(first?.learner);
    table.status(first?.learner ?? ann, 'suspended');
    const [second] = plan(table.machine, options);
    expect(second?.learner).to.not.equal(first?.learner);
    expect(second?.learner).to.not.equal(undefined);
  });

  it('gives a handover up that goes on for too long', () => {
    const table = new Table();
    table.assign(undefined, bob);
    const changes = plan(table.machine, {
      slow: new Set(),
      isCalm: false,
      isOverdue: () => true,
    });
    expect(changes[0]).to.include({ transferTo: undefined, learner: undefined });
  });
});
