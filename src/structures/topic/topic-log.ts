/**
 * The messages of a topic in one replica, by number, and the changes and copies that make another
 * replica's log equal: all of them say what is.
 *
 * Invariants
 * 1. The numbers from `kept` to `last` are stored, without holes, and no others: on a primary always,
 *    on a learner from when it is whole.
 * 2. `kept` <= `retained` <= `last` + 1. What lies below `retained` is there for readers on their way.
 * 3. A record's version is the sum of the sizes of all messages up to it, so the size of any stretch
 *    is a difference, and nothing has to be counted anew on a promoted replica.
 */
import { assert } from '../../base/assert.ts';
import { murmur3 } from '../../base/hash.ts';
import { endOfPiece } from '../../partition/arena/copy-bounds.ts';
import { RecordTable } from '../../partition/arena/record-table.ts';
import { ByteReader, type ByteWriter } from '../../wire/bytes.ts';
import { unknownOp } from './topic-ops.ts';

/** A code is never given twice. */
const changeCodes = { put: 1, remove: 2, head: 3 } as const;
const words = 2 ** 32;
/** What a message takes beside its value. */
const recordBytes = 48;

export interface LogHead {
  /** The first number that is stored. */
  readonly kept: number;
  /** The first number that is retained: what a new reader may begin with. */
  readonly retained: number;
  /** The last number that was given. */
  readonly last: number;
  /** The sizes of all messages up to the last. */
  readonly total: number;
  /** The latest lines in which messages were published, and the first number of each. */
  readonly lines: readonly LogLine[];
}

export interface LogLine {
  readonly line: number;
  readonly from: number;
}

/** Lines that are remembered; each fork and each loss begins one. */
const linesMax = 16;
const emptyHead: LogHead = { kept: 1, retained: 1, last: 0, total: 0, lines: [] };

export class TopicLog {
  readonly #table = new RecordTable();
  readonly #key = new Uint8Array(8);
  readonly #keyView = new DataView(this.#key.buffer);
  #head: LogHead = emptyHead;

  get head(): LogHead {
    return this.#head;
  }

  get entries(): number {
    return this.#table.entries;
  }

  get bytes(): number {
    return this.#table.bytes;
  }

  /** Puts the next message and writes the change. */
  append(writer: ByteWriter, value: Uint8Array, publishedAt: number, line: number): void {
    const { kept, retained, last, total } = this.#head;
    const lines = this.#linesWith(line);
    const upTo = total + value.length + recordBytes;
    writer.byte(changeCodes.put);
    this.#put(writer, last + 1, value, publishedAt, upTo);
    this.#head = { kept, retained, last: last + 1, total: upTo, lines };
  }

  /** The number with which the first line from this one on began; what comes next where there is none. */
  beginningOf(line: number): number {
    return this.#head.lines.find((known) => known.line >= line)?.from ?? this.#head.last + 1;
  }

  #linesWith(line: number): readonly LogLine[] {
    const { lines, last } = this.#head;
    if (lines.at(-1)?.line === line) return lines;
    return [...lines, { line, from: last + 1 }].slice(-linesMax);
  }

  /** Moves the bounds, forgets what lies below `kept`, and writes the changes. */
  trim(writer: ByteWriter, kept: number, retained: number): void {
    const { last, total, lines } = this.#head;
    if (kept > this.#head.kept) {
      writer.byte(changeCodes.remove);
      writer.varint(this.#head.kept);
      writer.varint(kept);
      this.#remove(this.#head.kept, kept);
    }
    this.#head = { kept, retained, last, total, lines };
    writer.byte(changeCodes.head);
    writeHead(writer, this.#head);
  }

  /** Forgets the messages that these changes put, which are the last. What is retained has to be found anew. */
  cut(changes: Uint8Array): void {
    const reader = new ByteReader(changes);
    // What puts messages begins with that, and trims afterwards.
    if (reader.byte() !== changeCodes.put) return;
    const number = reader.varint();
    const upTo = reader.varint();
    reader.varint();
    const total = upTo - reader.block().length - recordBytes;
    this.#remove(number, this.#head.last + 1);
    const kept = Math.min(this.#head.kept, number);
    const lines = this.#head.lines.filter(({ from }) => from <= number);
    this.#head = { kept, retained: kept, last: number - 1, total, lines };
  }

  /** The sum of the sizes of all messages before this one, which is stored or follows the last. */
  bytesBefore(number: number): number {
    if (number > this.#head.last) return this.#head.total;
    const ref = this.#find(number);
    return this.#table.version(ref) - this.#table.valueLength(ref) - recordBytes;
  }

  /** A view, good until the next change. */
  value(number: number): Uint8Array {
    return this.#table.value(this.#find(number));
  }

  publishedAt(number: number): number {
    return this.#table.created(this.#find(number));
  }

  apply(changes: Uint8Array): void {
    const reader = new ByteReader(changes);
    while (!reader.isAtEnd) this.#applyOne(reader);
  }

  copy(writer: ByteWriter, from: number, bytes: number): number {
    // What the log is as a whole travels with the first piece.
    if (from === 0 && this.#head.last > 0) {
      writer.byte(changeCodes.head);
      writeHead(writer, this.#head);
    }
    const write = (ref: number) => {
      writer.byte(changeCodes.put);
      const table = this.#table;
      const value = table.value(ref);
      writePut(writer, numberOf(table.key(ref)), value, table.created(ref), table.version(ref));
    };
    const to = endOfPiece([this.#table], from, bytes);
    this.#table.eachBetween(from, to, write);
    return to;
  }

  restore(from: number, to: number, content: Uint8Array, entries: number): void {
    if (from === 0) this.#head = emptyHead;
    this.#table.clearBetween(from, to);
    this.#table.reserve(entries);
    this.apply(content);
  }

  digest(): number {
    const { kept, retained, last } = this.#head;
    return this.#table.digest() + ((kept * 7 + retained * 31 + last * 127) % words);
  }

  release(): void {
    this.#table.release();
    this.#head = emptyHead;
  }

  #applyOne(reader: ByteReader): void {
    const code = reader.byte();
    if (code === changeCodes.put) {
      const number = reader.varint();
      const upTo = reader.varint();
      const publishedAt = reader.varint();
      this.#store(number, reader.block(), publishedAt, upTo);
    } else if (code === changeCodes.remove) {
      const from = reader.varint();
      this.#remove(from, reader.varint());
    } else if (code === changeCodes.head) {
      this.#head = readHead(reader);
    } else {
      throw unknownOp('a change');
    }
  }

  #put(writer: ByteWriter, number: number, value: Uint8Array, at: number, upTo: number): void {
    writePut(writer, number, value, at, upTo);
    this.#store(number, value, at, upTo);
  }

  #store(number: number, value: Uint8Array, at: number, upTo: number): void {
    const key = this.#keyOf(number);
    const meta = { version: upTo, deadline: 0, created: at, updated: at };
    this.#table.put(murmur3(key), key, value, meta);
  }

  #remove(from: number, to: number): void {
    for (let number = from; number < to; number++) {
      const key = this.#keyOf(number);
      this.#table.delete(murmur3(key), key);
    }
  }

  #find(number: number): number {
    const key = this.#keyOf(number);
    const ref = this.#table.find(murmur3(key), key);
    assert(ref !== 0, 'a message between kept and last is stored');
    return ref;
  }

  #keyOf(number: number): Uint8Array {
    this.#keyView.setUint32(0, number % words, true);
    this.#keyView.setUint32(4, number / words, true);
    return this.#key;
  }
}

function numberOf(key: Uint8Array): number {
  const view = new DataView(key.buffer, key.byteOffset, 8);
  return view.getUint32(4, true) * words + view.getUint32(0, true);
}

function writePut(
  writer: ByteWriter,
  number: number,
  value: Uint8Array,
  publishedAt: number,
  upTo: number,
): void {
  writer.varint(number);
  writer.varint(upTo);
  writer.varint(publishedAt);
  writer.block(value);
}

function writeHead(writer: ByteWriter, { kept, retained, last, total, lines }: LogHead): void {
  writer.varint(kept);
  writer.varint(retained);
  writer.varint(last);
  writer.varint(total);
  writer.varint(lines.length);
  for (const { line, from } of lines) {
    writer.varint(line);
    writer.varint(from);
  }
}

function readHead(reader: ByteReader): LogHead {
  const kept = reader.varint();
  const retained = reader.varint();
  const last = reader.varint();
  const total = reader.varint();
  const lines: LogLine[] = [];
  for (let left = reader.varint(); left > 0; left--) {
    const line = reader.varint();
    lines.push({ line, from: reader.varint() });
  }
  return { kept, retained, last, total, lines };
}
