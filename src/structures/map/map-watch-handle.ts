/**
 * Watching a map: an Observable that asks the partitions concerned for what is new, each with a cursor of
 * its own.
 *
 * Invariants
 * 1. What is watched is the map that was found when the watch began, and no other that takes its name. The one
 *    exception is a process that goes on in another lineage: there the map of that name is watched from
 *    then on, and a gap is told.
 * 2. A process that comes back under another identity goes on with its watches where they were.
 * 3. Where partitions begin late, one gap is told with the first of them, and another when the last has begun.
 * 4. A watch ends without an error only where the map was destroyed, or this process has left the grid.
 */
import { map, Observable, share } from 'rxjs';
import type { Timer } from '../../base/clock.ts';
import { GridError } from '../../base/errors.ts';
import type { Key, MapChange } from '../../grid.ts';
import type { StructureRow } from '../../partition/router-port.ts';
import { StructureHandle } from '../structure-handle.ts';
import {
  isPassing,
  PartitionWatch,
  pollTimeoutMs,
  type Told,
  type WatchedMap,
  type WatchTarget,
} from './map-partition-watch.ts';
import { keyOut, valueOut } from './map-results.ts';

/** How often it looks whether this process is back in the grid. */
const lookMs = 250;

export function watched<K extends Key, V>(
  handle: StructureHandle,
  target: WatchTarget,
): Observable<MapChange<K, V>> {
  return told(handle, target).pipe(map(changeOut<K, V>));
}

/** One watch for all who subscribe; each of them is given objects of its own. */
export function sharedWatch<K extends Key, V>(
  handle: StructureHandle,
  target: WatchTarget,
): Observable<MapChange<K, V>> {
  return told(handle, target).pipe(share(), map(changeOut<K, V>));
}

function changeOut<K extends Key, V>(change: Told): MapChange<K, V> {
  if (change.type === 'gap') return { type: 'gap' };
  const { type, version, key, value, previous } = change;
  if (type === 'clear' || key === undefined) return { type: 'clear', version };
  const before = previous === undefined ? {} : { previous: valueOut<V>(previous) };
  const named = { key: keyOut<K>(key), ...before, version };
  if (type !== 'set' || value === undefined) return { type: type as 'delete' | 'expire', ...named };
  return { type, value: valueOut<V>(value), ...named };
}

function told(handle: StructureHandle, target: WatchTarget): Observable<Told> {
  return new Observable((subscriber) => {
    const watch = new MapWatch(handle, target, {
      tell(change) {
        if (!subscriber.closed) subscriber.next(change);
        return !subscriber.closed;
      },
      ended(error) {
        if (error === undefined) subscriber.complete();
        else subscriber.error(error);
      },
    });
    watch.start();
    return () => watch.stop();
  });
}

type Listener = Pick<WatchedMap, 'tell' | 'ended'>;

class MapWatch implements WatchedMap {
  readonly target: WatchTarget;
  readonly #handle: StructureHandle;
  readonly #listener: Listener;
  readonly #end = new AbortController();
  #pinned: StructureHandle;
  /** Where the map was found; undefined before. */
  #lineage: string | undefined;
  #partitions: readonly PartitionWatch[] = [];
  /** The map could not be looked for when the watch began, and may have been written meanwhile. */
  #isLate = false;
  /** Partitions that have not begun yet, and whether any of the others was late. */
  #toBegin = 0;
  #wasLate = false;
  #look: Timer | undefined;

  constructor(handle: StructureHandle, target: WatchTarget, listener: Listener) {
    this.target = target;
    this.#handle = handle;
    this.#pinned = handle;
    this.#listener = listener;
  }

  get pinned(): StructureHandle {
    return this.#pinned;
  }

  get isHere(): boolean {
    return this.#lineage !== undefined && this.#handle.router.lineage === this.#lineage;
  }

  start(): void {
    this.#seek();
  }

  stop(): void {
    this.#end.abort();
    this.#look?.cancel();
    for (const partition of this.#partitions) partition.stop();
  }

  tell(change: Told): boolean {
    return this.#listener.tell(change);
  }

  begun(isLate: boolean): boolean {
    this.#toBegin--;
    const isFirst = isLate && !this.#wasLate;
    this.#wasLate ||= isLate;
    const isLast = this.#toBegin === 0 && this.#wasLate;
    return isFirst || isLast ? this.tell({ type: 'gap' }) : true;
  }

  lost(): void {
    for (const partition of this.#partitions) partition.stop();
    this.#seek();
  }

  ended(error: unknown): void {
    this.stop();
    this.#listener.ended(GridError.is(error, 'GRID_OVERLOADED') ? this.#noRoom(error) : error);
  }

  #seek(): void {
    if (this.#end.signal.aborted) return;
    const { closed, lineage } = this.#handle.router;
    if (closed !== undefined) this.ended(closed.error);
    else if (lineage === undefined) this.#seekLater();
    else if (lineage === this.#lineage) this.#ask();
    else this.#find(lineage);
  }

  #seekLater(): void {
    if (this.#lineage === undefined) this.#isLate = true;
    this.#look?.cancel();
    this.#look = this.#handle.clock.setTimer(lookMs, () => this.#seek());
  }

  /** Before the map is known, its partitions may not be either. */
  #find(lineage: string): void {
    const options = { timeout: pollTimeoutMs, signal: this.#end.signal };
    const found = (row: StructureRow) => {
      if (this.#handle.router.lineage === lineage) this.#found(row, lineage);
      else this.#seek();
    };
    try {
      this.#handle.whenReady(options, found, (error) => this.#notFound(error));
    } catch (error) {
      this.ended(error);
    }
  }

  #notFound(error: unknown): void {
    if (this.#end.signal.aborted) return;
    if (isPassing(error) || GridError.is(error, 'GRID_CLOSED')) this.#seekLater();
    else this.ended(error);
  }

  #found(row: StructureRow, lineage: string): void {
    const { router, clock, limits, name } = this.#handle;
    const own = { type: 'map', name, definition: {}, only: row };
    this.#pinned = new StructureHandle({ router, clock, limits, ...own });
    const isFirst = this.#lineage === undefined;
    if (isFirst) {
      const partitions = partitionsOf(this.#pinned, this.target);
      this.#partitions = partitions.map((index) => new PartitionWatch(this, index));
    }
    if (!isFirst || this.#isLate) for (const partition of this.#partitions) partition.forget();
    this.#toBegin = this.#partitions.length;
    this.#wasLate = false;
    this.#lineage = lineage;
    this.#ask();
  }

  /** Each partition that is watched is a call that waits, and a process has so many of them. */
  #noRoom(cause: GridError): GridError {
    const { name } = this.#handle;
    const asked = this.#partitions.length;
    const message = `expected room for a watch of the map '${name}', which asks ${asked} partitions, found too much that waits in this process (${cause.message}); watch keys, which are in one partition each, or subscribe to the \`changes\` of one handle`;
    return new GridError('GRID_OVERLOADED', message, { cause });
  }

  #ask(): void {
    for (const partition of this.#partitions) {
      // A primary in this process answers before `submit` returns, and what it tells may end the watch.
      if (this.#end.signal.aborted || !this.isHere) return;
      partition.start();
    }
  }
}

function partitionsOf(handle: StructureHandle, { hash }: WatchTarget): readonly number[] {
  return hash === undefined
    ? [...Array(handle.router.partitions).keys()]
    : [handle.partitionOf(hash)];
}
