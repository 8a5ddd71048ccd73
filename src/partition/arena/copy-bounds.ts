/**
 * Where a piece of a copy ends: at a hash, so that the records of one hash are never divided and a piece can
 * be read and replaced by itself, however its table changes before the next one.
 */
import { hashCount } from '../../base/hash.ts';
import { ByteWriter } from '../../wire/bytes.ts';
import type { RecordTable } from './record-table.ts';

/** A step takes this part of the bytes, about: so little is looked at twice. */
const stepsPerPiece = 4;
const spareBytes = 64;

/**
 * The hash at which a piece from `from` on ends, so that its records take at most about `bytes`; it holds one
 * hash at least. Looks at the records of the piece and at a few more.
 */
export function endOfPiece(tables: readonly RecordTable[], from: number, bytes: number): number {
  const sizeOf = (start: number, end: number) =>
    tables.reduce((sum, table) => sum + table.bytesBetween(start, end), 0);
  let step = firstStep(tables, bytes);
  let left = bytes;
  let to = from;
  while (to < hashCount) {
    const next = Math.min(hashCount, to + step);
    const size = sizeOf(to, next);
    if (size <= left) {
      left -= size;
      to = next;
    } else if (step > 1) {
      step = Math.ceil(step / 2);
    } else {
      return to > from ? to : next;
    }
  }
  return to;
}

/** A writer for a piece, which does not grow again and again: what it would leave behind has to be collected. */
export function pieceWriter(tables: readonly RecordTable[], bytes: number): ByteWriter {
  const most = tables.reduce((sum, table) => sum + table.bytes, 0);
  const expected = Math.min(bytes, most);
  return new ByteWriter(expected + (expected >>> 2) + spareBytes);
}

function firstStep(tables: readonly RecordTable[], bytes: number): number {
  let total = 0;
  let entries = 0;
  for (const table of tables) {
    total += table.bytes;
    entries += table.entries;
  }
  // From one record to the next at least, lest it walks where there is nothing.
  const share = Math.max(bytes / Math.max(1, total), 1 / Math.max(1, entries)) / stepsPerPiece;
  return Math.max(1, Math.floor(hashCount * Math.min(1, share)));
}
