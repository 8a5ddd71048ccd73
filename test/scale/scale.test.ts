import { expect } from 'chai';
import { measureSwim, swimRow, swimTitles } from './swim-at-scale.ts';
import { measureTable, tableRow, tableTitles } from './table-at-scale.ts';

describe('the measurements of many members', function () {
  this.timeout(30_000);

  it('see a join, what it cost, and more of it where there are more partitions', () => {
    const few = measureTable(3, 13);
    const many = measureTable(3, 52);
    expect(few.moves).to.be.within(6, 7);
    expect(many.moves).to.equal(26);
    expect(few.entries).to.be.above(0);
    expect(many.tableBytes).to.be.above(2 * few.tableBytes);
    expect(many.otherBytes).to.be.above(few.otherBytes);
    expect(few.levelMs).to.be.above(few.upMs);
    expect(tableRow(few)).to.have.length(tableTitles.length);
  });

  it('see crashes found, the traffic of a period, and false words where a minority stalls', () => {
    const figures = measureSwim(16);
    expect(figures.firstSuspicion).to.be.within(1, 3);
    expect(figures.allDeadS).to.be.within(1, 6);
    expect(figures.messages).to.be.within(1.9, 2.5);
    expect(figures.bytes).to.be.above(20);
    expect(figures.atLoss.deaths).to.equal(0);
    expect(figures.atStalls.suspicions * 20).to.be.at.most(figures.atStallsPlain.suspicions);
    expect(swimRow(figures)).to.have.length(swimTitles.length);
  });
});
