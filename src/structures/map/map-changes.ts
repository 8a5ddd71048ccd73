/**
 * What a write did to a map's records, as bytes: a row of puts, deletes, clears and marks. A copy of
 * records is a row of puts, with a mark before them. A change says what is, never how to compute it.
 */
import type { RecordMeta, RecordTable } from '../../partition/arena/record-table.ts';
import { ByteReader, type ByteWriter } from '../../wire/bytes.ts';
import { unknownOp } from './map-ops.ts';

/** A code is never given twice. */
const changeCodes = { put: 1, delete: 2, clear: 3, mark: 4 } as const;

/** What applying changes comes down to. */
export interface ChangeSink {
  put(key: Uint8Array, value: Uint8Array, meta: RecordMeta): void;
  delete(key: Uint8Array, sequence: number): void;
  clear(sequence: number): void;
  /** Both are the highest that there was; what a sink knows already may be higher. */
  mark(gridTime: number, lastEvent: number): void;
}

export function writePut(
  writer: ByteWriter,
  key: Uint8Array,
  value: Uint8Array,
  meta: RecordMeta,
): void {
  writer.byte(changeCodes.put);
  writer.varint(meta.version);
  writer.varint(meta.deadline);
  writer.varint(meta.created);
  writer.varint(meta.updated - meta.created);
  writer.block(key);
  writer.block(value);
}

export function writeDelete(writer: ByteWriter, key: Uint8Array, sequence: number): void {
  writer.byte(changeCodes.delete);
  writer.varint(sequence);
  writer.block(key);
}

export function writeClear(writer: ByteWriter, sequence: number): void {
  writer.byte(changeCodes.clear);
  writer.varint(sequence);
}

export function writeMark(writer: ByteWriter, gridTime: number, lastEvent: number): void {
  writer.byte(changeCodes.mark);
  writer.varint(gridTime);
  writer.varint(lastEvent);
}

/** The put that makes a record what it is now. */
export function writeRecord(writer: ByteWriter, table: RecordTable, ref: number): void {
  const meta = {
    version: table.version(ref),
    deadline: table.deadline(ref),
    created: table.created(ref),
    updated: table.updated(ref),
  };
  writePut(writer, table.key(ref), table.value(ref), meta);
}

export function applyChanges(sink: ChangeSink, changes: Uint8Array): void {
  const reader = new ByteReader(changes);
  while (!reader.isAtEnd) applyOne(sink, reader);
}

function applyOne(sink: ChangeSink, reader: ByteReader): void {
  switch (reader.byte()) {
    case changeCodes.put: {
      const meta = readMeta(reader);
      const key = reader.block();
      sink.put(key, reader.block(), meta);
      break;
    }
    case changeCodes.delete: {
      const sequence = reader.varint();
      sink.delete(reader.block(), sequence);
      break;
    }
    case changeCodes.clear:
      sink.clear(reader.varint());
      break;
    case changeCodes.mark: {
      const gridTime = reader.varint();
      sink.mark(gridTime, reader.varint());
      break;
    }
    default:
      throw unknownOp('a change');
  }
}

function readMeta(reader: ByteReader): RecordMeta {
  const version = reader.varint();
  const deadline = reader.varint();
  const created = reader.varint();
  return { version, deadline, created, updated: created + reader.varint() };
}
