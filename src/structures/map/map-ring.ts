/**
 * The last changes of a map in one partition, kept while anybody watches. Only a primary has it; it is
 * not copied, and a new primary begins anew.
 *
 * Invariants
 * 1. It holds every change after the last one it lost, in order; a watcher that has seen less than it
 *    lost is told of a gap, never silently passed on.
 * 2. At most `entriesMax` changes and about `bytesMax` bytes, one change at least. The oldest go first.
 * 3. Who waits for a key is woken by a change of it, or of everything.
 */
import { sameBytes } from '../../wire/bytes.ts';
import { startsWithText } from '../../wire/key.ts';
import {
  type Cursor,
  changeBytes,
  type RawChange,
  type WatchQuery,
  watchKinds,
} from './map-watch-ops.ts';

const entriesMax = 1_024;
const bytesMax = 262_144;
/** A value before the change is left out of what would be larger than this with it. */
const withPreviousMax = 65_536;
/** About the size of an answer. */
const pageBytes = 65_536;
/** A watcher that passed over so many changes is told how far it is. */
const passedMax = 256;
/** What was lost is known by the hashes of keys, this finely. */
const lostSlots = 1_024;
const waitsMax = 65_536;
/** A ring that nobody has asked for this long is dropped: some turns of polling. */
const idleMs = 30_000;
const wordBytes = 64;

interface Entry extends Cursor {
  readonly hash: number;
  /** Undefined: all keys. */
  readonly key: Uint8Array | undefined;
  readonly bytes: Uint8Array;
}

export interface RingPage {
  readonly changes: Uint8Array;
  /** What the watcher is to ask for next. */
  readonly next: Cursor;
  /** Nothing to tell, not even how far it is. */
  readonly isEmpty: boolean;
}

/** The key under which reads wait for a change of a key; other than `anyWrite`. */
export function waitKeyOf(hash: number): number {
  return hash + 1;
}

export class ChangeRing {
  #entries: Entry[] = [];
  #bytes = 0;
  #lost: Cursor;
  /** The last change that was lost of all keys: of each, but where `#lostOf` says a later one. */
  #lostOfAll: number;
  /** By slots of hashes, from the first loss of a single key on: most rings never have one. */
  #lostOf: Float64Array | undefined;
  readonly #waits = new Set<number>();
  #polledAt = 0;

  /** Whatever happened up to `lost` is not here. */
  constructor(lost: number) {
    this.#lost = { sequence: lost, index: Number.MAX_SAFE_INTEGER };
    this.#lostOfAll = lost;
  }

  isIdle(gridTime: number): boolean {
    return gridTime > this.#polledAt + idleMs;
  }

  polled(gridTime: number): void {
    if (gridTime > this.#polledAt) this.#polledAt = gridTime;
  }

  /** Notes that somebody waits for a key; false at the bound. */
  waitFor(hash: number): boolean {
    if (this.#waits.size < waitsMax) this.#waits.add(hash);
    return this.#waits.has(hash);
  }

  /** Adds a change, and to `wakes` who is to hear of it. */
  add(change: RawChange, hash: number, wakes: number[]): void {
    const last = this.#entries.at(-1);
    const isOfOneWrite = last?.sequence === change.version;
    const index = isOfOneWrite ? last.index + 1 : 0;
    const bytes = changeBytes(fitting(change));
    this.#entries.push({ sequence: change.version, index, hash, key: change.key, bytes });
    this.#bytes += bytes.length + wordBytes;
    if (change.key !== undefined) {
      if (this.#waits.delete(hash)) wakes.push(waitKeyOf(hash));
    } else {
      for (const waiting of this.#waits) wakes.push(waitKeyOf(waiting));
      this.#waits.clear();
    }
    this.#shorten();
  }

  /** Whether a watcher may have missed something. */
  isBehind({ kind, sequence, index }: WatchQuery, hash: number): boolean {
    if (kind === watchKinds.key) return this.#lostBy(hash) >= sequence;
    return !isBefore(this.#lost, { sequence, index });
  }

  /** What a watcher has not seen yet; `end` is the cursor of the changes to come. */
  read(query: WatchQuery, hash: number, end: Cursor): RingPage {
    let at = this.#entries.length;
    while (at > 0 && !isBefore(this.#entries[at - 1] as Entry, query)) at -= 1;
    const found: Uint8Array[] = [];
    let bytes = 0;
    const from = at;
    for (; at < this.#entries.length && bytes < pageBytes; at++) {
      const entry = this.#entries[at] as Entry;
      if (!concerns(query, hash, entry)) continue;
      found.push(entry.bytes);
      bytes += entry.bytes.length;
    }
    const next = this.#entries[at] ?? end;
    const isEmpty = found.length === 0 && at - from < passedMax;
    return { changes: joined(found, bytes), next, isEmpty };
  }

  #shorten(): void {
    let gone = 0;
    const { length } = this.#entries;
    // Many go at once, so that each costs little.
    const isFull = length > entriesMax || this.#bytes > bytesMax;
    if (!isFull) return;
    while (gone < length - 1 && (gone < length >>> 3 || this.#bytes > bytesMax)) {
      const entry = this.#entries[gone++] as Entry;
      this.#bytes -= entry.bytes.length + wordBytes;
      this.#lost = { sequence: entry.sequence, index: entry.index };
      this.#lose(entry);
    }
    this.#entries = this.#entries.slice(gone);
  }

  #lose({ key, hash, sequence }: Entry): void {
    if (key === undefined) {
      this.#lostOfAll = sequence;
      this.#lostOf = undefined;
    } else {
      this.#lostOf ??= new Float64Array(lostSlots).fill(this.#lostOfAll);
      this.#lostOf[hash % lostSlots] = sequence;
    }
  }

  #lostBy(hash: number): number {
    return this.#lostOf?.[hash % lostSlots] ?? this.#lostOfAll;
  }
}

function isBefore(one: Cursor, other: Cursor): boolean {
  if (one.sequence !== other.sequence) return one.sequence < other.sequence;
  return one.index < other.index;
}

function concerns({ kind, key }: WatchQuery, hash: number, entry: Entry): boolean {
  if (kind === watchKinds.all || entry.key === undefined) return true;
  if (kind === watchKinds.prefix) return startsWithText(entry.key, key);
  return entry.hash === hash && sameBytes(entry.key, key);
}

function fitting(change: RawChange): RawChange {
  const { key, value, previous } = change;
  const bytes = (key?.length ?? 0) + (value?.length ?? 0) + (previous?.length ?? 0);
  if (previous === undefined || bytes <= withPreviousMax) return change;
  return { ...change, previous: undefined };
}

function joined(blocks: readonly Uint8Array[], length: number): Uint8Array {
  const all = new Uint8Array(length);
  let at = 0;
  for (const block of blocks) {
    all.set(block, at);
    at += block.length;
  }
  return all;
}
