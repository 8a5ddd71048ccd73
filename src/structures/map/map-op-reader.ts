/** How a store reads ops. They come from callers, so nothing about them is taken on trust. */
import { GridError } from '../../base/errors.ts';
import { murmur3 } from '../../base/hash.ts';
import { ByteReader } from '../../wire/bytes.ts';
import { opFlags, unknownOp } from './map-ops.ts';

/** What the records can hold; the limit for users is lower and stands in limits.ts. */
const keyBytesMax = 65_535;
const knownFlags = opFlags.hasTtl | opFlags.matchesAbsent;

/** How a write begins: flags, the time to live where there is one. */
export interface WriteHead {
  /** 0 for ever. */
  readonly ttlMs: number;
  readonly matchesAbsent: boolean;
}

export interface KeyValue {
  readonly hash: number;
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly ttlMs: number;
}

export function readWriteHead(reader: ByteReader): WriteHead {
  const flags = reader.byte();
  if ((flags & ~knownFlags) !== 0) throw unknownOp('flags');
  const ttlMs = (flags & opFlags.hasTtl) === 0 ? 0 : reader.varint();
  return { ttlMs, matchesAbsent: (flags & opFlags.matchesAbsent) !== 0 };
}

/** What `valueOp` wrote. */
export function readKeyValue(op: Uint8Array): KeyValue {
  const reader = new ByteReader(op, 1);
  const flags = reader.byte();
  if (flags !== 0 && flags !== opFlags.hasTtl) throw unknownOp('flags');
  const ttlMs = flags === 0 ? 0 : reader.varint();
  const key = checkedKey(reader.block());
  return { hash: murmur3(key), key, value: checkedValue(reader.rest()), ttlMs };
}

/** What `keysOp` wrote. */
export function readKeys(op: Uint8Array): Uint8Array[] {
  const reader = new ByteReader(op, 1);
  const keys: Uint8Array[] = [];
  while (!reader.isAtEnd) keys.push(checkedKey(reader.block()));
  return keys;
}

export function checkedKey(key: Uint8Array): Uint8Array {
  if (key.length > 0 && key.length <= keyBytesMax) return key;
  throw new GridError('GRID_BAD_VALUE', `An op has a key of 1 to 65535 bytes, found ${key.length}`);
}

/** No bytes stand for no value in results, and no value is encoded so. */
export function checkedValue(value: Uint8Array): Uint8Array {
  if (value.length > 0) return value;
  throw new GridError('GRID_BAD_VALUE', 'An op has a value of a byte at least, found none');
}
