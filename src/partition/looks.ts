/**
 * Looks at several structures of a partition by one op (wire/looks.ts).
 *
 * A look changes nothing, and makes no store where there is none: in most partitions most structures hold nothing.
 * A primary of a version that does not know it answers that there is no such structure.
 */
import { GridError } from '../base/errors.ts';
import type { StructureId } from '../base/ids.ts';
import { ByteReader, ByteWriter } from '../wire/bytes.ts';
import { seenCodes } from '../wire/looks.ts';
import type { Content } from './content.ts';
import { type RunContext, type RunResult, type Store, wholeStructure } from './store.ts';

/** For all that is seen by one op. */
const bytesMax = 1_048_576;
const noChanges: Uint8Array = new Uint8Array(0);

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
    if (this.#content.isGone(structure)) writer.byte(seenCodes.gone);
    else if (store === undefined) writer.byte(seenCodes.nothing);
    else {
      if (store.isWrite(op))
        throw new GridError('GRID_BAD_VALUE', 'A look is a read, found a write');
      writer.byte(seenCodes.seen);
      writer.block(store.run(op, context).result);
    }
  }
}

function tooLarge(): GridError {
  const text = `expected to see at most ${bytesMax} bytes by one look at several structures, found more; look at fewer at a time`;
  return new GridError('GRID_TOO_LARGE', text);
}
