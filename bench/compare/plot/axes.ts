/** Where an axis has its ticks, and what stands beside them. */

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
const timeStepsMs = [
  ...[1, 5, 15, 30].map((minutes) => minutes * minuteMs),
  ...[1, 2, 3, 6, 12].map((hours) => hours * hourMs),
  ...[1, 2, 5, 10, 20, 30, 60, 90, 180, 365].map((days) => days * dayMs),
] as const;

export interface Range {
  readonly from: number;
  readonly to: number;
}

/** Round numbers from 0 on, at most so many steps. The last one is at or above the most. */
export function valueTicks(most: number, stepsMax: number): readonly number[] {
  const least = most / stepsMax;
  const decade = 10 ** Math.floor(Math.log10(least));
  const step = [1, 2, 2.5, 5, 10].map((by) => by * decade).find((each) => each >= least) ?? least;
  const count = Math.ceil(most / step - 1e-9);
  return Array.from({ length: count + 1 }, (_, at) => Number((at * step).toPrecision(6)));
}

/** Round times within the range, in UTC, at most so many. */
export function timeTicks({ from, to }: Range, ticksMax: number): readonly number[] {
  for (const stepMs of timeStepsMs) {
    const ticks: number[] = [];
    for (let at = Math.ceil(from / stepMs) * stepMs; at <= to; at += stepMs) ticks.push(at);
    if (ticks.length <= ticksMax) return ticks;
  }
  return [];
}

const months = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

/** The day at midnight, the time of day otherwise. */
export function timeText(atMs: number): string {
  const date = new Date(atMs);
  if (atMs % dayMs !== 0) return date.toISOString().slice(11, 16);
  return `${date.getUTCDate()} ${months[date.getUTCMonth()]}`;
}

/** As it was measured, to three digits: `413k`, `2,530`, `0.50`. */
export function figureText(value: number): string {
  if (value >= 1e6) return `${(value / 1e6).toFixed(2)}M`;
  if (value >= 1e4) return `${Math.round(value / 1e3)}k`;
  if (value >= 1e3) return Math.round(value).toLocaleString('en');
  if (value >= 100) return value.toFixed(0);
  return value.toFixed(value >= 10 ? 1 : 2);
}

/** As it was chosen, for ticks and goals: `2M`, `500k`, `0.5`. */
export function roundText(value: number): string {
  if (value >= 1e6) return `${value / 1e6}M`;
  if (value >= 1e4) return `${value / 1e3}k`;
  return value.toLocaleString('en');
}
