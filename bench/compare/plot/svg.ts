/**
 * The few elements of SVG that the pictures are made of, and their colours: on a ground of their own, light or
 * dark as the reader has it.
 */

export const fontSize = 11;
/** Of a character of that size, about: no font is measured. */
const characterWidth = 6.1;

/** Of the series, in this order: colour on light, colour on dark. */
const inks = [
  ['#0969da', '#58a6ff'],
  ['#bc4c00', '#f0883e'],
  ['#8250df', '#bc8cff'],
  ['#1a7f37', '#3fb950'],
  ['#bf3989', '#f778ba'],
  ['#57606a', '#b1bac4'],
] as const;

const seriesRules = (at: 0 | 1) => inks.map((ink, series) => `.s${series}{color:${ink[at]}}`);
const rules = (ground: string, ink: string, pale: string, grid: string) =>
  `.ground,.hollow{fill:${ground}}.hollow{stroke:currentColor;stroke-width:1.5}.ink{color:${ink}}.pale{color:${pale}}.grid{color:${grid}}`;

export const style = [
  '<style>',
  `text{font:${fontSize}px -apple-system,"Segoe UI","Noto Sans","DejaVu Sans",Helvetica,Arial,sans-serif;fill:currentColor}`,
  '.head{font-size:16px;font-weight:600}.section{font-size:13px;font-weight:600}.title{font-size:12px;font-weight:600}',
  `${rules('#ffffff', '#1f2328', '#59636e', '#e3e7eb')}${seriesRules(0).join('')}`,
  `@media (prefers-color-scheme:dark){${rules('#0d1117', '#e6edf3', '#9198a1', '#2a3038')}${seriesRules(1).join('')}}`,
  '</style>',
].join('\n');

export type Anchor = 'start' | 'middle' | 'end';

export function text(x: number, y: number, words: string, kind = 'ink', anchor: Anchor = 'start') {
  const more = anchor === 'start' ? '' : ` text-anchor="${anchor}"`;
  return `<text x="${rounded(x)}" y="${rounded(y)}" class="${kind}"${more}>${escaped(words)}</text>`;
}

export function widthOf(words: string): number {
  return words.length * characterWidth;
}

export interface Line {
  readonly x1: number;
  readonly y1: number;
  readonly x2: number;
  readonly y2: number;
}

export function line({ x1, y1, x2, y2 }: Line, kind: string, more = ''): string {
  const ends = `x1="${rounded(x1)}" y1="${rounded(y1)}" x2="${rounded(x2)}" y2="${rounded(y2)}"`;
  return `<line ${ends} class="${kind}" stroke="currentColor"${more}/>`;
}

/** Each series has a shape as well as a colour: where it begins beside its middle, and its way. */
const shapes = [
  { dx: -3.4, dy: 0, way: 'a3.4,3.4 0 1,0 6.8,0 a3.4,3.4 0 1,0 -6.8,0' },
  { dx: -4.2, dy: 0, way: 'l4.2,-4.2 l4.2,4.2 l-4.2,4.2' },
  { dx: -3, dy: -3, way: 'h6 v6 h-6' },
  { dx: -4, dy: 2.8, way: 'l4,-6.8 l4,6.8' },
  { dx: -4, dy: -2.8, way: 'h8 l-4,6.8' },
  { dx: -4, dy: -1.2, way: 'h2.8 v-2.8 h2.4 v2.8 h2.8 v2.4 h-2.8 v2.8 h-2.4 v-2.8 h-2.8' },
] as const;

/** The class of what is drawn of a series. */
export function seriesKind(series: number): string {
  return `s${series % shapes.length}`;
}

export function mark(x: number, y: number, series: number, isHollow = false): string {
  const { dx, dy, way } = shapes[series % shapes.length] ?? shapes[0];
  const from = `M${rounded(x + dx)},${rounded(y + dy)}`;
  return `<path d="${from} ${way} z" class="${seriesKind(series)}${isHollow ? ' hollow' : ''}" fill="currentColor"/>`;
}

export function rounded(value: number): string {
  return `${Number(value.toFixed(1))}`;
}

export function escaped(words: string): string {
  return words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
