import { expect } from 'chai';
import type { PartitionId } from '../../src/base/ids.ts';
import {
  comesFrom,
  firstLineage,
  forkedLineage,
  type Lineage,
  lineOf,
} from '../../src/partition/lineage.ts';
import { partingOf } from '../../src/partition/parting.ts';

const first = firstLineage('c1');
const fork = (from: Lineage, id: string, rank: number, ...left: readonly number[]) =>
  forkedLineage(from, { id, rank, left });

/** `common of partition 0, of 1; ranks` */
function parting(mine: Lineage, theirs: Lineage): string {
  const [found, other] = [0, 1].map((at) => {
    const partition = at as PartitionId;
    return partingOf(lineOf(mine, partition), lineOf(theirs, partition));
  });
  if (found === undefined) return 'nothing in common';
  const ranks = `${found.mine?.rank ?? '-'} ${found.theirs?.rank ?? '-'}`;
  return `${found.commonUpTo},${other?.commonUpTo}; ${ranks}`;
}

describe('what two lineages have in common', () => {
  it('is what a fork took along from the lineage that it left', () => {
    const left = fork(first, 'c2', 2, 10, 20);
    expect(parting(first, left)).to.equal('10,20; - 2');
    expect(parting(left, first)).to.equal('10,20; 2 -');
  });

  it('is the shorter of what two forks of one lineage took along', () => {
    const one = fork(first, 'c2', 2, 10, 20);
    const other = fork(first, 'c3', 2, 15, 5);
    expect(parting(one, other)).to.equal('10,5; 2 2');
  });

  it('counts from the last ancestor, whatever forks came before and after', () => {
    const left = fork(first, 'c2', 2, 10, 20);
    const further = fork(fork(left, 'c3', 3, 30, 40), 'c4', 4, 50, 60);
    expect(parting(left, further)).to.equal('30,40; - 3');
    expect(parting(first, further)).to.equal('10,20; - 2');
    expect(parting(further, fork(left, 'c5', 3, 25, 45))).to.equal('25,40; 3 3');
  });

  it('is nothing of a partition that was not taken along, and of another cluster', () => {
    expect(parting(first, fork(first, 'c2', 2, 10))).to.equal('10,0; - 2');
    expect(parting(first, firstLineage('d1'))).to.equal('nothing in common');
  });

  it('is forgotten after many forks, and then nothing counts as common', () => {
    let line = first;
    for (let rank = 2; rank < 12; rank++) line = fork(line, `c${rank}`, rank, rank, rank);
    expect(parting(first, line)).to.equal('nothing in common');
    expect(parting(line, fork(line, 'c12', 12, 70, 80))).to.equal('70,80; - 12');
  });

  it('is told of by name to those who follow', () => {
    const left = fork(first, 'c2', 2, 10, 20);
    expect(comesFrom(left, 'c1')).to.equal(true);
    expect(comesFrom(first, 'c2')).to.equal(false);
    expect(comesFrom({ ...first, merged: ['c2'] }, 'c2')).to.equal(true);
  });
});
