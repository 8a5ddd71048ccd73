import { expect } from 'chai';
import type { PartitionId } from '../../src/base/ids.ts';
import { CommonHistory } from '../../src/member/common-history.ts';
import type { Content } from '../../src/partition/content.ts';
import { firstLineage, forkedLineage, type Lineage } from '../../src/partition/lineage.ts';
import { generationSpan } from '../../src/partition/meta-state.ts';
import { bob, Table } from '../partition/table.ts';

const first = firstLineage('c1');
const left = generationSpan + 90;
const fork = (id: string, rank: number, ...taken: readonly number[]) =>
  forkedLineage(first, { id, rank, left: taken });

/** The table of a lineage, all of whose contents are of one birth. */
function tableOf(lineage: Lineage, generation = lineage.branches.at(-1)?.rank ?? 1): Table {
  const table = new Table({ backups: 0 });
  table.machine.lineage = lineage;
  for (const rows of table.machine.groups) {
    const born = rows?.map((row) => ({ ...row, generation, rank: generation })) ?? [];
    rows?.splice(0, born.length, ...born);
  }
  return table;
}

/** How a partition of a lineage that ended stands to the winner's. */
function historyOf(winner: Lineage, ended: Lineage, version = 0, generation?: number) {
  const [mine, theirs] = [tableOf(winner, generation), tableOf(ended)];
  const partition = 0 as PartitionId;
  const row = theirs.row(0);
  const [structure] = theirs.machine.structures.values();
  if (structure === undefined) throw new Error('no structure');
  const history = new CommonHistory(mine.machine, theirs.machine);
  const estate = { content: undefined as unknown as Content, row, version, untold: [] };
  const { backups } = structure;
  return {
    ...history.since(partition, estate, backups, structure),
    isChanged: history.isChanged(partition, estate),
  };
}

describe('what two lineages have in common', () => {
  it('ends where one of them went on alone, and what that had told nobody of is not its own', () => {
    const forked = fork('c2', 2, left);
    expect(historyOf(first, forked)).to.include({ version: left, after: 2 * generationSpan });
    expect(historyOf(forked, first)).to.include({ version: 2 * generationSpan, after: left });
  });

  it('is not all that a fork had told nobody of, where it took along more than the other', () => {
    const [less, more] = [fork('c2', 2, left), fork('c3', 2, left + 9)];
    expect(historyOf(less, more)).to.include({ version: 2 * generationSpan, after: left });
    expect(historyOf(more, less)).to.include({ version: left, after: 2 * generationSpan });
  });

  it('is nothing of a partition that the one that stays has lost since, so that all is brought', () => {
    const forked = fork('c2', 2, left);
    const all = { version: 0, after: 0, lostUpTo: left, isComplete: false, isChanged: true };
    expect(historyOf(first, forked, left, 4)).to.include(all);
    expect(historyOf(forked, first, left, 4)).to.include(all);
    const still = { lostUpTo: 0, isChanged: false };
    expect(historyOf(first, forked, left), 'where it has it still').to.include(still);
  });

  it('is nothing of a partition that a fork did not take along, or that began there', () => {
    const forked = fork('c2', 2);
    const began = generationSpan + 1;
    expect(historyOf(first, forked, began)).to.include({ version: 0, after: 0, isChanged: true });
    expect(historyOf(forked, first, began)).to.include({ version: 0, after: 0, isChanged: true });
  });

  it('is all that another member of the same lineage has brought of a partition', () => {
    const forked = fork('c2', 2, left);
    const [winner, ended] = [tableOf(first), tableOf(forked)];
    const partition = 0 as PartitionId;
    winner.apply({
      type: 'absorb',
      lineage: 'c2',
      merged: [],
      isWhole: true,
      rank: 2,
      contributors: [bob],
    });
    const brought = { report: [], brought: [partition], upTo: [2 * generationSpan + 9] };
    winner.apply({ type: 'merged', lineage: 'c2', contributor: bob, isWhole: true, ...brought });
    const history = new CommonHistory(winner.machine, ended.machine);
    const isChanged = [9, 10].map((more) =>
      history.isChanged(partition, { version: 2 * generationSpan + more }),
    );
    expect(isChanged).to.deep.equal([false, true]);
  });
});
