/**
 * What a write did to a map's records, as bytes: a row of puts, deletes and clears. A copy of records
 * is a row of puts too. A change says what a record is, never how to compute it.
 */
import { murmur3 } from '../../base/hash.ts';
import type { RecordMeta, RecordTable } from '../../partition/arena/record-table.ts';
import { ByteReader, type ByteWriter } from '../../wire/bytes.ts';
import { unknownOp } from './map-ops.ts';

/** A code is never given twice. */
const changeCodes = { put: 1, delete: 2, clear: 3 } as const;

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

export function writeDelete(writer: ByteWriter, key: Uint8Array): void {
  writer.byte(changeCodes.delete);
  writer.block(key);
}

export function writeClear(writer: ByteWriter): void {
  writer.byte(changeCodes.clear);
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

export function applyChanges(table: RecordTable, changes: Uint8Array): void {
  const reader = new ByteReader(changes);
  while (!reader.isAtEnd) applyOne(table, reader);
}

function applyOne(table: RecordTable, reader: ByteReader): void {
  const code = reader.byte();
  if (code === changeCodes.put) {
    const meta = readMeta(reader);
    const key = reader.block();
    table.put(murmur3(key), key, reader.block(), meta);
  } else if (code === changeCodes.delete) {
    const key = reader.block();
    table.delete(murmur3(key), key);
  } else if (code === changeCodes.clear) {
    table.release();
  } else {
    throw unknownOp('a change');
  }
}

function readMeta(reader: ByteReader): RecordMeta {
  const version = reader.varint();
  const deadline = reader.varint();
  const created = reader.varint();
  return { version, deadline, created, updated: created + reader.varint() };
}
