/** One panel: a figure over time, with goal and floor, and a bar where single rounds are known. */
import { figureText, type Range, roundText, timeText, timeTicks, valueTicks } from './axes.ts';
import type { Mark, Panelled, Series, Span } from './history.ts';
import { line, mark, rounded, seriesKind, text, widthOf } from './svg.ts';

export const panelWidth = 256;
const titleHeight = 18;
export const legendLineHeight = 15;
const [lettersHeight, plotHeight, timesHeight] = [15, 80, 18];
/** Left for the ticks, right for the words at goal and floor. */
const [left, right] = [34, 62];
const plotWidth = panelWidth - left - right;
/** Between the series of one run, so that none hides the other. */
const apart = 5;

const shortNames: Readonly<Record<string, string>> = {
  'shoal-client': 'client',
  'shoal-lite': 'lite member',
  'shoal-owner': 'owner',
  'shoal-client-batch': 'client in 64s',
  'shoal-lite-batch': 'lite in 64s',
  'during by before': 'during',
};

/** What all panels of a picture have in common. */
export interface Times {
  readonly range: Range;
  readonly spans: readonly Span[];
}

interface Entry {
  readonly series: number;
  readonly words: string;
  /** Of the text, from the left, and in which line. */
  readonly x: number;
  readonly row: number;
}

/** Name and newest figure of each series, in as many lines as they take. */
function entriesOf(series: readonly Series[]): readonly Entry[] {
  let [x, row] = [0, 0];
  return series.map(({ of, marks }, at) => {
    const words = `${shortNames[of] ?? of} ${figureText(marks.at(-1)?.value ?? 0)}`;
    const width = 12 + widthOf(words) + 12;
    if (x > 0 && x + width - 12 > panelWidth) [x, row] = [0, row + 1];
    const entry = { series: at, words, x: x + 12, row };
    x += width;
    return entry;
  });
}

export function legendLines({ series }: Panelled): number {
  return (entriesOf(series).at(-1)?.row ?? 0) + 1;
}

export function panelHeight(lines: number): number {
  return titleHeight + lines * legendLineHeight + lettersHeight + plotHeight + timesHeight;
}

/** `lines` are kept for the legend, so that the panels of a row are level. */
export function drawnPanel(drawn: Panelled, times: Times, lines: number): string {
  const { panel, series } = drawn;
  const top = titleHeight + lines * legendLineHeight + lettersHeight;
  const scale = new Scale(drawn, times.range, top);
  const legend = entriesOf(series).flatMap(({ series: at, words, x, row }) => {
    const y = titleHeight + row * legendLineHeight + 11;
    return [mark(x - 7, y - 4, at), text(x, y, words)];
  });
  return [
    text(0, 12, panel.title, 'ink title'),
    text(panelWidth, 12, panel.axis, 'pale', 'end'),
    ...legend,
    ...machineBands(times.spans, scale, top),
    ...axes(scale, times.range, top),
    ...limits(drawn, scale, top),
    ...series.flatMap((each, at) => drawnSeries(each, at, series.length, scale, times.spans)),
  ].join('\n');
}

/** From times and values to places. */
class Scale {
  readonly ticks: readonly number[];
  readonly #range: Range;
  readonly #top: number;

  constructor({ series, asked }: Panelled, range: Range, top: number) {
    const marks = series.flatMap((each) => each.marks);
    const values = marks.map(({ value, spread }) => spread?.most ?? value);
    const limitsShown = asked === undefined ? [] : [asked.goal, strictestFloor(asked) ?? 0];
    this.ticks = valueTicks(Math.max(...values, ...limitsShown) || 1, 4);
    this.#range = range;
    this.#top = top;
  }

  x(atMs: number): number {
    const { from, to } = this.#range;
    return left + ((atMs - from) / (to - from)) * plotWidth;
  }

  y(value: number): number {
    const most = this.ticks.at(-1) ?? 1;
    return this.#top + (1 - value / most) * plotHeight;
  }
}

function machineBands(spans: readonly Span[], scale: Scale, top: number): string[] {
  return spans.flatMap(({ letter, fromMs, toMs }, at) => {
    const from = at === 0 ? left : scale.x(fromMs);
    const to = at === spans.length - 1 ? left + plotWidth : scale.x(toMs);
    const size = `x="${rounded(from)}" y="${top}" width="${rounded(to - from)}" height="${plotHeight}"`;
    const opacity = at % 2 === 0 ? 0.03 : 0.11;
    const band = `<rect ${size} class="ink" fill="currentColor" fill-opacity="${opacity}"/>`;
    return to - from < 10
      ? [band]
      : [band, text((from + to) / 2, top - 3, letter, 'pale', 'middle')];
  });
}

function axes(scale: Scale, range: Range, top: number): string[] {
  const bottom = top + plotHeight;
  const values = scale.ticks.flatMap((value, at) => {
    const y = scale.y(value);
    const kind = at === 0 ? 'pale' : 'grid';
    return [
      line({ x1: left, y1: y, x2: left + plotWidth, y2: y }, kind),
      text(left - 5, y + 4, roundText(value), 'pale', 'end'),
    ];
  });
  const times = timeTicks(range, 3).flatMap((atMs) => {
    const x = scale.x(atMs);
    return [
      line({ x1: x, y1: bottom, x2: x, y2: bottom + 4 }, 'pale'),
      text(x, bottom + 15, timeText(atMs), 'pale', 'middle'),
    ];
  });
  return [...values, ...times];
}

function strictestFloor(asked: NonNullable<Panelled['asked']>): number | undefined {
  const floors = [asked.thinFloor, asked.coreFloor].filter((floor) => floor !== undefined);
  if (floors.length === 0) return undefined;
  return asked.isLessBetter === true ? Math.min(...floors) : Math.max(...floors);
}

/** Goal and floor as lines, with their words beside them, moved apart where they would meet. */
function limits({ asked }: Panelled, scale: Scale, top: number): string[] {
  if (asked === undefined) return [];
  const floor = strictestFloor(asked);
  const lineAt = (value: number, more: string) => {
    const y = scale.y(value);
    return line({ x1: left, y1: y, x2: left + plotWidth, y2: y }, 'ink', more);
  };
  const wordsAt = (y: number, words: string) => text(left + plotWidth + 5, y + 4, words);
  const goalWords = `goal ${roundText(asked.goal)}`;
  const goalLine = lineAt(asked.goal, ' stroke-width="1.4"');
  const goalY = scale.y(asked.goal);
  if (floor === undefined) return [goalLine, wordsAt(goalY, goalWords)];
  const floorY = scale.y(floor);
  const short = Math.max(0, 13 - Math.abs(goalY - floorY)) / 2;
  const up = goalY <= floorY ? -short : short;
  // The upper of the two stays within the panel.
  const within = Math.max(0, top - Math.min(goalY + up, floorY - up));
  return [
    goalLine,
    lineAt(floor, ' stroke-dasharray="4 3"'),
    wordsAt(goalY + up + within, goalWords),
    wordsAt(floorY - up + within, `floor ${roundText(floor)}`),
  ];
}

function drawnSeries(
  { marks }: Series,
  at: number,
  count: number,
  scale: Scale,
  spans: readonly Span[],
): string[] {
  const x = ({ atMs }: Mark) => scale.x(atMs) + (at - (count - 1) / 2) * apart;
  const y = ({ value }: Mark) => scale.y(value);
  const kind = seriesKind(at);
  const ways = spans.flatMap(({ fromMs, toMs }) => {
    const own = marks.filter(({ atMs }) => atMs >= fromMs && atMs <= toMs);
    if (own.length < 2) return [];
    const points = own.map((each) => `${rounded(x(each))},${rounded(y(each))}`).join(' ');
    return [
      `<polyline points="${points}" class="${kind}" fill="none" stroke="currentColor" stroke-opacity="0.45"/>`,
    ];
  });
  const bars = marks.flatMap((each) => {
    if (each.spread === undefined) return [];
    const [y1, y2] = [scale.y(each.spread.most), scale.y(each.spread.least)];
    const way = { x1: x(each), x2: x(each), y1, y2 };
    return [line(way, kind, ' stroke-width="1.6" stroke-opacity="0.6"')];
  });
  return [...ways, ...bars, ...marks.map((each) => mark(x(each), y(each), at, each.isTcpAlone))];
}
