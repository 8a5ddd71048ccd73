/**
 * The records of one structure in one partition, as bytes: slabs hold them, an index finds them by
 * the 32-bit hash of the key. No object is kept per record, so the garbage collector has nothing to
 * scan and a copy is a walk over memory.
 *
 * Invariants
 * 1. A ref is good until the next call that changes the table.
 * 2. The content depends on the calls alone, never on where the bytes lie.
 */
import { assert } from '../../base/assert.ts';
import { copyBytes } from '../../base/byte-pool.ts';
import { GridError } from '../../base/errors.ts';
import { hashCount, murmur3 } from '../../base/hash.ts';
import { HashIndex } from './hash-index.ts';
import { blockBytes, ownerBits, Slabs, unitBytes } from './slabs.ts';
import { readLong, readShort, writeLong, writeShort } from './words.ts';

/** What stands beside key and value. Times are whole milliseconds of grid time. */
export interface RecordMeta {
  /** A whole number below 2^53. */
  readonly version: number;
  /** When the record expires; 0 for never. */
  readonly deadline: number;
  readonly created: number;
  readonly updated: number;
}

/**
 * Layout of a record: the block's word, then these; then the time of its last update where that is not the one at
 * which it was created, and its deadline where it has one. The length of the value is what the block has left, less
 * the bytes that are not used; their number leaves room for the highest five bits of the version.
 */
const ownerAt = 3;
const unusedAt = 4;
const keyLengthAt = 6;
const versionAt = 8;
const createdAt = 14;
const headerBytes = 20;
const timeBytes = 6;
const keyBytesMax = 0xffff;
/** Owner bits of a block: the two lowest say which times there are, the others are the caller's flags. */
const hasDeadline = 1;
const hasUpdate = 2;
const flagsShift = 2;
const flagsMax = ownerBits >>> flagsShift;

const unusedBits = 11;
const unusedMax = 2 ** unusedBits - 1;
/** What the six bytes of a version hold. */
const lowVersions = 2 ** 48;
/** A block is kept for another record of its key if at most an eighth of it stays unused. */
const slackShift = 3;
const compactBytesMin = 1_024;
/** How much is moved for each byte written, so that emptying keeps ahead of filling. */
const compactFactor = 8;

export class RecordTable {
  readonly #slabs = new Slabs();
  readonly #index = new HashIndex();
  readonly #hashOf: (key: Uint8Array) => number;
  #bytes = 0;
  readonly #moved = (from: number, to: number): void => {
    const hash = this.#hashOf(this.key(to));
    let slot = this.#index.first(hash);
    while (slot >= 0 && this.#index.ref(slot) !== from) slot = this.#index.next(hash, slot);
    assert(slot >= 0, 'a record that moves is in the index');
    this.#index.setRef(slot, to);
  };

  /** `hashOf` has to give what callers pass as `hash`. */
  constructor(hashOf: (key: Uint8Array) => number = murmur3) {
    this.#hashOf = hashOf;
  }

  get entries(): number {
    return this.#index.entries;
  }

  /** What the records take, without what is free between them. */
  get bytes(): number {
    return this.#bytes;
  }

  /** What the table takes, free space and index included. */
  get capacityBytes(): number {
    return this.#slabs.capacity + this.#index.capacityBytes;
  }

  /** The record of a key, as a ref; 0 where there is none. */
  find(hash: number, key: Uint8Array): number {
    const slot = this.#slotOf(hash, key);
    return slot < 0 ? 0 : this.#index.ref(slot);
  }

  has(hash: number, key: Uint8Array): boolean {
    return this.#slotOf(hash, key) >= 0;
  }

  /** `key` and `value` are not views into this table. */
  put(hash: number, key: Uint8Array, value: Uint8Array, meta: RecordMeta, flags = 0): void {
    if (key.length > keyBytesMax) {
      throw new GridError('GRID_TOO_LARGE', `A key has ${key.length} bytes, over ${keyBytesMax}`);
    }
    assert(flags <= flagsMax, 'flags fit into four bits');
    const bytes = bytesBeforeKey(timesOf(meta)) + key.length + value.length;
    const slot = this.#slotOf(hash, key);
    const old = slot < 0 ? 0 : this.#index.ref(slot);
    const ref = this.#blockFor(old, bytes);
    if (old === 0) this.#index.add(hash, ref);
    else if (ref !== old) this.#index.setRef(slot, ref);
    this.#write(ref, key, value, meta, flags);
    if (ref !== old && old !== 0) this.#free(old);
    this.#tidyUp(bytes);
  }

  /** Whether there was one. */
  delete(hash: number, key: Uint8Array): boolean {
    const slot = this.#slotOf(hash, key);
    if (slot < 0) return false;
    const ref = this.#index.ref(slot);
    this.#index.remove(slot);
    const bytes = this.#slabs.size(ref);
    this.#free(ref);
    if (this.#index.entries === 0) this.release();
    else this.#tidyUp(bytes);
    return true;
  }

  /** A view of the key; see invariant 1. */
  key(ref: number): Uint8Array {
    const bytes = this.#slabs.bytes(ref);
    const at = this.#slabs.offset(ref);
    const from = at + metaBytes(bytes, at);
    return bytes.subarray(from, from + readShort(bytes, at + keyLengthAt));
  }

  /** A view of the value; see invariant 1. */
  value(ref: number): Uint8Array {
    const bytes = this.#slabs.bytes(ref);
    const at = this.#slabs.offset(ref);
    return bytes.subarray(valueStart(bytes, at), recordEnd(bytes, at));
  }

  /** Where the value stands, without a view. */
  locate(ref: number, place: { bytes: Uint8Array; from: number; to: number }): void {
    const bytes = this.#slabs.bytes(ref);
    const at = this.#slabs.offset(ref);
    place.bytes = bytes;
    place.from = valueStart(bytes, at);
    place.to = recordEnd(bytes, at);
  }

  keyLength(ref: number): number {
    return readShort(this.#slabs.bytes(ref), this.#slabs.offset(ref) + keyLengthAt);
  }

  valueLength(ref: number): number {
    const bytes = this.#slabs.bytes(ref);
    const at = this.#slabs.offset(ref);
    return recordEnd(bytes, at) - valueStart(bytes, at);
  }

  version(ref: number): number {
    const bytes = this.#slabs.bytes(ref);
    const at = this.#slabs.offset(ref);
    const high = readShort(bytes, at + unusedAt) >>> unusedBits;
    return high * lowVersions + readLong(bytes, at + versionAt);
  }

  created(ref: number): number {
    return readLong(this.#slabs.bytes(ref), this.#slabs.offset(ref) + createdAt);
  }

  updated(ref: number): number {
    const bytes = this.#slabs.bytes(ref);
    const at = this.#slabs.offset(ref);
    const hasOne = ((bytes[at + ownerAt] as number) & hasUpdate) !== 0;
    return readLong(bytes, at + (hasOne ? headerBytes : createdAt));
  }

  deadline(ref: number): number {
    const bytes = this.#slabs.bytes(ref);
    const at = this.#slabs.offset(ref);
    if (((bytes[at + ownerAt] as number) & hasDeadline) === 0) return 0;
    return readLong(bytes, at + metaBytes(bytes, at) - timeBytes);
  }

  flags(ref: number): number {
    const bytes = this.#slabs.bytes(ref);
    return ((bytes[this.#slabs.offset(ref) + ownerAt] as number) & ownerBits) >>> flagsShift;
  }

  /** Visits the records whose keys have this hash. `visit` does not change the table. */
  eachOfHash(hash: number, visit: (ref: number) => void): void {
    const index = this.#index;
    for (let slot = index.first(hash); slot >= 0; slot = index.next(hash, slot)) {
      visit(index.ref(slot));
    }
  }

  /** Visits every record with a hash from `from` on and below `to` once. `visit` does not change the table. */
  eachBetween(from: number, to: number, visit: (ref: number, hash: number) => void): void {
    this.#index.eachBetween(from, to, visit);
  }

  /** Visits every record once. */
  each(visit: (ref: number, hash: number) => void): void {
    this.#index.eachBetween(0, hashCount, visit);
  }

  /** What the records with such hashes take. */
  bytesBetween(from: number, to: number): number {
    let bytes = 0;
    this.#index.eachBetween(from, to, (ref) => {
      bytes += this.#slabs.size(ref);
    });
    return bytes;
  }

  /** Deletes every record with such a hash. */
  clearBetween(from: number, to: number): void {
    const found: { readonly hash: number; readonly key: Uint8Array }[] = [];
    this.eachBetween(from, to, (ref, hash) => found.push({ hash, key: this.key(ref).slice() }));
    for (const { hash, key } of found) this.delete(hash, key);
  }

  /** Makes room for so many records: who puts them in the order of their hashes asks for it first. */
  reserve(entries: number): void {
    this.#index.reserve(entries);
  }

  /** Empties slabs that are mostly waste, about `bytesMax` bytes of work. True while there is more. */
  compact(bytesMax: number): boolean {
    return this.#slabs.compact(bytesMax, this.#moved);
  }

  /** The same for tables of equal content, whatever their history: sums over the records. */
  digest(): number {
    let sum = 0;
    let parity = 0;
    this.each((ref) => {
      const hash = this.#recordHash(ref);
      sum = (sum + hash) >>> 0;
      parity ^= Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
    });
    return (parity >>> 11) * 2 ** 32 + sum;
  }

  /** Forgets every record and gives the memory back. The table can be used again. */
  release(): void {
    this.#slabs.release();
    this.#index.release();
    this.#bytes = 0;
  }

  #slotOf(hash: number, key: Uint8Array): number {
    const index = this.#index;
    let slot = index.first(hash);
    while (slot >= 0 && !this.#hasKey(index.ref(slot), key)) slot = index.next(hash, slot);
    return slot;
  }

  #hasKey(ref: number, key: Uint8Array): boolean {
    const bytes = this.#slabs.bytes(ref);
    const at = this.#slabs.offset(ref);
    const length = key.length;
    if (readShort(bytes, at + keyLengthAt) !== length) return false;
    const from = at + metaBytes(bytes, at);
    for (let i = 0; i < length; i++) if (bytes[from + i] !== key[i]) return false;
    return true;
  }

  /** The old block where the record fits it well, else a new one. */
  #blockFor(old: number, bytes: number): number {
    if (old !== 0) {
      const size = this.#slabs.size(old);
      const unused = size - bytes;
      const isLittle = unused <= Math.min(unitBytes + (size >>> slackShift), unusedMax);
      if (unused >= 0 && isLittle) return old;
    }
    const ref = this.#slabs.allocate(bytes);
    this.#bytes += this.#slabs.size(ref);
    return ref;
  }

  #free(ref: number): void {
    this.#bytes -= this.#slabs.size(ref);
    this.#slabs.free(ref);
  }

  #write(ref: number, key: Uint8Array, value: Uint8Array, meta: RecordMeta, flags: number): void {
    const bytes = this.#slabs.bytes(ref);
    const at = this.#slabs.offset(ref);
    const times = timesOf(meta);
    const owned = (flags << flagsShift) | times;
    bytes[at + ownerAt] = ((bytes[at + ownerAt] as number) & ~ownerBits) | owned;
    const keyAt = at + bytesBeforeKey(times);
    const valueAt = keyAt + key.length;
    const unused = at + blockBytes(bytes, at) - valueAt - value.length;
    const high = Math.floor(meta.version / lowVersions);
    writeShort(bytes, at + unusedAt, (high << unusedBits) | unused);
    writeShort(bytes, at + keyLengthAt, key.length);
    writeLong(bytes, at + versionAt, meta.version % lowVersions);
    writeLong(bytes, at + createdAt, meta.created);
    if ((times & hasUpdate) !== 0) writeLong(bytes, at + headerBytes, meta.updated);
    if ((times & hasDeadline) !== 0) writeLong(bytes, keyAt - timeBytes, meta.deadline);
    copyBytes(key, bytes, keyAt);
    copyBytes(value, bytes, valueAt);
  }

  #tidyUp(bytes: number): void {
    if (this.#slabs.isWasteful) this.compact(Math.max(compactBytesMin, compactFactor * bytes));
  }

  #recordHash(ref: number): number {
    const bytes = this.#slabs.bytes(ref);
    const at = this.#slabs.offset(ref);
    const end = recordEnd(bytes, at);
    const owned = (bytes[at + ownerAt] as number) & ownerBits;
    const high = readShort(bytes, at + unusedAt) >>> unusedBits;
    // What is unused is no part of the record: it tells of the blocks that it had before.
    return murmur3(bytes.subarray(at + keyLengthAt, end), (high << 8) | owned);
  }
}

/** Which of the times of a record stand in it. */
function timesOf({ created, updated, deadline }: RecordMeta): number {
  return (updated === created ? 0 : hasUpdate) | (deadline === 0 ? 0 : hasDeadline);
}

function bytesBeforeKey(times: number): number {
  const update = (times & hasUpdate) === 0 ? 0 : timeBytes;
  return headerBytes + update + ((times & hasDeadline) === 0 ? 0 : timeBytes);
}

function metaBytes(bytes: Uint8Array, at: number): number {
  return bytesBeforeKey(bytes[at + ownerAt] as number);
}

function valueStart(bytes: Uint8Array, at: number): number {
  return at + metaBytes(bytes, at) + readShort(bytes, at + keyLengthAt);
}

/** Where the value ends, and what is unused of the block begins. */
function recordEnd(bytes: Uint8Array, at: number): number {
  return at + blockBytes(bytes, at) - readUnused(bytes, at);
}

function readUnused(bytes: Uint8Array, at: number): number {
  return readShort(bytes, at + unusedAt) & unusedMax;
}
