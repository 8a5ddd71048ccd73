/** How a store reads ops. They come from callers, so nothing about them is taken on trust. */
import { GridError } from '../../base/errors.ts';
import { murmur3 } from '../../base/hash.ts';
import { ByteReader } from '../../wire/bytes.ts';
import type { Life } from './map-life.ts';
import { jitterScale, opFlags, unknownOp } from './map-ops.ts';

/** What the records can hold; the limit for users is lower and stands in limits.ts. */
const keyBytesMax = 65_535;
const lifeFlags = opFlags.hasTtl | opFlags.hasJitter;
const knownFlags = lifeFlags | opFlags.matchesAbsent | opFlags.keepsDeadline;
const asTheMapSays: Life = {};

/** How a write begins: flags, and what they say follows. */
export interface WriteHead {
  readonly life: Life;
  readonly matchesAbsent: boolean;
  readonly keepsDeadline: boolean;
}

export interface KeyValue {
  readonly hash: number;
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly life: Life;
}

export function readWriteHead(reader: ByteReader): WriteHead {
  const flags = reader.byte();
  if ((flags & ~knownFlags) !== 0) throw unknownOp('flags');
  const life = readLife(reader, flags);
  return {
    life,
    matchesAbsent: (flags & opFlags.matchesAbsent) !== 0,
    keepsDeadline: (flags & opFlags.keepsDeadline) !== 0,
  };
}

/** What `valueOp` wrote. */
export function readKeyValue(op: Uint8Array): KeyValue {
  const reader = new ByteReader(op, 1);
  const flags = reader.byte();
  if ((flags & ~lifeFlags) !== 0) throw unknownOp('flags');
  const life = readLife(reader, flags);
  const key = checkedKey(reader.block());
  return { hash: murmur3(key), key, value: checkedValue(reader.rest()), life };
}

function readLife(reader: ByteReader, flags: number): Life {
  if ((flags & lifeFlags) === 0) return asTheMapSays;
  const ttlMs = (flags & opFlags.hasTtl) === 0 ? undefined : reader.varint();
  const jitter = (flags & opFlags.hasJitter) === 0 ? undefined : reader.varint() / jitterScale;
  if (jitter === undefined || jitter <= 1) return { ttlMs, jitter };
  throw new GridError('GRID_BAD_VALUE', `An op has a jitter of 0 to 1, found ${jitter}`);
}

/** What `keysOp` wrote. */
export function readKeys(op: Uint8Array): Uint8Array[] {
  const reader = new ByteReader(op, 1);
  const keys: Uint8Array[] = [];
  while (!reader.isAtEnd) keys.push(checkedKey(reader.block()));
  return keys;
}

export function mayBeKey(key: Uint8Array): boolean {
  return key.length > 0 && key.length <= keyBytesMax;
}

export function checkedKey(key: Uint8Array): Uint8Array {
  if (mayBeKey(key)) return key;
  throw new GridError('GRID_BAD_VALUE', `An op has a key of 1 to 65535 bytes, found ${key.length}`);
}

/** No bytes stand for no value in results, and no value is encoded so. */
export function checkedValue(value: Uint8Array): Uint8Array {
  if (value.length > 0) return value;
  throw new GridError('GRID_BAD_VALUE', 'An op has a value of a byte at least, found none');
}
