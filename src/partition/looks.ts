/**
 * One op that looks at several structures of a partition. What is asked of a structure is a read of its own, and
 * what that gives its handle alone understands.
 *
 * A look changes nothing, and makes no store where there is none: in most partitions most structures hold nothing.
 * A primary of a version that does not know it answers that there is no such structure.
 */
import { GridError } from '../base/errors.ts';
import type { StructureId } from '../base/ids.ts';
import { ByteReader, ByteWriter } from '../wire/bytes.ts';
import type { Content } from './content.ts';
import { type RunContext, type RunResult, type Store, wholeStructure } from './store.ts';

/** Whose op it is: a structure has the index of a command as its id, and none has this. */
export const severalStructures = 0 as StructureId;

export interface Look {
  readonly structure: StructureId;
  /** A read that does not wait. */
  readonly op: Uint8Array;
}

/** What a structure gave; `gone` where it was destroyed, `nothing` where the partition holds nothing of it. */
export type Seen = Uint8Array | 'gone' | 'nothing';

const codes = { nothing: 0, gone: 1, seen: 2 } as const;
/** For all that is seen by one op. */
const bytesMax = 1_048_576;
const noChanges: Uint8Array = new Uint8Array(0);

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
    if (code === codes.seen) all.push(reader.block());
    else all.push(code === codes.gone ? 'gone' : 'nothing');
  }
  return all;
}

export class Looks implements Pick<Store, 'isWrite' | 'run'> {
  readonly #content: Pick<Content, 'isGone' | 'stores'>;

  constructor(content: Pick<Content, 'isGone' | 'stores'>) {
    this.#content = content;
  }

  isWrite(): boolean {
    return false;
  }

  run(op: Uint8Array, context: RunContext): RunResult {
    const reader = new ByteReader(op);
    const writer = new ByteWriter();
    const { gridTime, generation, caller } = context;
    const isGone = context.isGone.bind(context);
    const look = { gridTime, sequence: 0, generation, caller, isGone };
    while (!reader.isAtEnd) {
      this.#look(reader.varint() as StructureId, reader.block(), look, writer);
      if (writer.length > bytesMax) throw tooLarge();
    }
    return { result: writer.take(), changes: noChanges, touched: wholeStructure };
  }

  #look(structure: StructureId, op: Uint8Array, context: RunContext, writer: ByteWriter): void {
    const store = this.#content.stores.get(structure);
    if (this.#content.isGone(structure)) writer.byte(codes.gone);
    else if (store === undefined) writer.byte(codes.nothing);
    else {
      if (store.isWrite(op))
        throw new GridError('GRID_BAD_VALUE', 'A look is a read, found a write');
      writer.byte(codes.seen);
      writer.block(store.run(op, context).result);
    }
  }
}

function tooLarge(): GridError {
  const text = `expected to see at most ${bytesMax} bytes by one look at several structures, found more; look at fewer at a time`;
  return new GridError('GRID_TOO_LARGE', text);
}
