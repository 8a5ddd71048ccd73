/**
 * Watching a map: an Observable that asks the partitions concerned for what is new, each with a cursor of
 * its own. Nothing is kept here: a page is told before the next one is asked for.
 */
import { Observable } from 'rxjs';
import { GridError } from '../../base/errors.ts';
import type { StructureId } from '../../base/ids.ts';
import type { Key, MapChange } from '../../grid.ts';
import type { StructureHandle } from '../structure-handle.ts';
import { keyOut, valueOut } from './map-results.ts';
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

/** Over what a primary holds a read for. */
const pollTimeoutMs = 30_000;
const retryMs = 500;
/** What passes: the next attempt may be answered. */
const passing: ReadonlySet<string> = new Set([
  'GRID_TIMEOUT',
  'GRID_OVERLOADED',
  'GRID_NO_QUORUM',
  'GRID_PARTITION_LOST',
  'GRID_UNREACHABLE',
  'GRID_INDETERMINATE',
]);
/** Sequences of one history of a partition; another begins at a multiple of it (PROTOCOL.md rule 5). */
const sequencesPerGeneration = 2 ** 40;

/** Completes when the map is destroyed or the grid closed. */
export function watched<K extends Key, V>(
  handle: StructureHandle,
  target: WatchTarget,
): Observable<MapChange<K, V>> {
  return new Observable((subscriber) => {
    let watches: PartitionWatch[] = [];
    const end = new AbortController();
    const stop = () => {
      end.abort();
      for (const watch of watches) watch.stop();
    };
    const listener: Listener = {
      tell(change) {
        if (!subscriber.closed) subscriber.next(change as MapChange<K, V>);
        return !subscriber.closed;
      },
      ended(error) {
        stop();
        if (error === undefined) subscriber.complete();
        else subscriber.error(error);
      },
    };
    const begin = () => {
      const partitions = partitionsOf(handle, target);
      watches = partitions.map((index) => new PartitionWatch(handle, target, index, listener));
      for (const watch of watches) watch.ask();
    };
    whenKnown(handle, end.signal, begin, (error) => listener.ended(error));
    return stop;
  });
}

function partitionsOf(handle: StructureHandle, { hash }: WatchTarget): readonly number[] {
  return hash === undefined
    ? [...Array(handle.router.partitions).keys()]
    : [handle.partitionOf(hash)];
}

/** Before the map is known, its partitions may not be either. */
function whenKnown(
  handle: StructureHandle,
  signal: AbortSignal,
  known: () => void,
  failed: (error: unknown) => void,
): void {
  const again = (error: unknown) => {
    if (signal.aborted) return;
    if (!isPassing(error)) failed(GridError.is(error, 'GRID_CLOSED') ? undefined : error);
    else handle.clock.setTimer(retryMs, () => whenKnown(handle, signal, known, failed));
  };
  try {
    if (signal.aborted) return;
    if (handle.known !== undefined) known();
    // It never rejects: what fails is passed on.
    else {
      const then = () => whenKnown(handle, signal, known, failed);
      void handle.ready({ timeout: pollTimeoutMs, signal }).then(then, again);
    }
  } catch (error) {
    failed(error);
  }
}

interface Listener {
  /** False where nobody listens any more. */
  tell(change: MapChange<Key, unknown>): boolean;
  ended(error: unknown): void;
}

class PartitionWatch {
  readonly #handle: StructureHandle;
  readonly #target: WatchTarget;
  readonly #partition: number;
  readonly #listener: Listener;
  readonly #end = new AbortController();
  #structure: StructureId | undefined;
  #cursor: Cursor = { sequence: 0, index: 0 };

  constructor(handle: StructureHandle, target: WatchTarget, partition: number, listener: Listener) {
    this.#handle = handle;
    this.#target = target;
    this.#partition = partition;
    this.#listener = listener;
  }

  stop(): void {
    this.#end.abort();
  }

  ask(): void {
    if (this.#end.signal.aborted) return;
    const { kind, key } = this.#target;
    try {
      if (this.#isDestroyed) {
        this.#listener.ended(undefined);
        return;
      }
      this.#handle.submit({
        partition: this.#partition,
        op: watchOp(kind, key, this.#cursor),
        isWrite: false,
        isPoll: true,
        options: { timeout: pollTimeoutMs, signal: this.#end.signal },
        decode: readWatchResult,
        resolve: (result) => this.#answered(result),
        reject: (error) => this.#failed(error),
      });
    } catch (error) {
      this.#failed(error);
    }
  }

  /** A watch never goes on in another map that took the name meanwhile. */
  get #isDestroyed(): boolean {
    return this.#structure !== undefined && this.#handle.known?.id !== this.#structure;
  }

  #answered(result: WatchResult): void {
    if (this.#end.signal.aborted) return;
    this.#structure ??= this.#handle.known?.id;
    const before = this.#cursor;
    this.#cursor = result.next;
    const isOther = before.sequence > 0 && generationOf(before) !== generationOf(result.next);
    if ((result.isGap || isOther) && !this.#listener.tell({ type: 'gap' })) return;
    try {
      for (const raw of result.changes) if (!this.#listener.tell(changeOf(raw))) return;
    } catch (error) {
      this.#listener.ended(error);
      return;
    }
    this.ask();
  }

  #failed(error: unknown): void {
    if (this.#end.signal.aborted) return;
    if (GridError.is(error, 'GRID_CLOSED')) this.#listener.ended(undefined);
    else if (isPassing(error)) {
      this.#handle.clock.setTimer(retryMs, () => this.ask());
    } else this.#listener.ended(error);
  }
}

function isPassing(error: unknown): boolean {
  return GridError.is(error) && passing.has(error.code);
}

function generationOf({ sequence }: Cursor): number {
  return Math.floor(sequence / sequencesPerGeneration);
}

function changeOf({ type, version, key, value, previous }: RawChange): MapChange<Key, unknown> {
  if (type === 'clear' || key === undefined) return { type: 'clear', version };
  const before = previous === undefined ? {} : { previous: valueOut<unknown>(previous) };
  const named = { key: keyOut<Key>(key), ...before, version };
  if (type !== 'set' || value === undefined) return { type: type as 'delete' | 'expire', ...named };
  return { type, value: valueOut<unknown>(value), ...named };
}
