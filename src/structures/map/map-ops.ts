/**
 * The ops of a map and their results, as bytes. Only the map's handle and its store read them.
 *
 * An op begins with its code; reads have codes below `writesFrom`. What stands last in an op goes to
 * the op's end, everything before it that varies in length says its length first.
 */
import { copyBytes, pooledBytes } from '../../base/byte-pool.ts';
import { GridError } from '../../base/errors.ts';
import { hashCount } from '../../base/hash.ts';
import { ByteReader, ByteWriter, putVarint, varintBytes } from '../../wire/bytes.ts';
import type { Life } from './map-life.ts';

/** A code is never given twice. */
export const mapOps = {
  get: 1,
  has: 2,
  getEntry: 3,
  getMany: 4,
  size: 5,
  scan: 6,
  ttl: 7,
  watch: 8,
  set: 32,
  delete: 33,
  swap: 34,
  take: 35,
  setIfAbsent: 36,
  replace: 37,
  getOrInsert: 38,
  compareAndSet: 39,
  setIfVersion: 40,
  deleteIfVersion: 41,
  increment: 42,
  setMany: 43,
  deleteMany: 44,
  clear: 45,
  expire: 46,
  persist: 47,
  merge: 48,
  mergeKept: 49,
} as const;

export const writesFrom = 32;

/** What a scan gives of a record. */
export const scanKinds = { keys: 1, values: 2, entries: 3 } as const;
export type ScanKind = keyof typeof scanKinds;

/** Where a scan ends: one past the last hash. */
export const scanEnd = hashCount;

/** What stands behind the code of a write. */
export const opFlags = {
  /** A time to live follows. */
  hasTtl: 1,
  /** compareAndSet: an absent key is what is expected. */
  matchesAbsent: 2,
  /** A jitter follows. */
  hasJitter: 4,
  /** setIfVersion: the record goes on to expire when it would have. */
  keepsDeadline: 8,
} as const;

/** A jitter of 1 in an op: 16 bits are fine enough. */
export const jitterScale = 65_535;

/** The result of `ttl`: one of these, or the milliseconds that are left on top of the last. */
export const ttlResults = { absent: 0, forEver: 1, left: 2 } as const;

export const nothing = new Uint8Array(0);
export const no = Uint8Array.of(0);
export const yes = Uint8Array.of(1);

/** get, has, getEntry, ttl, delete, take, persist. */
export function keyOp(code: number, key: Uint8Array): Uint8Array {
  const op = pooledBytes(1 + key.length);
  op[0] = code;
  copyBytes(key, op, 1);
  return op;
}

/** set, swap, setIfAbsent, replace, getOrInsert. */
export function valueOp(code: number, key: Uint8Array, value: Uint8Array, life?: Life): Uint8Array {
  if (life !== undefined) return valueOpWithLife(code, key, value, life);
  const op = pooledBytes(2 + varintBytes(key.length) + key.length + value.length);
  op[0] = code;
  op[1] = 0;
  const at = putVarint(op, 2, key.length);
  copyBytes(key, op, at);
  copyBytes(value, op, at + key.length);
  return op;
}

function valueOpWithLife(code: number, key: Uint8Array, value: Uint8Array, life: Life): Uint8Array {
  const writer = begun(code);
  writeLife(writer, life);
  writer.block(key);
  writer.raw(value);
  return writer.take();
}

/** Without `expected`, the key has to be absent. */
export function compareAndSetOp(
  key: Uint8Array,
  expected: Uint8Array,
  next: Uint8Array,
  isAbsentExpected: boolean,
): Uint8Array {
  const writer = begun(mapOps.compareAndSet);
  writer.byte(isAbsentExpected ? opFlags.matchesAbsent : 0);
  writer.block(key);
  writer.block(expected);
  writer.raw(next);
  return writer.take();
}

export function setIfVersionOp(
  key: Uint8Array,
  value: Uint8Array,
  version: number,
  keepsDeadline = false,
): Uint8Array {
  const writer = begun(mapOps.setIfVersion);
  writer.byte(keepsDeadline ? opFlags.keepsDeadline : 0);
  writer.block(key);
  writer.varint(version);
  writer.raw(value);
  return writer.take();
}

export function deleteIfVersionOp(key: Uint8Array, version: number): Uint8Array {
  const writer = begun(mapOps.deleteIfVersion);
  writer.varint(version);
  writer.raw(key);
  return writer.take();
}

export function incrementOp(key: Uint8Array, by: number): Uint8Array {
  const writer = begun(mapOps.increment);
  writer.float(by);
  writer.raw(key);
  return writer.take();
}

/** getMany, deleteMany. */
export function keysOp(code: number, keys: readonly Uint8Array[]): Uint8Array {
  const writer = begun(code);
  for (const key of keys) writer.block(key);
  return writer.take();
}

export function expireOp(key: Uint8Array, ttlMs: number): Uint8Array {
  const writer = begun(mapOps.expire);
  writer.varint(ttlMs);
  writer.raw(key);
  return writer.take();
}

export function setManyOp(
  entries: readonly (readonly [Uint8Array, Uint8Array])[],
  life: Life = {},
): Uint8Array {
  const writer = begun(mapOps.setMany);
  writeLife(writer, life);
  for (const [key, value] of entries) {
    writer.block(key);
    writer.block(value);
  }
  return writer.take();
}

/** The records whose hashes are `fromHash` or more, a page of them. */
export function scanOp(kind: ScanKind, fromHash: number): Uint8Array {
  const writer = begun(mapOps.scan);
  writer.byte(scanKinds[kind]);
  writer.varint(fromHash);
  return writer.take();
}

/** size, clear. */
export function bareOp(code: number): Uint8Array {
  return Uint8Array.of(code);
}

function writeLife(writer: ByteWriter, { ttlMs, jitter }: Life): void {
  const ofTtl = ttlMs === undefined ? 0 : opFlags.hasTtl;
  const ofJitter = jitter === undefined ? 0 : opFlags.hasJitter;
  writer.byte(ofTtl | ofJitter);
  if (ttlMs !== undefined) writer.varint(ttlMs);
  if (jitter !== undefined) writer.varint(Math.round(jitter * jitterScale));
}

function begun(code: number): ByteWriter {
  const writer = new ByteWriter();
  writer.byte(code);
  return writer;
}

export function unknownOp(what: string): GridError {
  return new GridError(
    'GRID_BAD_VALUE',
    `A map's op has ${what} that this member does not know; use one version of shoal throughout`,
  );
}

/** The result of `getEntry`. */
export interface EntryResult {
  readonly version: number;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** 0 for never. */
  readonly deadline: number;
  readonly value: Uint8Array;
}

export function readEntryResult(result: Uint8Array): EntryResult | undefined {
  if (result.length === 0) return undefined;
  const reader = new ByteReader(result);
  return {
    version: reader.varint(),
    createdAt: reader.varint(),
    updatedAt: reader.varint(),
    deadline: reader.varint(),
    value: reader.rest(),
  };
}

/** -2 where it is absent, -1 where it never expires, else the milliseconds that are left. */
export function readTtl(result: Uint8Array): number {
  return readCount(result) - ttlResults.left;
}

export function readCount(result: Uint8Array): number {
  return new ByteReader(result).varint();
}

/** What `getMany` found for its first keys, at least one of them. The others have to be asked again. */
export function readMany(result: Uint8Array): (Uint8Array | undefined)[] {
  const reader = new ByteReader(result);
  const values: (Uint8Array | undefined)[] = [];
  while (!reader.isAtEnd) values.push(reader.byte() === 0 ? undefined : reader.block());
  return values;
}

/** A page of a scan: blocks, and the hash that the next page begins with. */
export interface Page {
  readonly next: number;
  /** Keys, values, or keys and values by turns. */
  readonly blocks: readonly Uint8Array[];
}

export function readPage(result: Uint8Array): Page {
  const reader = new ByteReader(result);
  const next = reader.varint();
  const blocks: Uint8Array[] = [];
  while (!reader.isAtEnd) blocks.push(reader.block());
  return { next, blocks };
}
