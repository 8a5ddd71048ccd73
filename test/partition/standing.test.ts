import { expect } from 'chai';
import { judged, type Standing } from '../../src/partition/standing.ts';

const usual: Standing = {
  cluster: 'c1',
  lineage: 'c1',
  forks: 0,
  members: 1,
  partitions: 3,
  lost: 0,
  isEmpty: false,
  isLed: true,
};

/** What each of the two says; both have to agree, whatever they are. */
function verdict(mine: Partial<Standing>, theirs: Partial<Standing>): string {
  const [one, other] = [
    { ...usual, ...mine },
    { ...usual, ...theirs },
  ];
  const said = judged(one, other);
  const opposite = { 'mine-ends': 'theirs-ends', 'theirs-ends': 'mine-ends', apart: 'apart' };
  expect(judged(other, one), 'the other').to.equal(opposite[said]);
  return said;
}

describe('of two lineages that meet', () => {
  it('the one with fewer members ends', () => {
    expect(verdict({ members: 3, forks: 2, lineage: 'c9' }, { members: 2 })).to.equal(
      'theirs-ends',
    );
  });

  it('the one that has lost more partitions ends, however large it is', () => {
    expect(verdict({ lost: 2, members: 3 }, { forks: 1, lost: 1 })).to.equal('mine-ends');
  });

  it('the one with more forks ends, where they are equally many', () => {
    expect(verdict({}, { forks: 1, lineage: 'a' })).to.equal('theirs-ends');
  });

  it('the one with the larger id ends, where nothing else tells them apart', () => {
    const both = { forks: 1 };
    expect(verdict({ ...both, lineage: 'c3' }, { ...both, lineage: 'c2' })).to.equal('mine-ends');
  });

  it('the one that nobody leads ends, however large it is', () => {
    expect(verdict({ isLed: false, members: 9 }, { forks: 3, lineage: 'c2' })).to.equal(
      'mine-ends',
    );
  });

  it('both stay where they were formed apart and hold something', () => {
    expect(verdict({}, { cluster: 'd1', lineage: 'd1', members: 5 })).to.equal('apart');
    expect(verdict({ members: 5 }, { partitions: 7 }), 'other partitions').to.equal('apart');
  });

  it('the empty one ends where they were formed apart', () => {
    const empty = { cluster: 'd1', lineage: 'd1', isEmpty: true };
    expect(verdict({}, { ...empty, members: 5 })).to.equal('theirs-ends');
    expect(verdict({ isEmpty: true }, { ...empty, members: 5 }), 'both').to.equal('mine-ends');
  });
});
