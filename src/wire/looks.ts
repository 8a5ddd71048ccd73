/**
 * One op that looks at several structures of a partition, and what it gives (partition/looks.ts). What is asked of a
 * structure is a read of its own, and what that gives its handle alone understands.
 */
import type { StructureId } from '../base/ids.ts';
import { ByteReader, ByteWriter } from './bytes.ts';

/** Whose op it is: a structure has the index of a command as its id, and none has this. */
export const severalStructures = 0 as StructureId;

export interface Look {
  readonly structure: StructureId;
  /** A read that does not wait. */
  readonly op: Uint8Array;
}

/** What a structure gave; `gone` where it was destroyed, `nothing` where the partition holds nothing of it. */
export type Seen = Uint8Array | 'gone' | 'nothing';

export const seenCodes = { nothing: 0, gone: 1, seen: 2 } as const;

export function looksOp(looks: readonly Look[]): Uint8Array {
  const writer = new ByteWriter();
  for (const { structure, op } of looks) {
    writer.varint(structure);
    writer.block(op);
  }
  return writer.take();
}

export function readSeen(result: Uint8Array): Seen[] {
  const reader = new ByteReader(result);
  const all: Seen[] = [];
  while (!reader.isAtEnd) {
    const code = reader.byte();
    if (code === seenCodes.seen) all.push(reader.block());
    else all.push(code === seenCodes.gone ? 'gone' : 'nothing');
  }
  return all;
}
