/**
 * Where a piece of a copy ends: at a hash, so that the records of one hash are never divided and a piece can
 * be read and replaced by itself, however its table changes before the next one.
 */
import { hashCount } from '../../base/hash.ts';
import type { RecordTable } from './record-table.ts';

/** A step takes this part of the bytes, about: so little is looked at twice. */
const stepsPerPiece = 4;

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

function firstStep(tables: readonly RecordTable[], bytes: number): number {
  const total = tables.reduce((sum, table) => sum + table.bytes, 0);
  const share = bytes / stepsPerPiece / Math.max(1, total);
  return Math.max(1, Math.min(hashCount, Math.floor(hashCount * share)));
}
