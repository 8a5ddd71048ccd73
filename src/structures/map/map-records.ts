/**
 * The records of a map in one partition, with their deadlines, and the changes that an op makes.
 *
 * Invariants
 * 1. What has expired by grid time is not there: no op sees it, removed or not.
 * 2. Nothing is removed for its age without a change that says so, and none is made by a look
 *    (`sequence` 0). So a backup, which runs no ops, keeps what its primary keeps.
 * 3. Grid time never falls behind a time at which something was hidden: it is removed by a change, or a
 *    mark says how late it was. So a promoted backup whose clock is behind shows nothing again.
 * 4. `lastEvent` is at least the sequence of the last write that a watcher would be told of.
 */
import { murmur3 } from '../../base/hash.ts';
import { endOfPiece, pieceWriter } from '../../partition/arena/copy-bounds.ts';
import { type RecordMeta, RecordTable } from '../../partition/arena/record-table.ts';
import { anyWrite, type RunContext } from '../../partition/store.ts';
import { ChangeWriter } from './change-writer.ts';
import {
  applyChanges,
  type ChangeSink,
  writeClear,
  writeDelete,
  writeMark,
  writePut,
  writeRecord,
} from './map-changes.ts';
import { Deadlines } from './map-deadlines.ts';
import { ChangeRing } from './map-ring.ts';
import type { ChangeType } from './map-watch-ops.ts';

/** What is removed for its age at once, at most. */
const sliceMax = 128;
/** Entries of deadlines beyond two for each record, before they are made anew. */
const slackMax = 1_024;

export class MapRecords implements ChangeSink {
  readonly table = new RecordTable();
  readonly #deadlines = new Deadlines();
  readonly #changes = new ChangeWriter();
  #latest = 0;
  #lastEvent = 0;
  /** Undefined while nobody watches. */
  #ring: ChangeRing | undefined;
  #wakes: number[] = [];
  /** Whether any record ever had a deadline: then what is gone may have expired. */
  #hadDeadlines = false;
  /** How often keys were named, by hash; undefined where nobody asks. */
  readonly #hits: Map<number, number> | undefined;

  constructor(countsHits = false) {
    this.#hits = countsHits ? new Map() : undefined;
  }

  /** Grid time as far as this partition has acted on it. */
  now(context: RunContext): number {
    return this.timeAt(context.gridTime);
  }

  timeAt(gridTime: number): number {
    return Math.max(gridTime, this.#latest);
  }

  isDue(gridTime: number): boolean {
    return this.#deadlines.earliest <= gridTime;
  }

  /** Whether changes are kept for watchers that have gone. */
  isIdle(gridTime: number): boolean {
    return this.#ring?.isIdle(gridTime) === true;
  }

  /** Keeps changes from now on, where it does not yet. */
  watched(context: RunContext): ChangeRing {
    this.#ring ??= new ChangeRing(this.#lastEvent);
    this.#ring.polled(context.gridTime);
    return this.#ring;
  }

  unwatch(): void {
    this.#ring = undefined;
  }

  /** The keys of reads that the op has something for. */
  takeWakes(): readonly number[] | undefined {
    const wakes = this.#wakes;
    if (wakes.length === 0) return undefined;
    this.#wakes = [];
    return wakes;
  }

  /** The record of a key; 0 where there is none or it has expired. Changes nothing. */
  find(hash: number, key: Uint8Array, context: RunContext): number {
    const ref = this.table.find(hash, key);
    return ref === 0 || this.isExpired(ref, this.now(context)) ? 0 : ref;
  }

  /** As `find`; one that has expired is removed, and the changes say so. */
  live(hash: number, key: Uint8Array, context: RunContext): number {
    const ref = this.table.find(hash, key);
    if (ref === 0 || !this.isExpired(ref, this.now(context))) {
      if (ref !== 0 && this.#hits !== undefined) this.#hits.set(hash, this.hitsOf(hash) + 1);
      return ref;
    }
    if (context.sequence > 0) this.#remove(hash, key, 'expire', context);
    return 0;
  }

  isExpired(ref: number, now: number): boolean {
    const deadline = this.table.deadline(ref);
    return deadline !== 0 && deadline <= now;
  }

  /** How many there are. It may take a walk over all of them while many wait to be removed. */
  count(context: RunContext): number {
    this.settle(context);
    const now = this.now(context);
    if (!this.isDue(now)) return this.table.entries;
    let count = 0;
    this.table.each((ref) => {
      if (!this.isExpired(ref, now)) count += 1;
    });
    return count;
  }

  /** Before records are shown that nobody named: a slice goes, a mark stands for the rest. */
  settle(context: RunContext): void {
    if (context.sequence === 0) return;
    this.reap(context);
    const now = this.now(context);
    if (!this.isDue(now)) return;
    this.#latest = Math.floor(now);
    writeMark(this.#changes.open, this.#latest, this.#lastEvent);
  }

  /** Removes a slice of what has expired. Gives the hash of it where it was one record, else -1. */
  reap(context: RunContext): number {
    const now = this.now(context);
    let removed = 0;
    let only = -1;
    for (let looked = 0; looked < sliceMax && this.isDue(now); looked++) {
      const hash = this.#deadlines.take();
      for (const key of this.#expiredOf(hash, now)) {
        this.#remove(hash, key, 'expire', context);
        removed += 1;
        only = hash;
      }
    }
    return removed === 1 ? only : -1;
  }

  /** Writes a record; the version is the sequence of the write. */
  write(
    hash: number,
    key: Uint8Array,
    value: Uint8Array,
    deadline: number,
    context: RunContext,
  ): void {
    const now = Math.floor(this.now(context));
    const ref = this.live(hash, key, context);
    const created = ref === 0 ? now : this.table.created(ref);
    const updated = Math.max(created, now);
    const meta = { version: context.sequence, deadline, created, updated };
    this.#tell('set', hash, key, value, ref, context);
    this.#put(hash, key, value, meta);
    writePut(this.#changes.open, key, value, meta);
  }

  get countsHits(): boolean {
    return this.#hits !== undefined;
  }

  get hadDeadlines(): boolean {
    return this.#hadDeadlines;
  }

  /** How often the keys of a hash were named here since this replica became primary. */
  hitsOf(hash: number): number {
    return this.#hits?.get(hash) ?? 0;
  }

  /** Writes a record of another history: it is as old as it was there. */
  bring(
    hash: number,
    key: Uint8Array,
    value: Uint8Array,
    { deadline, created, updated }: Omit<RecordMeta, 'version'>,
    context: RunContext,
  ): void {
    const ref = this.table.find(hash, key);
    const meta = { version: context.sequence, deadline, created, updated };
    this.#tell('set', hash, key, value, ref, context);
    this.#put(hash, key, value, meta);
    writePut(this.#changes.open, key, value, meta);
  }

  /** Gives a record another deadline. It stays the same version: its value has not changed. */
  setDeadline(hash: number, key: Uint8Array, ref: number, deadline: number): void {
    const { table } = this;
    const value = table.value(ref).slice();
    const meta = {
      version: table.version(ref),
      deadline,
      created: table.created(ref),
      updated: table.updated(ref),
    };
    this.#put(hash, key, value, meta);
    writePut(this.#changes.open, key, value, meta);
  }

  /** Removes a record that is there. */
  remove(hash: number, key: Uint8Array, context: RunContext): void {
    this.#remove(hash, key, 'delete', context);
  }

  removeAll(context: RunContext): void {
    if (this.table.entries === 0) return;
    this.#tell('clear', 0, undefined, undefined, 0, context);
    this.clear(context.sequence);
    writeClear(this.#changes.open, context.sequence);
  }

  /** What the op changed, good until the next one of any map; none is left afterwards. */
  takeChanges(): Uint8Array {
    return this.#changes.take();
  }

  copy(from: number, bytes: number): { readonly to: number; readonly content: Uint8Array } {
    const writer = pieceWriter([this.table], bytes);
    if (this.#latest > 0 || this.#lastEvent > 0) writeMark(writer, this.#latest, this.#lastEvent);
    const to = endOfPiece([this.table], from, bytes);
    this.table.eachBetween(from, to, (ref) => writeRecord(writer, this.table, ref));
    return { to, content: writer.takeView() };
  }

  restore(from: number, to: number, content: Uint8Array, entries: number): void {
    this.table.clearBetween(from, to);
    this.table.reserve(entries);
    this.apply(content);
  }

  apply(changes: Uint8Array): void {
    // A backup keeps no changes, so what a primary kept before it became one ends here.
    this.#ring = undefined;
    this.#hits?.clear();
    applyChanges(this, changes);
  }

  release(): void {
    this.table.release();
    this.#deadlines.clear();
  }

  // --- what changes come down to

  put(key: Uint8Array, value: Uint8Array, meta: RecordMeta): void {
    this.#put(murmur3(key), key, value, meta);
  }

  delete(key: Uint8Array, sequence: number): void {
    this.table.delete(murmur3(key), key);
    this.#note(sequence);
  }

  clear(sequence: number): void {
    this.release();
    this.#note(sequence);
  }

  mark(gridTime: number, lastEvent: number): void {
    if (gridTime > this.#latest) this.#latest = gridTime;
    this.#note(lastEvent);
  }

  #put(hash: number, key: Uint8Array, value: Uint8Array, meta: RecordMeta): void {
    const { deadline } = meta;
    if (deadline !== 0) {
      this.#hadDeadlines = true;
      const ref = this.table.find(hash, key);
      const before = ref === 0 ? 0 : this.table.deadline(ref);
      if (before === 0 || deadline < before) this.#deadlines.add(deadline, hash);
    }
    this.table.put(hash, key, value, meta);
    this.#note(meta.version);
    if (this.#deadlines.size > 2 * this.table.entries + slackMax) this.#indexAnew();
  }

  #remove(hash: number, key: Uint8Array, why: ChangeType, context: RunContext): void {
    this.#hits?.delete(hash);
    this.#tell(why, hash, key, undefined, this.table.find(hash, key), context);
    this.table.delete(hash, key);
    this.#note(context.sequence);
    writeDelete(this.#changes.open, key, context.sequence);
  }

  /** Keeps a change for those who watch; `ref` is the record before it. */
  #tell(
    type: ChangeType,
    hash: number,
    key: Uint8Array | undefined,
    value: Uint8Array | undefined,
    ref: number,
    context: RunContext,
  ): void {
    if (this.#ring === undefined) return;
    const previous = ref === 0 ? undefined : this.table.value(ref).slice();
    // The op that key and value are views into may be gone when the change is told.
    const change = { type, version: context.sequence, key: key?.slice(), value, previous };
    if (this.#wakes.length === 0) this.#wakes.push(anyWrite);
    this.#ring.add(change, hash, this.#wakes);
  }

  #note(sequence: number): void {
    if (sequence > this.#lastEvent) this.#lastEvent = sequence;
  }

  /** The keys of one hash that have expired; the others are to be looked at again in their time. */
  #expiredOf(hash: number, now: number): Uint8Array[] {
    const { table } = this;
    const expired: Uint8Array[] = [];
    let next = 0;
    table.eachOfHash(hash, (ref) => {
      const deadline = table.deadline(ref);
      if (deadline === 0) return;
      if (deadline <= now) expired.push(table.key(ref).slice());
      else if (next === 0 || deadline < next) next = deadline;
    });
    if (next !== 0) this.#deadlines.add(next, hash);
    return expired;
  }

  /** Forgets the entries of records that are gone. */
  #indexAnew(): void {
    this.#deadlines.clear();
    this.table.each((ref, hash) => {
      const deadline = this.table.deadline(ref);
      if (deadline !== 0) this.#deadlines.add(deadline, hash);
    });
  }
}
