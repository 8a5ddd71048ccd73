/** How users say how long: a number of milliseconds, or a number with a unit. */
import { GridError } from './errors.ts';

/** `250`, `'250ms'`, `'30s'`, `'10m'`, `'2h'`, `'1d'`. A number is milliseconds. */
export type Duration = number | `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`;

const unitMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};
const pattern = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/;

/** The milliseconds of a duration that was given as the option `name`, rounded up. */
export function durationMs(value: unknown, name: string): number {
  const ms = typeof value === 'number' ? value : textMs(value);
  if (ms >= 0 && ms <= Number.MAX_SAFE_INTEGER) return Math.ceil(ms);
  throw new GridError(
    'GRID_BAD_OPTION',
    `${name} is a duration: a number of milliseconds from 0 on, or a text such as '250ms', '30s', ` +
      `'10m', '2h', '1d'. Found ${described(value)}.`,
  );
}

function textMs(value: unknown): number {
  const match = typeof value === 'string' ? pattern.exec(value) : null;
  if (match === null) return Number.NaN;
  const [, count, unit] = match;
  return Number(count) * (unitMs[unit as string] as number);
}

function described(value: unknown): string {
  if (typeof value === 'string') return `'${value.slice(0, 40)}'`;
  return typeof value === 'number' || value === null
    ? `${value}`
    : `a value of type ${typeof value}`;
}
