/**
 * What a watch of a map asks one partition, again and again, each time from where it is. Nothing is kept
 * here: a page is told before the next one is asked for.
 */
import type { Timer } from '../../base/clock.ts';
import { GridError } from '../../base/errors.ts';
import { Call, decoding } from '../call.ts';
import type { StructureHandle } from '../structure-handle.ts';
import {
  type Cursor,
  type RawChange,
  readWatchResult,
  type WatchKind,
  type WatchResult,
  watchOp,
} from './map-watch-ops.ts';

export interface WatchTarget {
  readonly kind: WatchKind;
  /** An encoded key; for a prefix, that of the text. */
  readonly key: Uint8Array;
  /** Of the key, which is in one partition; undefined where all are asked. */
  readonly hash: number | undefined;
}

/** What a watch is told, not decoded yet: each who listens is given objects of its own. */
export type Told = RawChange | { readonly type: 'gap' };

/** The watch of a whole map, as its partitions see it. */
export interface WatchedMap {
  readonly target: WatchTarget;
  /** Of this map, and of no other of its name. */
  readonly pinned: StructureHandle;
  /** Whether this process is where the map was found: elsewhere cursors mean nothing. */
  readonly isHere: boolean;
  /** False where nobody listens any more. */
  tell(change: Told): boolean;
  /** A partition was asked for the first time; late where something may have been written before. As `tell`. */
  begun(isLate: boolean): boolean;
  /** It is not here any more. */
  lost(): void;
  ended(error: unknown): void;
}

/** Over what a primary holds a read for. */
export const pollTimeoutMs = 30_000;
const retryMs = 500;
/**
 * What passes: the next attempt may be answered. That this process has no room for another call that waits passes
 * only when others end theirs, and whoever watches is to know.
 */
const passing: ReadonlySet<string> = new Set([
  'GRID_TIMEOUT',
  'GRID_NO_QUORUM',
  'GRID_PARTITION_LOST',
  'GRID_UNREACHABLE',
  'GRID_INDETERMINATE',
]);
/** Sequences of one history of a partition; another begins at a multiple of it (PROTOCOL.md rule 5). */
const sequencesPerGeneration = 2 ** 40;
const fromNow: Cursor = { sequence: 0, index: 0 };

export class PartitionWatch {
  readonly #map: WatchedMap;
  readonly #partition: number;
  #asking = new AbortController();
  #cursor = fromNow;
  /** It is to begin now, and should have begun before. */
  #isLate = false;
  #hasBegun = false;
  #retry: Timer | undefined;

  constructor(map: WatchedMap, partition: number) {
    this.#map = map;
    this.#partition = partition;
  }

  /** Asks from where it is; to be called when it was not started yet, or was stopped. */
  start(): void {
    this.#asking = new AbortController();
    this.#ask(this.#asking.signal);
  }

  /** It may be started again. */
  stop(): void {
    this.#asking.abort();
    this.#retry?.cancel();
    this.#noteDelay();
  }

  /** What it has seen was of another history: it begins anew. */
  forget(): void {
    this.#cursor = fromNow;
    this.#hasBegun = false;
    this.#noteDelay();
  }

  #noteDelay(): void {
    if (this.#cursor.sequence === 0) this.#isLate = true;
  }

  #ask(signal: AbortSignal): void {
    const { isHere, pinned, target } = this.#map;
    if (!isHere) {
      this.#map.lost();
      return;
    }
    const failed = (error: unknown) => this.#failed(error, signal);
    const told = () => {};
    try {
      const poll = new Call(
        this.#partition,
        undefined,
        watchOp(target.kind, target.key, this.#cursor),
        false,
        { timeout: pollTimeoutMs, signal },
        // What cannot be told ends it as well as what cannot be read.
        decoding((result) => this.#answered(readWatchResult(result), signal), told, failed),
        failed,
      );
      poll.isPoll = true;
      // A write that followed may come before it, which is as if the watch had begun after that.
      if (this.#cursor.sequence === 0) poll.onResent = () => this.#noteDelay();
      pinned.submit(poll);
    } catch (error) {
      failed(error);
    }
  }

  #answered(result: WatchResult, signal: AbortSignal): void {
    if (signal.aborted) return;
    const before = this.#cursor;
    this.#cursor = result.next;
    const isOther = before.sequence > 0 && generationOf(before) !== generationOf(result.next);
    const [isLate, isFirst] = [this.#isLate, !this.#hasBegun];
    [this.#isLate, this.#hasBegun] = [false, true];
    if (isFirst && !this.#map.begun(isLate)) return;
    const isGap = result.isGap || isOther || (isLate && !isFirst);
    if (isGap && !this.#map.tell({ type: 'gap' })) return;
    for (const change of result.changes) if (!this.#map.tell(change)) return;
    // Who was told may have ended the watch.
    if (!signal.aborted) this.#ask(signal);
  }

  #failed(error: unknown, signal: AbortSignal): void {
    if (signal.aborted) return;
    this.#noteDelay();
    if (!this.#map.isHere) this.#map.lost();
    // The grid is there, so it is the map that is gone.
    else if (GridError.is(error, 'GRID_CLOSED')) this.#map.ended(undefined);
    else if (isPassing(error)) {
      const { clock } = this.#map.pinned;
      this.#retry = clock.setTimer(retryMs, () => this.#ask(signal));
    } else this.#map.ended(error);
  }
}

export function isPassing(error: unknown): boolean {
  return GridError.is(error) && passing.has(error.code);
}

function generationOf({ sequence }: Cursor): number {
  return Math.floor(sequence / sequencesPerGeneration);
}
