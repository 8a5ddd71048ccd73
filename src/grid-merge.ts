/** The contract with users about merges: what becomes of two sides of a split that meet again. Types only. */
import type { MapEntry } from './grid.ts';

/** What a merge did to one structure. */
export interface MergedStructure {
  readonly type: string;
  readonly name: string;
  readonly kept: number;
  readonly discarded: number;
}

/**
 * Decides on a key that the other side of a split has changed: gives the value that is to be there, or
 * undefined for none. `existing` is what the side has that stays. It may run several times and has no effects.
 */
export type MergePolicy = (
  existing: MapEntry<unknown, unknown> | undefined,
  incoming: MapEntry<unknown, unknown>,
) => unknown;

export type MergePolicyName =
  | 'putIfAbsent'
  | 'latestUpdate'
  | 'higherHits'
  | 'discard'
  | 'passThrough';
