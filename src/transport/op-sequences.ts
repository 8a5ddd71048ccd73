/**
 * The op sequences of one caller: which are in flight, and the lowest of them.
 *
 * Invariants
 * 1. `firstIncomplete` is the lowest sequence in flight, or the next one where none is.
 * 2. At most `aheadMax` sequences lie between the two ends.
 */
import type { OpSequence } from '../base/ids.ts';

/**
 * How far ops run ahead of the oldest that has no answer; more wait in the queue. Partitions keep the
 * results of all of them, since the caller cannot say before that it has them.
 */
const aheadMax = 131_072;

export class OpSequences {
  /** A bit for each sequence between the ends: set while it is in flight. */
  readonly #inFlight = new Uint8Array(aheadMax / 8);
  #next = 1;
  #first = 1;

  get firstIncomplete(): OpSequence {
    return this.#first as OpSequence;
  }

  get isFull(): boolean {
    return this.#next - this.#first >= aheadMax;
  }

  begin(): OpSequence {
    const sequence = this.#next++;
    const place = sequence % aheadMax;
    this.#inFlight[place >>> 3] = (this.#inFlight[place >>> 3] as number) | (1 << (place & 7));
    return sequence as OpSequence;
  }

  end(sequence: OpSequence): void {
    const place = sequence % aheadMax;
    this.#inFlight[place >>> 3] = (this.#inFlight[place >>> 3] as number) & ~(1 << (place & 7));
    while (this.#first < this.#next && !this.#isInFlight(this.#first)) this.#first++;
  }

  #isInFlight(sequence: number): boolean {
    const place = sequence % aheadMax;
    return ((this.#inFlight[place >>> 3] as number) & (1 << (place & 7))) !== 0;
  }
}
