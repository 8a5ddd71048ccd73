/** What structures have in common when one history's records are brought into another. */
import { GridError } from '../base/errors.ts';
import type { RunContext } from '../partition/store.ts';
import { ByteReader, ByteWriter } from '../wire/bytes.ts';

/** What became of the records of one op. */
export interface MergeCount {
  readonly kept: number;
  readonly discarded: number;
}

/**
 * A primary that has not learnt yet that its versions go on above those of the other history takes nothing
 * of that in: it would rank below what it came from.
 */
export function checkFloor(floor: number, context: RunContext): void {
  if (context.sequence >= floor) return;
  throw new GridError(
    'GRID_OVERLOADED',
    'expected a primary that knows of the merge, found one that has yet to learn of it; come again',
  );
}

export function mergeResult({ kept, discarded }: MergeCount): Uint8Array {
  const writer = new ByteWriter();
  writer.varint(kept);
  writer.varint(discarded);
  return writer.take();
}

export function readMergeResult(result: Uint8Array): MergeCount {
  const reader = new ByteReader(result);
  return { kept: reader.varint(), discarded: reader.varint() };
}
