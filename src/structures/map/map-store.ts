/**
 * What the ops of a map do to its records in one partition.
 *
 * Invariants
 * 1. A write is read to its end before anything is changed, so an op that is refused has changed nothing.
 * 2. The version of a record is the sequence of its last write, so it grows with every write.
 * 3. A result shares no memory with the records.
 * 4. An op meets a record that has expired as absent; one that names it removes it (map-records.ts).
 */
import { pooledCopy } from '../../base/byte-pool.ts';
import { murmur3 } from '../../base/hash.ts';
import type { MergePolicyName } from '../../grid-merge.ts';
import {
  type Glance,
  type Offer,
  type RunContext,
  type RunResult,
  type Since,
  type Store,
  type StructureType,
  wholeStructure,
} from '../../partition/store.ts';
import { ByteReader, ByteWriter, sameBytes } from '../../wire/bytes.ts';
import { mergeResult } from '../merging.ts';
import { glance } from './map-glance.ts';
import { deadlineOf, type Life, type MapLife, mapLife } from './map-life.ts';
import { merge, offer, storePolicy } from './map-merge.ts';
import { addedNumber } from './map-numbers.ts';
import {
  checkedKey,
  checkedValue,
  readKeys,
  readKeyValue,
  readWriteHead,
} from './map-op-reader.ts';
import { mapOps, no, nothing, ttlResults, unknownOp, writesFrom, yes } from './map-ops.ts';
import { MapRecords } from './map-records.ts';
import { found, scanPage } from './map-scan.ts';
import { watch } from './map-watch.ts';

export const mapType: StructureType = {
  name: 'map',
  createStore: (_structure, options) => new MapStore(options),
};

export class MapStore implements Store {
  readonly #records: MapRecords;
  readonly #mergePolicy: MergePolicyName;
  readonly #writer = new ByteWriter();
  readonly #life: MapLife;

  /** `options` are those that the map was created with. */
  constructor(options?: unknown) {
    this.#life = mapLife(options);
    this.#mergePolicy = storePolicy(options);
    this.#records = new MapRecords(this.#mergePolicy === 'higherHits');
  }

  get entries(): number {
    return this.#records.table.entries;
  }

  get bytes(): number {
    return this.#records.table.bytes;
  }

  isDue(gridTime: number): boolean {
    return this.#records.isDue(gridTime) || this.#records.isIdle(gridTime);
  }

  housekeep(context: RunContext): RunResult {
    if (this.#records.isIdle(context.gridTime)) this.#records.unwatch();
    const hash = this.#records.reap(context);
    return this.#ended(nothing, hash < 0 ? wholeStructure : hash);
  }

  isWrite(op: Uint8Array): boolean {
    return (op[0] ?? 0) >= writesFrom;
  }

  run(op: Uint8Array, context: RunContext): RunResult {
    switch (op[0]) {
      case mapOps.get:
        return this.#get(op, context);
      case mapOps.set:
        return this.#set(op, context);
      case mapOps.has:
        return this.#has(op, context);
      case mapOps.getEntry:
        return this.#getEntry(op, context);
      case mapOps.getMany:
        return this.#ended(found(this.#records, op, context), wholeStructure);
      case mapOps.size:
        return this.#size(context);
      case mapOps.scan:
        return this.#ended(scanPage(this.#records, op, context), wholeStructure);
      case mapOps.delete:
      case mapOps.take:
        return this.#delete(op, context);
      case mapOps.deleteMany:
        return this.#deleteMany(op, context);
      case mapOps.clear:
        return this.#clear(context);
      default:
        return this.#runConditional(op, context);
    }
  }

  glance(code: number, key: Uint8Array, gridTime: number): Glance | undefined {
    return glance(this.#records, code, key, gridTime);
  }

  apply(changes: Uint8Array): void {
    this.#records.apply(changes);
  }

  copy(from: number, bytes: number): { readonly to: number; readonly content: Uint8Array } {
    return this.#records.copy(from, bytes);
  }

  restore(from: number, to: number, content: Uint8Array, entries: number): void {
    this.#records.restore(from, to, content, entries);
  }

  offer(from: number, bytes: number, since: Since): Offer {
    return offer(this.#records, from, bytes, since);
  }

  digest(): number {
    return this.#records.table.digest();
  }

  release(): void {
    this.#records.release();
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
        return this.#deleteIfVersion(op, context);
      case mapOps.increment:
        return this.#increment(op, context);
      case mapOps.setMany:
        return this.#setMany(op, context);
      case mapOps.watch:
        return watch(this.#records, op, context);
      case mapOps.ttl:
        return this.#ttl(op, context);
      case mapOps.expire:
        return this.#expire(op, context);
      case mapOps.persist:
        return this.#persist(op, context);
      case mapOps.merge:
      case mapOps.mergeKept:
        return this.#merge(op, context);
      default:
        throw unknownOp('a code');
    }
  }

  #get(op: Uint8Array, context: RunContext): RunResult {
    const key = checkedKey(op.subarray(1));
    const hash = murmur3(key);
    return this.#ended(this.#copyOf(this.#records.live(hash, key, context)), hash);
  }

  #has(op: Uint8Array, context: RunContext): RunResult {
    const key = checkedKey(op.subarray(1));
    const hash = murmur3(key);
    return this.#ended(this.#records.live(hash, key, context) === 0 ? no : yes, hash);
  }

  #getEntry(op: Uint8Array, context: RunContext): RunResult {
    const key = checkedKey(op.subarray(1));
    const hash = murmur3(key);
    const ref = this.#records.live(hash, key, context);
    if (ref === 0) return this.#ended(nothing, hash);
    const { table } = this.#records;
    const writer = this.#writer;
    writer.varint(table.version(ref));
    writer.varint(table.created(ref));
    writer.varint(table.updated(ref));
    writer.varint(table.deadline(ref));
    writer.raw(table.value(ref));
    return this.#ended(writer.take(), hash);
  }

  #size(context: RunContext): RunResult {
    this.#writer.varint(this.#records.count(context));
    return this.#ended(this.#writer.take(), wholeStructure);
  }

  /** What is left, in whole milliseconds, one at least. */
  #ttl(op: Uint8Array, context: RunContext): RunResult {
    const key = checkedKey(op.subarray(1));
    const hash = murmur3(key);
    const ref = this.#records.live(hash, key, context);
    const deadline = ref === 0 ? 0 : this.#records.table.deadline(ref);
    if (ref === 0) this.#writer.varint(ttlResults.absent);
    else if (deadline === 0) this.#writer.varint(ttlResults.forEver);
    else {
      const leftMs = Math.ceil(deadline - this.#records.now(context));
      this.#writer.varint(ttlResults.left + leftMs);
    }
    return this.#ended(this.#writer.take(), hash);
  }

  #set(op: Uint8Array, context: RunContext): RunResult {
    const { key, hash, value, life } = readKeyValue(op);
    this.#put(hash, key, value, life, context);
    return this.#ended(nothing, hash);
  }

  #swap(op: Uint8Array, context: RunContext): RunResult {
    const { key, hash, value, life } = readKeyValue(op);
    const result = this.#copyOf(this.#records.live(hash, key, context));
    this.#put(hash, key, value, life, context);
    return this.#ended(result, hash);
  }

  #setWhere(op: Uint8Array, context: RunContext, isPresent: boolean): RunResult {
    const { key, hash, value, life } = readKeyValue(op);
    const isMet = (this.#records.live(hash, key, context) !== 0) === isPresent;
    if (isMet) this.#put(hash, key, value, life, context);
    return this.#ended(isMet ? yes : no, hash);
  }

  #getOrInsert(op: Uint8Array, context: RunContext): RunResult {
    const { key, hash, value, life } = readKeyValue(op);
    const ref = this.#records.live(hash, key, context);
    if (ref !== 0) return this.#ended(this.#copyOf(ref), hash);
    this.#put(hash, key, value, life, context);
    return this.#ended(pooledCopy(value), hash);
  }

  #compareAndSet(op: Uint8Array, context: RunContext): RunResult {
    const reader = new ByteReader(op, 1);
    const head = readWriteHead(reader);
    const key = checkedKey(reader.block());
    const expected = reader.block();
    const next = checkedValue(reader.rest());
    const hash = murmur3(key);
    const ref = this.#records.live(hash, key, context);
    const isMet =
      ref === 0 ? head.matchesAbsent : sameBytes(this.#records.table.value(ref), expected);
    if (isMet) this.#put(hash, key, next, head.life, context);
    return this.#ended(isMet ? yes : no, hash);
  }

  #setIfVersion(op: Uint8Array, context: RunContext): RunResult {
    const reader = new ByteReader(op, 1);
    const head = readWriteHead(reader);
    const key = checkedKey(reader.block());
    const version = reader.varint();
    const value = checkedValue(reader.rest());
    const hash = murmur3(key);
    const ref = this.#records.live(hash, key, context);
    const isMet = (ref === 0 ? 0 : this.#records.table.version(ref)) === version;
    if (isMet && head.keepsDeadline && ref !== 0) {
      this.#records.write(hash, key, value, this.#records.table.deadline(ref), context);
    } else if (isMet) {
      this.#put(hash, key, value, head.life, context);
    }
    return this.#ended(isMet ? yes : no, hash);
  }

  #deleteIfVersion(op: Uint8Array, context: RunContext): RunResult {
    const reader = new ByteReader(op, 1);
    const version = reader.varint();
    const key = checkedKey(reader.rest());
    const hash = murmur3(key);
    const ref = this.#records.live(hash, key, context);
    const isMet = (ref === 0 ? 0 : this.#records.table.version(ref)) === version;
    // Version 0 and absent: what is wanted is so already.
    if (isMet && ref !== 0) this.#records.remove(hash, key, context);
    return this.#ended(isMet ? yes : no, hash);
  }

  #increment(op: Uint8Array, context: RunContext): RunResult {
    const reader = new ByteReader(op, 1);
    const by = reader.float();
    const key = checkedKey(reader.rest());
    const hash = murmur3(key);
    const { table } = this.#records;
    const ref = this.#records.find(hash, key, context);
    const sum = addedNumber(ref === 0 ? undefined : table.value(ref), by);
    // What counts goes on to expire when it would have.
    if (ref === 0) this.#put(hash, key, sum, {}, context);
    else this.#records.write(hash, key, sum, table.deadline(ref), context);
    return this.#ended(sum, hash);
  }

  #setMany(op: Uint8Array, context: RunContext): RunResult {
    const reader = new ByteReader(op, 1);
    const { life } = readWriteHead(reader);
    const pairs: { readonly key: Uint8Array; readonly value: Uint8Array }[] = [];
    while (!reader.isAtEnd) {
      const key = checkedKey(reader.block());
      pairs.push({ key, value: checkedValue(reader.block()) });
    }
    for (const { key, value } of pairs) this.#put(murmur3(key), key, value, life, context);
    return this.#ended(nothing, wholeStructure);
  }

  /** delete says whether there was a record, take gives its value. */
  #delete(op: Uint8Array, context: RunContext): RunResult {
    const key = checkedKey(op.subarray(1));
    const hash = murmur3(key);
    const isTake = op[0] === mapOps.take;
    const ref = this.#records.live(hash, key, context);
    if (ref === 0) return this.#ended(isTake ? nothing : no, hash);
    const result = isTake ? this.#copyOf(ref) : yes;
    this.#records.remove(hash, key, context);
    return this.#ended(result, hash);
  }

  #deleteMany(op: Uint8Array, context: RunContext): RunResult {
    let deleted = 0;
    for (const key of readKeys(op)) {
      const hash = murmur3(key);
      if (this.#records.live(hash, key, context) === 0) continue;
      this.#records.remove(hash, key, context);
      deleted += 1;
    }
    this.#writer.varint(deleted);
    return this.#ended(this.#writer.take(), wholeStructure);
  }

  #clear(context: RunContext): RunResult {
    this.#records.removeAll(context);
    return this.#ended(nothing, wholeStructure);
  }

  /** Whether it was there. No time at all deletes, as in Redis. */
  #expire(op: Uint8Array, context: RunContext): RunResult {
    const reader = new ByteReader(op, 1);
    const ttlMs = reader.varint();
    const key = checkedKey(reader.rest());
    const hash = murmur3(key);
    const ref = this.#records.live(hash, key, context);
    if (ref === 0) return this.#ended(no, hash);
    if (ttlMs === 0) this.#records.remove(hash, key, context);
    else {
      const life = { ttlMs, jitter: 0 };
      const deadline = this.#deadlineOf(life, hash, context);
      this.#records.setDeadline(hash, key, ref, deadline);
    }
    return this.#ended(yes, hash);
  }

  /** Whether it would have expired. */
  #persist(op: Uint8Array, context: RunContext): RunResult {
    const key = checkedKey(op.subarray(1));
    const hash = murmur3(key);
    const ref = this.#records.live(hash, key, context);
    const isMortal = ref !== 0 && this.#records.table.deadline(ref) !== 0;
    if (isMortal) this.#records.setDeadline(hash, key, ref, 0);
    return this.#ended(isMortal ? yes : no, hash);
  }

  #merge(op: Uint8Array, context: RunContext): RunResult {
    const count = merge(this.#records, op, this.#mergePolicy, context);
    return this.#ended(mergeResult(count), wholeStructure);
  }

  #put(hash: number, key: Uint8Array, value: Uint8Array, life: Life, context: RunContext): void {
    this.#records.write(hash, key, value, this.#deadlineOf(life, hash, context), context);
  }

  #deadlineOf(life: Life, hash: number, context: RunContext): number {
    return deadlineOf(life, this.#life, this.#records.now(context), hash, context.sequence);
  }

  #copyOf(ref: number): Uint8Array {
    return ref === 0 ? nothing : pooledCopy(this.#records.table.value(ref));
  }

  #ended(result: Uint8Array, touched: number): RunResult {
    const changes = this.#records.takeChanges();
    const wakes = this.#records.takeWakes();
    return wakes === undefined ? { result, changes, touched } : { result, changes, touched, wakes };
  }
}
