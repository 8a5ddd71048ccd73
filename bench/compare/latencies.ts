/** Times of many calls in a table of fixed size: percentiles true to about 2 %. */
import type { TaskResult } from './tasks/task.ts';

const bucketsOfDoubling = 32;
const buckets = bucketsOfDoubling * 26;

export class Latencies {
  readonly #counts = new Uint32Array(buckets);
  count = 0;
  #sumMs = 0;

  add(ms: number): void {
    const us = ms * 1_000;
    const bucket = us <= 1 ? 0 : Math.min(buckets - 1, (Math.log2(us) * bucketsOfDoubling) | 0);
    this.#counts[bucket]!++;
    this.count++;
    this.#sumMs += ms;
  }

  get meanMs(): number {
    return this.#sumMs / this.count;
  }

  /** The middle of the bucket that holds the given share, in microseconds; NaN where nothing was added. */
  percentileUs(share: number): number {
    let left = share * this.count;
    for (let bucket = 0; bucket < buckets; bucket++) {
      left -= this.#counts[bucket]!;
      if (left <= 0) return 2 ** ((bucket + 0.5) / bucketsOfDoubling);
    }
    return Number.NaN;
  }

  /** As what so many seconds gave; more calls may have been made than were timed. */
  result(seconds: number, operations = this.count): TaskResult {
    return {
      operations,
      perSecond: operations / seconds,
      p50Us: this.percentileUs(0.5),
      p99Us: this.percentileUs(0.99),
    };
  }
}

/** NaN where there are none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length % 2 === 1) return sorted[middle]!;
  return (sorted[middle - 1]! + sorted[middle]!) / 2;
}
