/**
 * All runs in bench/results as pictures over time: a panel for each figure. They are made from the files
 * alone, so the same files give the same pictures.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inOrder, type Panelled, type Plotted, panelled, spansOf } from './history.ts';
import {
  drawnPanel,
  legendLineHeight,
  legendLines,
  panelHeight,
  panelWidth,
  type Times,
} from './panel-drawing.ts';
import { type Picture, pictures } from './panels.ts';
import { fontSize, line, rounded, style, text } from './svg.ts';

const folder = 'bench/results';
const width = 840;
const margin = 16;
const columns = 3;
const gap = (width - 2 * margin - columns * panelWidth) / (columns - 1);
const [headHeight, sectionHeight, rowGap] = [103, 34, 12];

/** Gives the paths. */
export function plot(): string {
  const runs = readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Plotted);
  const paths = pictures.map((picture) => {
    const path = join(folder, picture.file);
    writeFileSync(path, svgOf(picture, runs));
    return path;
  });
  return paths.join('\n');
}

export function svgOf(picture: Picture, given: readonly Plotted[]): string {
  const runs = inOrder(given);
  const sections = picture.sections.map(({ title, panels }) => ({
    title,
    found: panels.map((panel) => panelled(panel, runs)).filter(({ series }) => series.length > 0),
  }));
  const times = timesOf(runs);
  const parts: string[] = [];
  let y = headHeight;
  for (const { title, found } of sections) {
    if (found.length === 0) continue;
    parts.push(line({ x1: margin, y1: y + 4, x2: width - margin, y2: y + 4 }, 'grid'));
    parts.push(text(margin, y + 24, title, 'ink section'));
    y += sectionHeight;
    for (let from = 0; from < found.length; from += columns) {
      const row = drawnRow(found.slice(from, from + columns), times, y);
      parts.push(row.drawn);
      y += row.height + rowGap;
    }
  }
  return framed(picture, times, parts, y);
}

/** A little beyond the first run and the last. */
function timesOf(runs: readonly Plotted[]): Times {
  const spans = spansOf(runs);
  const [from, to] = [spans[0]?.fromMs ?? 0, spans.at(-1)?.toMs ?? 0];
  const more = Math.max((to - from) * 0.05, 1_800_000);
  return { spans, range: { from: from - more, to: to + more } };
}

function drawnRow(row: readonly Panelled[], times: Times, y: number) {
  const lines = Math.max(...row.map(legendLines));
  const drawn = row.map((each, column) => {
    const x = margin + column * (panelWidth + gap);
    return `<g transform="translate(${rounded(x)} ${rounded(y)})">\n${drawnPanel(each, times, lines)}\n</g>`;
  });
  return { drawn: drawn.join('\n'), height: panelHeight(lines) };
}

function framed(picture: Picture, { spans }: Times, parts: readonly string[], y: number): string {
  const machines = new Map(spans.map(({ letter, machine }) => [letter, machine]));
  const notes = [...machines].map(([letter, machine], at) =>
    text(margin, y + fontSize + at * legendLineHeight, `${letter}  ${machine}`, 'pale'),
  );
  const height = y + notes.length * legendLineHeight + margin;
  const size = `width="${width}" height="${rounded(height)}" viewBox="0 0 ${width} ${rounded(height)}"`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" ${size} role="img">`,
    `<title>${picture.title}</title>`,
    style,
    `<rect width="${width}" height="${rounded(height)}" rx="8" class="ground"/>`,
    text(margin, 26, picture.title, 'ink head'),
    ...explained(spans),
    ...parts,
    ...notes,
    '</svg>',
    '',
  ].join('\n');
}

function explained(spans: readonly { readonly fromMs: number; readonly toMs: number }[]): string[] {
  const day = (ms: number | undefined) => new Date(ms ?? 0).toISOString().slice(0, 10);
  const dates = `${day(spans[0]?.fromMs)} to ${day(spans.at(-1)?.toMs)}, UTC`;
  const lines = [
    'A mark is a run: the median of its rounds. Hollow: the clients of Redis had TCP alone, and not its unix socket.',
    'A bar is from the least to the most of single rounds. Beside each name stands the figure of its newest run.',
    'What is called bare is no peer: it is what Node does with nothing around it.',
    `Solid line: goal. Dashed line: floor. Letters and shades: the machine, named below. Left to right: ${dates}.`,
  ];
  return lines.map((words, at) => text(margin, 46 + at * legendLineHeight, words, 'pale'));
}
