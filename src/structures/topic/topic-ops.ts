/**
 * The ops of a topic and their results, as bytes. Only the topic's readers, its handle and its store
 * read them. An op begins with its code; reads have codes below `writesFrom`.
 *
 * A line is one history of a topic's messages in its partition: it ends where the partition comes back
 * empty. A number means something within one line of one incarnation of the topic.
 */
import { copyBytes, pooledBytes } from '../../base/byte-pool.ts';
import { GridError } from '../../base/errors.ts';
import { ByteReader, ByteWriter } from '../../wire/bytes.ts';

/** A code is never given twice. */
export const topicOps = {
  head: 1,
  read: 2,
  size: 3,
  publish: 32,
  merge: 33,
} as const;

export const writesFrom = 32;

/** The line of a reader that has seen none yet. */
export const noLine = 0;

export const nothing = new Uint8Array(0);

/** The value's bytes, for the end of the topic. */
export function publishOp(value: Uint8Array): Uint8Array {
  const op = pooledBytes(1 + value.length);
  op[0] = topicOps.publish;
  copyBytes(value, op, 1);
  return op;
}

/** Where the topic begins and ends. */
export function headOp(): Uint8Array {
  return Uint8Array.of(topicOps.head);
}

/** How many messages are retained. */
export function sizeOp(): Uint8Array {
  return Uint8Array.of(topicOps.size);
}

/** The messages with numbers above `after`, about `bytes` bytes of them; waits where there are none. */
export function readOp(line: number, after: number, bytes: number): Uint8Array {
  const writer = new ByteWriter();
  writer.byte(topicOps.read);
  writer.varint(line);
  writer.varint(after);
  writer.varint(bytes);
  return writer.take();
}

export interface ReadOp {
  readonly line: number;
  readonly after: number;
  readonly bytes: number;
}

export function readReadOp(op: Uint8Array): ReadOp {
  const reader = new ByteReader(op, 1);
  const line = reader.varint();
  const after = reader.varint();
  const bytes = reader.varint();
  reader.end();
  return { line, after, bytes };
}

/** A publish, a size. */
export function numberResult(number: number): Uint8Array {
  const writer = new ByteWriter();
  writer.varint(number);
  return writer.take();
}

export function readNumber(result: Uint8Array): number {
  return new ByteReader(result).varint();
}

export interface Head {
  readonly line: number;
  /** The first number that is retained; one past `last` where none is. */
  readonly first: number;
  /** The last number given; 0 where none was. */
  readonly last: number;
}

export function headResult({ line, first, last }: Head): Uint8Array {
  const writer = new ByteWriter();
  writer.varint(line);
  writer.varint(first);
  writer.varint(last);
  return writer.take();
}

export function readHead(result: Uint8Array): Head {
  const reader = new ByteReader(result);
  return { line: reader.varint(), first: reader.varint(), last: reader.varint() };
}

/** One message as it travels. */
export interface Published {
  readonly sequence: number;
  readonly publishedAt: number;
  /** A view into the result. */
  readonly value: Uint8Array;
}

/** What a read gives: the messages from `first` on, without holes. What lies before is gone. */
export interface Batch {
  readonly line: number;
  readonly first: number;
  readonly messages: readonly Published[];
}

/** Writes a batch: this, then each message by `writeMessage`. */
export function beginBatch(writer: ByteWriter, line: number, first: number): void {
  writer.varint(line);
  writer.varint(first);
}

export function writeMessage(writer: ByteWriter, publishedAt: number, value: Uint8Array): void {
  writer.varint(publishedAt);
  writer.block(value);
}

export function readBatch(result: Uint8Array): Batch {
  const reader = new ByteReader(result);
  const line = reader.varint();
  const first = reader.varint();
  const messages: Published[] = [];
  for (let sequence = first; !reader.isAtEnd; sequence++) {
    messages.push({ sequence, publishedAt: reader.varint(), value: reader.block() });
  }
  return { line, first, messages };
}

export function unknownOp(what: string): GridError {
  return new GridError(
    'GRID_BAD_VALUE',
    `A topic's op has ${what} that this member does not know; use one version of shoal throughout`,
  );
}
