/** A message as all subscribers of one process share it: its bytes, decoded for each that takes it. */
import { GridError } from '../../base/errors.ts';
import { decodeValue } from '../../wire/value.ts';
import type { Published } from './topic-ops.ts';

export class TopicMessage {
  readonly sequence: number;
  readonly publishedAt: number;
  readonly #value: Uint8Array;
  /** A scalar cannot be changed, so all may have the same. */
  #scalar: unknown;

  constructor({ sequence, publishedAt, value }: Published) {
    this.sequence = sequence;
    this.publishedAt = publishedAt;
    // A copy of its own, so that one message that waits does not keep a whole batch.
    this.#value = value.slice();
  }

  get bytes(): number {
    return this.#value.length;
  }

  /** The value, the taker's own copy. `GRID_BAD_VALUE` where no known version has written it. */
  value(): unknown {
    if (this.#scalar !== undefined) return this.#scalar;
    const value = this.#decoded();
    if (typeof value !== 'object') this.#scalar = value;
    return value;
  }

  #decoded(): unknown {
    try {
      return decodeValue(this.#value);
    } catch (cause) {
      const text = `Message ${this.sequence} of the topic is written as no version of shoal known to this one has done`;
      throw new GridError('GRID_BAD_VALUE', text, { cause });
    }
  }
}
