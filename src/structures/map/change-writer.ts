/**
 * The writer in which an op puts its changes together: one for all maps, since of hundreds of partitions each
 * would find its own in no cache. Who still holds something that was not taken keeps it, and others get another.
 */
import { ByteWriter } from '../../wire/bytes.ts';

const nothing: Uint8Array = new Uint8Array(0);
const spare: ByteWriter[] = [];

export class ChangeWriter {
  #writer: ByteWriter | undefined;

  /** Where to write the next change. */
  get open(): ByteWriter {
    this.#writer ??= spare.pop() ?? new ByteWriter();
    return this.#writer;
  }

  /** What was written, good until any map's next change; none is left afterwards. */
  take(): Uint8Array {
    const writer = this.#writer;
    if (writer === undefined) return nothing;
    this.#writer = undefined;
    // One is enough where all is taken.
    if (spare.length === 0) spare.push(writer);
    return writer.takeView();
  }
}
