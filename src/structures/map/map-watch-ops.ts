/** The op that asks for changes and what it is answered with, as bytes. */
import { ByteReader, ByteWriter } from '../../wire/bytes.ts';
import { mapOps, unknownOp } from './map-ops.ts';

/** What a watcher is told of: everything, one key, or the text keys that begin with a text. */
export const watchKinds = { all: 0, key: 1, prefix: 2 } as const;
export type WatchKind = keyof typeof watchKinds;

export const changeTypes = ['set', 'delete', 'expire', 'clear'] as const;
export type ChangeType = (typeof changeTypes)[number];

const parts = { key: 4, value: 8, previous: 16 } as const;
const typeBits = 3;
const gapFlag = 1;

/** What a watcher has not seen yet begins here; sequence 0 stands for now. */
export interface Cursor {
  readonly sequence: number;
  /** Among the changes of one write. */
  readonly index: number;
}

export interface WatchQuery extends Cursor {
  readonly kind: number;
  /** An encoded key; for a prefix, that of the text. */
  readonly key: Uint8Array;
}

export interface RawChange {
  readonly type: ChangeType;
  /** The sequence of the write. */
  readonly version: number;
  readonly key: Uint8Array | undefined;
  readonly value: Uint8Array | undefined;
  readonly previous: Uint8Array | undefined;
}

export interface WatchResult {
  /** Something between the cursor and what follows here was missed. */
  readonly isGap: boolean;
  readonly next: Cursor;
  readonly changes: readonly RawChange[];
}

export function watchOp(kind: WatchKind, key: Uint8Array, cursor: Cursor): Uint8Array {
  const writer = new ByteWriter();
  writer.byte(mapOps.watch);
  writer.byte(watchKinds[kind]);
  writer.varint(cursor.sequence);
  writer.varint(cursor.index);
  writer.raw(key);
  return writer.take();
}

export function readWatchOp(op: Uint8Array): WatchQuery {
  const reader = new ByteReader(op, 1);
  const kind = reader.byte();
  if (kind > watchKinds.prefix) throw unknownOp('a kind of watch');
  return { kind, sequence: reader.varint(), index: reader.varint(), key: reader.rest() };
}

export function watchResult(isGap: boolean, next: Cursor, changes: Uint8Array): Uint8Array {
  const writer = new ByteWriter();
  writer.byte(isGap ? gapFlag : 0);
  writer.varint(next.sequence);
  writer.varint(next.index);
  writer.raw(changes);
  return writer.take();
}

export function readWatchResult(result: Uint8Array): WatchResult {
  const reader = new ByteReader(result);
  const isGap = reader.byte() === gapFlag;
  const next = { sequence: reader.varint(), index: reader.varint() };
  const changes: RawChange[] = [];
  while (!reader.isAtEnd) changes.push(readChange(reader));
  return { isGap, next, changes };
}

export function changeBytes({ type, version, key, value, previous }: RawChange): Uint8Array {
  const writer = new ByteWriter();
  const present =
    (key === undefined ? 0 : parts.key) |
    (value === undefined ? 0 : parts.value) |
    (previous === undefined ? 0 : parts.previous);
  writer.byte(changeTypes.indexOf(type) | present);
  writer.varint(version);
  for (const part of [key, value, previous]) if (part !== undefined) writer.block(part);
  return writer.take();
}

function readChange(reader: ByteReader): RawChange {
  const head = reader.byte();
  const block = (part: number) => ((head & part) === 0 ? undefined : reader.block());
  return {
    type: changeTypes[head & typeBits] as ChangeType,
    version: reader.varint(),
    key: block(parts.key),
    value: block(parts.value),
    previous: block(parts.previous),
  };
}
