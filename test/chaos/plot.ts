/** A run as a picture: answers a second over time, what was refused, and the faults as bands. */
import type { HistoryEvent } from './history.ts';
import { callsOf, faultsOf, type ReplayedCall, type ReplayedFault } from './replayed-faults.ts';

const [left, right, top, plotHeight, laneHeight, bottom] = [60, 20, 56, 220, 14, 34];
const widthLeast = 760;
const widthMost = 1_800;
/** So wide is a second, where that fits. */
const secondWidth = 8;
const bucketMs = 250;
const palette = ['#c2570c', '#0b6bcb', '#2e7d32', '#8e24aa', '#b71c1c', '#00838f', '#6d4c41'];

interface Scale {
  readonly width: number;
  readonly endMs: number;
  /** Answers a second at the top. */
  readonly most: number;
}

export function plotOf(events: readonly HistoryEvent[], title: string): string {
  const calls = callsOf(events);
  const faults = faultsOf(events);
  const endMs = Math.max(1, events.at(-1)?.t ?? 1);
  const width = Math.min(widthMost, Math.max(widthLeast, (endMs / 1_000) * secondWidth));
  const answered = rates(calls, endMs, ({ answer }) => answer.how === 'ok');
  const refused = rates(calls, endMs, (call) => isRefused(call));
  const scale = { width, endMs, most: rounded(Math.max(1, ...answered, ...refused)) };
  const kinds = [...new Set(faults.map(({ kind }) => kind))];
  const height = top + plotHeight + bottom + kinds.length * laneHeight + bottom;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" font-family="sans-serif" font-size="11">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    text(12, 20, title, ' font-weight="bold" font-size="13"'),
    text(
      12,
      38,
      'answers a second (black) and refusals (red); callers stand still where copies are compared. Shaded, and below: each fault until all is well again',
    ),
    ...faults.map((fault) => band(fault, kinds, scale)),
    ...axes(scale),
    line(answered, scale, '#111111'),
    line(refused, scale, '#d32f2f'),
    ...kinds.map((kind, lane) => text(4, laneY(lane) + 10, kind, ' font-size="9"')),
    '</svg>',
    '',
  ].join('\n');
}

/** A wait in vain at a queue is no refusal. */
function isRefused({ answer }: ReplayedCall): boolean {
  return answer.how !== 'ok' && answer.isInVain !== true;
}

function rates(
  calls: readonly ReplayedCall[],
  endMs: number,
  isCounted: (call: ReplayedCall) => boolean,
): number[] {
  const buckets = new Array<number>(Math.ceil(endMs / bucketMs)).fill(0);
  for (const call of calls) {
    const at = Math.min(buckets.length - 1, Math.floor(call.end / bucketMs));
    if (isCounted(call)) buckets[at] = (buckets[at] ?? 0) + 1;
  }
  return buckets.map((count) => (count * 1_000) / bucketMs);
}

/** The next of 1, 2 or 5 times a power of ten. */
function rounded(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 5, 10].find((factor) => factor * power >= value) ?? 10) * power;
}

function x(ms: number, { width, endMs }: Scale): number {
  return left + (ms / endMs) * (width - left - right);
}

function y(rate: number, { most }: Scale): number {
  return top + plotHeight - (rate / most) * plotHeight;
}

function laneY(lane: number): number {
  return top + plotHeight + bottom + lane * laneHeight;
}

function text(at: number, height: number, words: string, more = ''): string {
  return `<text x="${at.toFixed(1)}" y="${height}" fill="#333333"${more}>${escaped(words)}</text>`;
}

function escaped(words: string): string {
  return words.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}

function band(fault: ReplayedFault, kinds: readonly string[], scale: Scale): string {
  const { kind, detail, begin, healed = scale.endMs, equal, settled } = fault;
  const lane = kinds.indexOf(kind);
  const colour = palette[lane % palette.length] ?? '';
  const from = x(begin, scale);
  const until = x(equal ?? settled ?? scale.endMs, scale);
  const bar = (to: number, height: number, thickness: number, opacity: number) =>
    `<rect x="${from.toFixed(1)}" width="${Math.max(1, to - from).toFixed(1)}" y="${height}" height="${thickness}" fill="${colour}" fill-opacity="${opacity}"/>`;
  return [
    `<g><title>${escaped(`${kind}: ${detail}`)}</title>`,
    bar(until, top, plotHeight, 0.12),
    bar(until, laneY(lane), laneHeight - 2, 0.3),
    bar(x(healed, scale), laneY(lane), laneHeight - 2, 0.9),
    '</g>',
  ].join('');
}

function axes(scale: Scale): string[] {
  const rates = [0, 0.25, 0.5, 0.75, 1].map((share) => share * scale.most);
  const stepMs = scale.endMs > 240_000 ? 60_000 : 10_000;
  const times = Array.from(
    { length: Math.floor(scale.endMs / stepMs) + 1 },
    (_, at) => at * stepMs,
  );
  return [
    ...rates.flatMap((rate) => [
      `<line x1="${left}" x2="${scale.width - right}" y1="${y(rate, scale)}" y2="${y(rate, scale)}" stroke="#dddddd"/>`,
      text(left - 6, y(rate, scale) + 4, `${rate}`, ' text-anchor="end"'),
    ]),
    ...times.map((ms) =>
      text(x(ms, scale), top + plotHeight + 16, `${ms / 1_000} s`, ' text-anchor="middle"'),
    ),
  ];
}

function line(values: readonly number[], scale: Scale, colour: string): string {
  const points = values.map((rate, at) => {
    return `${x((at + 0.5) * bucketMs, scale).toFixed(1)},${y(rate, scale).toFixed(1)}`;
  });
  return `<polyline points="${points.join(' ')}" fill="none" stroke="${colour}" stroke-width="1"/>`;
}
