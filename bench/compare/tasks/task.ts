/** What a driver can be told to do, and what it tells of it. Plain objects: they travel between processes. */
import type { ValueKind } from '../drivers/driver.ts';

export type Task =
  | {
      readonly kind: 'map';
      readonly values: ValueKind;
      /** The share of the calls that read, 0 to 1. */
      readonly reads: number;
      readonly outstanding: number;
      /** One call of so many is timed, where the clock would cost a good part of the call. @default 1 */
      readonly timedEvery?: number;
    }
  /** From a publish to its receipt; with one outstanding each waits for the one before. */
  | { readonly kind: 'topic'; readonly outstanding: number }
  /** From a push to the take of its item, with as many of both outstanding. */
  | { readonly kind: 'queue'; readonly outstanding: number }
  /** From a push to the take that waited for it, one at a time. */
  | { readonly kind: 'wake' }
  /** So many writers of one key each: the longest time without an answer. */
  | { readonly kind: 'gap'; readonly outstanding: number }
  /** Maps, a queue and a topic at once. */
  | { readonly kind: 'everything' };

export interface TaskResult {
  readonly operations: number;
  readonly perSecond: number;
  readonly p50Us: number;
  readonly p99Us: number;
  /** Of `gap`: between two answers to one writer, and calls that failed. */
  readonly longestGapMs?: number;
  readonly failed?: number;
}

/** Runs for so long, ends what is on its way, and tells. It rejects where an answer was wrong. */
export type Run = (seconds: number) => Promise<TaskResult>;

/** What a map is filled with before it is measured, and the keys that are drawn from. */
export const keysCount = 100_000;
/** Messages and items on their way, published or pushed and not yet received. */
export const onTheirWayMax = 4_000;
