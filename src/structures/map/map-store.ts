/**
 * The records of a map in one partition, and what the map's ops do to them.
 *
 * Invariants
 * 1. A write is read to its end before anything is changed, so an op that is refused has changed nothing.
 * 2. The version of a record is the sequence of its last write, so it grows with every write.
 * 3. A result shares no memory with the records.
 */
import { murmur3 } from '../../base/hash.ts';
import { rangesPerTable } from '../../partition/arena/hash-index.ts';
import { RecordTable } from '../../partition/arena/record-table.ts';
import {
  type RunContext,
  type RunResult,
  type Store,
  type StructureType,
  wholeStructure,
} from '../../partition/store.ts';
import { ByteReader, ByteWriter, sameBytes } from '../../wire/bytes.ts';
import { applyChanges, writeClear, writeDelete, writePut, writeRecord } from './map-changes.ts';
import { addedNumber } from './map-numbers.ts';
import {
  checkedKey,
  checkedValue,
  readKeys,
  readKeyValue,
  readWriteHead,
} from './map-op-reader.ts';
import { mapOps, no, nothing, scanEnd, scanKinds, unknownOp, writesFrom, yes } from './map-ops.ts';

/** About the size of a page of a scan; one record is always given. */
const pageBytes = 65_536;
/** What `getMany` gives at once; the handle asks again for the rest. */
const manyBytesMax = 1_048_576;
/** A deadline has six bytes; what lies beyond is for ever, more or less. */
const deadlineMax = 2 ** 48 - 1;
const hashesPerRange = 2 ** 24;

export const mapType: StructureType = {
  name: 'map',
  createStore: () => new MapStore(),
};

export class MapStore implements Store {
  readonly ranges = rangesPerTable;
  readonly #table = new RecordTable();
  readonly #writer = new ByteWriter();

  get entries(): number {
    return this.#table.entries;
  }

  get bytes(): number {
    return this.#table.bytes;
  }

  // Nothing expires yet.
  isDue(): boolean {
    return false;
  }

  housekeep(): RunResult {
    return { result: nothing, changes: nothing, touched: wholeStructure };
  }

  isWrite(op: Uint8Array): boolean {
    return (op[0] ?? 0) >= writesFrom;
  }

  run(op: Uint8Array, context: RunContext): RunResult {
    switch (op[0]) {
      case mapOps.get:
        return this.#get(op);
      case mapOps.set:
        return this.#set(op, context);
      case mapOps.has:
        return this.#has(op);
      case mapOps.getEntry:
        return this.#getEntry(op);
      case mapOps.getMany:
        return this.#getMany(op);
      case mapOps.size:
        return this.#size();
      case mapOps.scan:
        return this.#scan(op);
      case mapOps.delete:
      case mapOps.take:
        return this.#delete(op);
      case mapOps.deleteMany:
        return this.#deleteMany(op);
      case mapOps.clear:
        return this.#clear();
      default:
        return this.#runConditional(op, context);
    }
  }

  apply(changes: Uint8Array): void {
    applyChanges(this.#table, changes);
  }

  copy(from: number, bytes: number): { readonly to: number; readonly content: Uint8Array } {
    const write = (ref: number) => writeRecord(this.#writer, this.#table, ref);
    let to = from;
    while (to < this.ranges && (to === from || this.#writer.length < bytes)) {
      this.#table.eachInRange(to, write);
      to += 1;
    }
    return { to, content: this.#writer.take() };
  }

  restore(from: number, to: number, content: Uint8Array): void {
    for (let range = from; range < to; range++) this.#table.clearRange(range);
    applyChanges(this.#table, content);
  }

  digest(): number {
    return this.#table.digest();
  }

  release(): void {
    this.#table.release();
  }

  #runConditional(op: Uint8Array, context: RunContext): RunResult {
    switch (op[0]) {
      case mapOps.swap:
        return this.#swap(op, context);
      case mapOps.setIfAbsent:
        return this.#setWhere(op, context, false);
      case mapOps.replace:
        return this.#setWhere(op, context, true);
      case mapOps.getOrInsert:
        return this.#getOrInsert(op, context);
      case mapOps.compareAndSet:
        return this.#compareAndSet(op, context);
      case mapOps.setIfVersion:
        return this.#setIfVersion(op, context);
      case mapOps.deleteIfVersion:
        return this.#deleteIfVersion(op);
      case mapOps.increment:
        return this.#increment(op, context);
      case mapOps.setMany:
        return this.#setMany(op, context);
      default:
        throw unknownOp('a code');
    }
  }

  #get(op: Uint8Array): RunResult {
    const key = checkedKey(op.subarray(1));
    const hash = murmur3(key);
    return { result: this.#copyOf(this.#table.find(hash, key)), changes: nothing, touched: hash };
  }

  #has(op: Uint8Array): RunResult {
    const key = checkedKey(op.subarray(1));
    const hash = murmur3(key);
    const result = this.#table.has(hash, key) ? yes : no;
    return { result, changes: nothing, touched: hash };
  }

  #getEntry(op: Uint8Array): RunResult {
    const key = checkedKey(op.subarray(1));
    const touched = murmur3(key);
    const ref = this.#table.find(touched, key);
    if (ref === 0) return { result: nothing, changes: nothing, touched };
    const writer = this.#writer;
    writer.varint(this.#table.version(ref));
    writer.varint(this.#table.created(ref));
    writer.varint(this.#table.updated(ref));
    writer.varint(this.#table.deadline(ref));
    writer.raw(this.#table.value(ref));
    return { result: writer.take(), changes: nothing, touched };
  }

  #getMany(op: Uint8Array): RunResult {
    const keys = readKeys(op);
    const writer = this.#writer;
    for (let i = 0; i < keys.length && writer.length < manyBytesMax; i++) {
      const key = keys[i] as Uint8Array;
      const ref = this.#table.find(murmur3(key), key);
      writer.byte(ref === 0 ? 0 : 1);
      if (ref !== 0) writer.block(this.#table.value(ref));
    }
    return { result: writer.take(), changes: nothing, touched: wholeStructure };
  }

  #size(): RunResult {
    this.#writer.varint(this.#table.entries);
    return { result: this.#writer.take(), changes: nothing, touched: wholeStructure };
  }

  /**
   * A page holds every record whose hash lies in [from, next), whatever happened since the page before,
   * so a scan meets a record that stays once, however the index changes.
   */
  #scan(op: Uint8Array): RunResult {
    const reader = new ByteReader(op, 1);
    const kind = reader.byte();
    const from = reader.varint();
    reader.end();
    if (kind < scanKinds.keys || kind > scanKinds.entries) throw unknownOp('a kind of scan');
    const page = new ByteWriter();
    let next = from;
    while (next < scanEnd && page.length < pageBytes) next = this.#scanRange(page, kind, next);
    this.#writer.varint(next);
    this.#writer.raw(page.take());
    return { result: this.#writer.take(), changes: nothing, touched: wholeStructure };
  }

  /** Writes the records of the rest of a range from a hash on; gives the first hash not written. */
  #scanRange(page: ByteWriter, kind: number, from: number): number {
    const range = Math.floor(from / hashesPerRange);
    const found: { readonly hash: number; readonly ref: number }[] = [];
    this.#table.eachInRange(range, (ref, hash) => {
      if (hash >= from) found.push({ hash, ref });
    });
    found.sort((one, other) => one.hash - other.hash);
    let last = -1;
    for (const { hash, ref } of found) {
      // Records of one hash are never divided between two pages.
      if (page.length >= pageBytes && hash !== last) return hash;
      if ((kind & scanKinds.keys) !== 0) page.block(this.#table.key(ref));
      if ((kind & scanKinds.values) !== 0) page.block(this.#table.value(ref));
      last = hash;
    }
    return (range + 1) * hashesPerRange;
  }

  #set(op: Uint8Array, context: RunContext): RunResult {
    const { key, hash, value, ttlMs } = readKeyValue(op);
    this.#put(hash, key, value, ttlMs, context);
    return { result: nothing, changes: this.#writer.take(), touched: hash };
  }

  #swap(op: Uint8Array, context: RunContext): RunResult {
    const { key, hash, value, ttlMs } = readKeyValue(op);
    const result = this.#copyOf(this.#table.find(hash, key));
    this.#put(hash, key, value, ttlMs, context);
    return { result, changes: this.#writer.take(), touched: hash };
  }

  #setWhere(op: Uint8Array, context: RunContext, present: boolean): RunResult {
    const { key, hash, value, ttlMs } = readKeyValue(op);
    if (this.#table.has(hash, key) !== present) return refused(hash);
    this.#put(hash, key, value, ttlMs, context);
    return { result: yes, changes: this.#writer.take(), touched: hash };
  }

  #getOrInsert(op: Uint8Array, context: RunContext): RunResult {
    const { key, hash, value, ttlMs } = readKeyValue(op);
    const ref = this.#table.find(hash, key);
    if (ref !== 0) return { result: this.#copyOf(ref), changes: nothing, touched: hash };
    this.#put(hash, key, value, ttlMs, context);
    return { result: new Uint8Array(value), changes: this.#writer.take(), touched: hash };
  }

  #compareAndSet(op: Uint8Array, context: RunContext): RunResult {
    const reader = new ByteReader(op, 1);
    const head = readWriteHead(reader);
    const key = checkedKey(reader.block());
    const expected = reader.block();
    const next = checkedValue(reader.rest());
    const hash = murmur3(key);
    const ref = this.#table.find(hash, key);
    const isMet = ref === 0 ? head.matchesAbsent : sameBytes(this.#table.value(ref), expected);
    if (!isMet) return refused(hash);
    this.#put(hash, key, next, head.ttlMs, context);
    return { result: yes, changes: this.#writer.take(), touched: hash };
  }

  #setIfVersion(op: Uint8Array, context: RunContext): RunResult {
    const reader = new ByteReader(op, 1);
    const { ttlMs } = readWriteHead(reader);
    const key = checkedKey(reader.block());
    const version = reader.varint();
    const value = checkedValue(reader.rest());
    const hash = murmur3(key);
    if (this.#versionOf(hash, key) !== version) return refused(hash);
    this.#put(hash, key, value, ttlMs, context);
    return { result: yes, changes: this.#writer.take(), touched: hash };
  }

  #deleteIfVersion(op: Uint8Array): RunResult {
    const reader = new ByteReader(op, 1);
    const version = reader.varint();
    const key = checkedKey(reader.rest());
    const hash = murmur3(key);
    if (this.#versionOf(hash, key) !== version) return refused(hash);
    // Version 0 and absent: what is wanted is so already.
    if (this.#table.delete(hash, key)) writeDelete(this.#writer, key);
    return { result: yes, changes: this.#writer.take(), touched: hash };
  }

  #increment(op: Uint8Array, context: RunContext): RunResult {
    const reader = new ByteReader(op, 1);
    const by = reader.float();
    const key = checkedKey(reader.rest());
    const hash = murmur3(key);
    const ref = this.#table.find(hash, key);
    const sum = addedNumber(ref === 0 ? undefined : this.#table.value(ref), by);
    // What counts goes on to expire when it would have.
    const deadline = ref === 0 ? 0 : this.#table.deadline(ref);
    this.#putUntil(hash, key, sum, deadline, context);
    return { result: sum, changes: this.#writer.take(), touched: hash };
  }

  #setMany(op: Uint8Array, context: RunContext): RunResult {
    const reader = new ByteReader(op, 1);
    const { ttlMs } = readWriteHead(reader);
    const pairs: { readonly key: Uint8Array; readonly value: Uint8Array }[] = [];
    while (!reader.isAtEnd) {
      const key = checkedKey(reader.block());
      pairs.push({ key, value: checkedValue(reader.block()) });
    }
    for (const { key, value } of pairs) this.#put(murmur3(key), key, value, ttlMs, context);
    return { result: nothing, changes: this.#writer.take(), touched: wholeStructure };
  }

  /** delete says whether there was a record, take gives its value. */
  #delete(op: Uint8Array): RunResult {
    const key = checkedKey(op.subarray(1));
    const hash = murmur3(key);
    const isTake = op[0] === mapOps.take;
    const ref = this.#table.find(hash, key);
    if (ref === 0) return { result: isTake ? nothing : no, changes: nothing, touched: hash };
    const result = isTake ? this.#copyOf(ref) : yes;
    this.#table.delete(hash, key);
    writeDelete(this.#writer, key);
    return { result, changes: this.#writer.take(), touched: hash };
  }

  #deleteMany(op: Uint8Array): RunResult {
    let deleted = 0;
    for (const key of readKeys(op)) {
      if (!this.#table.delete(murmur3(key), key)) continue;
      writeDelete(this.#writer, key);
      deleted += 1;
    }
    const changes = this.#writer.take();
    this.#writer.varint(deleted);
    return { result: this.#writer.take(), changes, touched: wholeStructure };
  }

  #clear(): RunResult {
    if (this.#table.entries > 0) writeClear(this.#writer);
    this.#table.release();
    return { result: nothing, changes: this.#writer.take(), touched: wholeStructure };
  }

  #put(hash: number, key: Uint8Array, value: Uint8Array, ttlMs: number, context: RunContext): void {
    const deadline = ttlMs === 0 ? 0 : Math.min(deadlineMax, Math.floor(context.gridTime) + ttlMs);
    this.#putUntil(hash, key, value, deadline, context);
  }

  #putUntil(
    hash: number,
    key: Uint8Array,
    value: Uint8Array,
    deadline: number,
    context: RunContext,
  ): void {
    const now = Math.floor(context.gridTime);
    const ref = this.#table.find(hash, key);
    const created = ref === 0 ? now : this.#table.created(ref);
    const updated = Math.max(created, now);
    const meta = { version: context.sequence, deadline, created, updated };
    this.#table.put(hash, key, value, meta);
    writePut(this.#writer, key, value, meta);
  }

  /** 0 where there is no record. */
  #versionOf(hash: number, key: Uint8Array): number {
    const ref = this.#table.find(hash, key);
    return ref === 0 ? 0 : this.#table.version(ref);
  }

  #copyOf(ref: number): Uint8Array {
    return ref === 0 ? nothing : this.#table.value(ref).slice();
  }
}

/** A condition was not met: nothing changed. */
function refused(touched: number): RunResult {
  return { result: no, changes: nothing, touched };
}
