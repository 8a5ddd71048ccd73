/** The pictures of bench/results: what they take from the files, and how it stands in them. */
import { expect } from 'chai';
import { cells } from '../../bench/compare/cells.ts';
import {
  figureText,
  roundText,
  timeText,
  timeTicks,
  valueTicks,
} from '../../bench/compare/plot/axes.ts';
import { type Plotted, panelled, spansOf } from '../../bench/compare/plot/history.ts';
import { type Panel, pictures } from '../../bench/compare/plot/panels.ts';
import { svgOf } from '../../bench/compare/plot/pictures.ts';
import type { Row } from '../../bench/compare/rounds.ts';
import type { Finding } from '../../bench/compare/summary.ts';

const panel: Panel = { title: 'mix', finding: 'mix-64', unit: 'x', axis: 'ratio' };
const asked = { goal: 2, thinFloor: 1.2, coreFloor: 1.3 };
const finding: Finding = { name: 'mix-64', of: 'shoal-client', value: 2, unit: 'x', asked };
const [picture] = pictures;

function run(at: string, given: Partial<Finding> = {}, processor = 'Slow & Sons'): Plotted {
  const machine = { processor, cores: 2, memoryGib: 8 };
  return { at: `${at}:00.000Z`, machine, findings: [{ ...finding, ...given }] };
}

function row(driver: Row['driver'], round: number, perSecond: number, foreignCores = 0): Row {
  const used = { driverCores: 0, systemCores: 0, foreignCores, idleDriverCores: 0, tries: 1 };
  const times = { operations: 1, p50Us: 1, p99Us: 1 };
  return { cell: 'mix-64', driver, round, perSecond, ...times, ...used };
}

function drawn(...runs: readonly Plotted[]): string {
  if (picture === undefined) throw new Error('expected a picture');
  return svgOf(picture, runs);
}

describe('the history of a figure', () => {
  it('takes the bar of a ratio from the rounds that count for both sides', () => {
    const rows = [
      ...[200, 300, 400].map((rate, round) => row('shoal-client', round, rate)),
      ...[100, 100, 400].map((rate, round) => row('node-redis', round, rate)),
      row('shoal-client', 3, 9_000, 0.5),
      row('node-redis', 3, 1),
    ];
    const of = { ...run('2026-11-25T10:00', { against: 'node-redis' }), rows };
    const [series] = panelled(panel, [of]).series;
    expect(series?.marks[0]?.spread).to.deep.equal({ least: 1, most: 3 });
  });

  it('takes the bar of a measurement from its trials, and has none where there is one only', () => {
    const runs = [
      run('2026-11-25T10:00', { value: 3, trials: [1, 3] }),
      run('2026-11-25T11:00', { value: 3, trials: [3] }),
    ];
    const [series] = panelled(panel, runs).series;
    expect(series?.marks.map(({ spread }) => spread)).to.deep.equal([
      { least: 1, most: 3 },
      undefined,
    ]);
  });

  it('knows the runs in which no client of Redis had the unix socket', () => {
    const peers = ['ioredis-plain', 'ioredis-plain-unix'] as const;
    const runs = [1, 2].map((count) => ({
      ...run(`2026-11-25T1${count}:00`, { against: 'ioredis-plain' }),
      rows: peers.slice(0, count).map((driver) => row(driver, 0, 100)),
    }));
    const [series] = panelled(panel, runs).series;
    expect(series?.marks.map(({ isTcpAlone }) => isTcpAlone)).to.deep.equal([true, false]);
    expect(drawn(...runs).split(' hollow"').length - 1).to.equal(1);
  });

  it('has a series for each whose figure it is, and no finding of another unit', () => {
    const findings = [finding, { ...finding, of: 'shoal-lite' }, { ...finding, unit: '/s' }];
    const { series } = panelled(panel, [{ ...run('2026-11-25T10:00'), findings }]);
    expect(series.map(({ of, marks }) => [of, marks.length])).to.deep.equal([
      ['shoal-client', 1],
      ['shoal-lite', 1],
    ]);
  });

  it('gives a machine that comes back its letter again', () => {
    const runs = ['one', 'one', 'two', 'one'].map((processor, hour) =>
      run(`2026-11-25T1${hour}:00`, {}, processor),
    );
    const spans = spansOf(runs);
    expect(spans.map(({ letter }) => letter).join('')).to.equal('ABA');
    expect(spans[0]?.toMs).to.equal(Date.parse('2026-11-25T11:30Z'));
    expect(spans[1]?.fromMs).to.equal(spans[0]?.toMs);
  });
});

describe('the axes of the pictures', () => {
  it('have round values from 0 to beyond the most', () => {
    expect(valueTicks(2.1, 4)).to.deep.equal([0, 1, 2, 3]);
    expect(valueTicks(2e6, 4)).to.deep.equal([0, 5e5, 1e6, 1.5e6, 2e6]);
    expect(valueTicks(0.9, 4)).to.deep.equal([0, 0.25, 0.5, 0.75, 1]);
  });

  it('have round times, of hours or of days, never more than there is room for', () => {
    const from = Date.parse('2026-11-25T21:00Z');
    const texts = (days: number) =>
      timeTicks({ from, to: from + days * 86_400_000 }, 4).map(timeText);
    expect(texts(0.8)).to.deep.equal(['26 Nov', '06:00', '12:00']);
    expect(texts(4)).to.deep.equal(['26 Nov', '27 Nov', '28 Nov', '29 Nov']);
    for (let days = 0.01; days < 1_000; days *= 1.5) expect(texts(days).length).to.be.within(1, 4);
  });

  it('have figures of three digits, and round numbers without what says nothing', () => {
    const figures = [413_050, 2_525.6, 0.5, 18.06, 237.9].map(figureText);
    expect(figures).to.deep.equal(['413k', '2,526', '0.50', '18.1', '238']);
    const round = [2e6, 1.5e6, 5e5, 3_000, 100, 20, 7.5, 0.75, 0.5, 0].map(roundText);
    const expected = ['2M', '1.5M', '500k', '3,000', '100', '20', '7.5', '0.75', '0.5', '0'];
    expect(round).to.deep.equal(expected);
  });
});

describe('the pictures of bench/results', () => {
  it('are the same whatever the order of the files', () => {
    const runs = [run('2026-11-26T10:00', { value: 0.5 }), run('2026-11-25T10:00')];
    expect(drawn(...runs)).to.equal(drawn(...runs.toReversed()));
  });

  it('have later runs further right, and greater values higher', () => {
    const picture = drawn(run('2026-11-25T10:00', { value: 0.5 }), run('2026-11-26T10:00'));
    const points = /<polyline points="([\d.]+),([\d.]+) ([\d.]+),([\d.]+)"/.exec(picture);
    const [x1, y1, x2, y2] = (points ?? []).slice(1).map(Number);
    expect(x2).to.be.above(x1 ?? Number.NaN);
    expect(y2).to.be.below(y1 ?? Number.NaN);
  });

  it('name goal, the stricter floor, the newest value and the machine', () => {
    const picture = drawn(run('2026-11-25T10:00', { value: 1.5 }), run('2026-11-26T10:00'));
    const words = ['goal 2', 'floor 1.3', 'client 2.00', 'A  Slow &amp; Sons, 2 cores, 8 GiB'];
    for (const each of words) expect(picture).to.include(`>${each}<`);
  });

  it('leave out what no run has measured', () => {
    const picture = drawn(run('2026-11-25T10:00'));
    expect(picture).to.include('>mix, 64 outstanding<').and.not.include('>mix, 1 outstanding<');
    expect(picture).to.not.include('>queue, 64 and 64<');
  });

  it('draw no line from one machine to another', () => {
    const [one, other] = [run('2026-11-25T10:00'), run('2026-11-26T10:00', {}, 'quick')];
    expect(drawn(one, other)).to.not.include('<polyline');
  });

  it('have no text smaller than 11 pixels', () => {
    const sizes = [...drawn(run('2026-11-25T10:00')).matchAll(/font(?:-size)?:(\d+)px/g)];
    expect(sizes.length).to.be.above(3);
    for (const [, size] of sizes) expect(Number(size)).to.be.at.least(11);
  });

  it('have a panel for every cell, once', () => {
    const panels = pictures.flatMap(({ sections }) => sections.flatMap((each) => each.panels));
    const shown = panels.map(({ finding: name, unit }) => `${name} ${unit}`);
    expect(new Set(shown).size).to.equal(shown.length);
    for (const { name, stage } of cells) {
      expect(shown).to.include(`${name} ${stage === 'alone' ? '/s' : 'x'}`);
    }
  });
});
