/**
 * What the demo and its member processes say to each other over Node's channel between parent and child.
 *
 * A member tells of every write before it sends it, and of its end as soon as it knows. So when it is
 * killed the demo knows each write that may have taken effect, and each that was acknowledged.
 */

/** A write of a city (`at` is its index) or an increment of a counter (`at` is its number). */
export interface Issue {
  /** Counts the writes of this member. */
  readonly id: number;
  readonly kind: 'city' | 'counter';
  readonly at: number;
}

/** `failed`: certainly not applied. */
export type Ending = 'acknowledged' | 'unknown' | 'failed';

export type ToMember =
  | { readonly do: 'load' }
  | { readonly do: 'work'; readonly member: number; readonly members: number }
  | { readonly do: 'stop' }
  | { readonly do: 'await-safe'; readonly without: string }
  | { readonly do: 'check' }
  | { readonly do: 'leave' };

export type FromMember =
  | { readonly tell: 'ready'; readonly id: string; readonly address: string }
  | { readonly tell: 'progress'; readonly done: number }
  | {
      readonly tell: 'writes';
      readonly issues: readonly Issue[];
      readonly endings: readonly (readonly [id: number, ending: Ending])[];
    }
  | { readonly tell: 'done'; readonly result: WorkResult | CheckResult | undefined }
  | { readonly tell: 'failed'; readonly message: string };

export interface WorkResult {
  readonly reads: number;
  readonly writes: number;
  /** Reads that showed something older than what the same member had written. */
  readonly staleReads: number;
  readonly failures: number;
  /** The longest time between two successful writes through this member. */
  readonly longestGapMs: number;
  readonly slowestWriteMs: number;
}

export interface CheckResult {
  /** Records that were there. */
  readonly entries: number;
  /** Records that were not there, or not as they were loaded. */
  readonly wrong: number;
  /** The last write of each city that was written: its index, and the member and number of the write. */
  readonly written: readonly (readonly [at: number, member: number, id: number])[];
  readonly counters: readonly number[];
}

export const counterCount = 64;
