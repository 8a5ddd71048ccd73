import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { defaultTuning } from '../../src/membership/swim-types.ts';
import { measureCrashes } from './swim-crashes.ts';
import { expectedPerProbe, lossy, measureFalseWords, stalling } from './swim-false-words.ts';
import { expectedPeriods, gossiped, measureSpread } from './swim-spread.ts';
import { swimTables } from './swim-tables.ts';
import { measureForming, measureTraffic } from './swim-traffic.ts';
import { plain } from './swim-world.ts';
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

  it('see crashes found, and the traffic of a period', () => {
    const crashes = measureCrashes(16);
    expect(crashes.firstSuspicion).to.be.within(1, 3);
    expect(crashes.allDeadS).to.be.within(crashes.firstDeadS, 6);
    const traffic = measureTraffic(16);
    expect(traffic.messages).to.be.within(1.9, 2.5);
    expect(traffic.bytes).to.be.above(20);
    expect(traffic.tableBytes).to.be.above(16 * 20);
    const forming = measureForming(16);
    expect(forming.tookMs).to.be.within(50, 5_000);
    // Everybody asks a seed.
    expect(forming.mostBytes).to.be.above(2 * forming.meanBytes);
    expect(forming.mostBytes).to.be.above(4 * traffic.tableBytes);
  });

  it('see an update spread as gossip does, and at once where everybody is told', () => {
    const spread = measureSpread(48, gossiped);
    expect(spread.half).to.be.within(0.2, expectedPeriods(48, 0.5) + 0.2);
    expect(spread.nearlyAll).to.be.within(1.5 * spread.half, expectedPeriods(48, 0.99) + 0.4);
    expect(measureSpread(24, defaultTuning).nearlyAll).to.be.below(0.05);
    // A fanout of one tells it more slowly; who tells it two others in all often does not reach everybody.
    expect(measureSpread(48, { ...gossiped, fanout: 1 }).half).to.be.above(1.3 * spread.half);
    const seldom = measureSpread(48, { ...gossiped, retransmitMult: 1 });
    expect(seldom.missed).to.be.above(spread.missed);
  });

  it('see as many probes fail as chance has it where messages are lost', () => {
    expect(expectedPerProbe(lossy)).to.be.within(6.1e-4, 6.3e-4);
    const { perProbe, deaths } = measureFalseWords(24, plain, lossy);
    expect(perProbe).to.be.within(3e-4, 11e-4);
    expect(deaths).to.equal(0);
    // Without anybody to ask, every probe fails that gets no answer itself.
    const alone = measureFalseWords(24, { ...plain, indirectProbes: 0 }, lossy);
    expect(alone.perProbe).to.be.above(50 * expectedPerProbe(lossy));
  });

  it('see false words where a minority stalls', () => {
    const { suspicions } = measureFalseWords(16, defaultTuning, stalling);
    expect(suspicions * 20).to.be.at.most(measureFalseWords(16, plain, stalling).suspicions);
  });

  it('fill the tables of docs/scale.md, title by title', () => {
    const lines = readFileSync('docs/scale.md', 'utf8').split('\n');
    for (const titles of [tableTitles, ...swimTables.map((table) => table.titles)]) {
      const at = lines.indexOf(`| ${titles.join(' | ')} |`);
      expect(at, titles.join()).to.be.above(0);
      const rows = lines.slice(at + 2, lines.indexOf('', at));
      expect(rows, titles.join()).to.have.length.above(3);
      for (const row of rows) expect(row.split('|'), row).to.have.length(titles.length + 2);
    }
  });
});
