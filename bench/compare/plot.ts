/**
 * The ratios of all runs in bench/results as one picture: a row for each cell, a mark for each run, the
 * newest in full colour. It is made from the files alone, so the same files give the same picture.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cells } from './cells.ts';
import type { Finding } from './summary.ts';

const folder = 'bench/results';
const file = 'ratios.svg';

/** What a file of results has that the picture needs. */
export interface Plotted {
  readonly at: string;
  readonly findings: readonly Finding[];
}

const width = 760;
const [left, right, top, bottom, rowHeight] = [150, 40, 64, 34, 20];
const [least, most] = [0.1, 5];
const ticks = [0.1, 0.2, 0.5, 1, 2, 5];
const colours: Readonly<Record<string, string>> = {
  'shoal-client': '#0b6bcb',
  'shoal-lite': '#c2570c',
};

/** Gives the path. */
export function plot(): string {
  const runs = readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Plotted);
  const path = join(folder, file);
  writeFileSync(path, svgOf(runs));
  return path;
}

export function svgOf(runs: readonly Plotted[]): string {
  const inOrder = runs.toSorted((a, b) => (a.at < b.at ? -1 : 1));
  const shown = cells.filter(({ name }) => inOrder.some((run) => ratiosIn(run, name).length > 0));
  const height = top + shown.length * rowHeight + bottom;
  const rows = shown.map(({ name }, index) =>
    rowOf(name, top + (index + 0.5) * rowHeight, inOrder),
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" font-family="sans-serif" font-size="12">`,
    '<title>Calls a second of Shoal, divided by those of the best client of Redis</title>',
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    ...legend(),
    ...scale(height),
    ...rows,
    '</svg>',
    '',
  ].join('\n');
}

function ratiosIn({ findings }: Plotted, cell: string): readonly Finding[] {
  return findings.filter(({ name, unit, of }) => name === cell && unit === 'x' && of in colours);
}

/** The position of a ratio: equal factors are equal distances. */
function x(ratio: number): string {
  const share = Math.log(Math.min(most, Math.max(least, ratio)) / least) / Math.log(most / least);
  return (left + share * (width - left - right)).toFixed(1);
}

function text(at: string, y: number, words: string, more = ''): string {
  return `<text x="${at}" y="${y.toFixed(1)}" fill="#333333"${more}>${words}</text>`;
}

function legend(): string[] {
  const entries = Object.entries(colours).flatMap(([of, colour], index) => {
    const at = left + index * 120;
    return [mark(`${at}`, 34, colour, 1), text(`${at + 10}`, 38, of)];
  });
  return [
    text(
      '12',
      18,
      'Calls a second, divided by those of the best client of Redis',
      ' font-weight="bold"',
    ),
    ...entries,
    text(`${left + 250}`, 38, 'paler: earlier runs · bar: floor · double bar: goal'),
  ];
}

function scale(height: number): string[] {
  return ticks.flatMap((ratio) => {
    const [stroke, weight] = ratio === 1 ? ['#333333', 1.5] : ['#dddddd', 1];
    const ends = `x1="${x(ratio)}" x2="${x(ratio)}" y1="${top - 6}" y2="${height - bottom}"`;
    return [
      `<line ${ends} stroke="${stroke}" stroke-width="${weight}"/>`,
      text(x(ratio), height - bottom + 16, `${ratio}`, ' text-anchor="middle"'),
    ];
  });
}

function mark(at: string, y: number, colour: string, opacity: number): string {
  return `<circle cx="${at}" cy="${y.toFixed(1)}" r="4.5" fill="${colour}" fill-opacity="${opacity}"/>`;
}

function bar(ratio: number, y: number, offset = 0): string {
  const at = (Number(x(ratio)) + offset).toFixed(1);
  return `<line x1="${at}" x2="${at}" y1="${y - 7}" y2="${y + 7}" stroke="#777777" stroke-width="1.5"/>`;
}

function rowOf(cell: string, y: number, runs: readonly Plotted[]): string {
  const found = runs.flatMap((run) => ratiosIn(run, cell));
  const newest = new Map(found.map((finding) => [finding.of, finding]));
  const asked = found.at(-1)?.asked;
  const floor = Math.max(asked?.thinFloor ?? 0, asked?.coreFloor ?? 0);
  const bars =
    asked === undefined ? [] : [bar(floor, y), bar(asked.goal, y, -1.5), bar(asked.goal, y, 1.5)];
  const marks = found.map((finding) =>
    mark(
      x(finding.value),
      y,
      colours[finding.of] ?? '',
      newest.get(finding.of) === finding ? 1 : 0.2,
    ),
  );
  const name = text(`${left - 12}`, y + 4, cell, ' text-anchor="end"');
  return [name, ...bars, ...marks].join('\n');
}
