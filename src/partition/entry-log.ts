/**
 * The latest entries of a partition, in memory: what a peer that lags can still be sent.
 *
 * Invariants
 * 1. Holds the entries `first` to `last` without a gap; empty where `first` = `last` + 1.
 * 2. Holds at least the last `capacity` entries since it was begun, so everything that is not
 *    confirmed is here: a primary admits at most `capacity` unconfirmed changes.
 */
import { assert } from '../base/assert.ts';
import type { Sequence } from '../base/ids.ts';
import type { Entry } from '../wire/replica-messages.ts';

export class EntryLog {
  readonly #capacity: number;
  #ring: Entry[] = [];
  #first = 1;
  #last = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get last(): Sequence {
    return this.#last as Sequence;
  }

  /** The sequence before the oldest entry held. */
  get floor(): Sequence {
    return (this.#first - 1) as Sequence;
  }

  /** Forgets everything; the next entry is `after` + 1. */
  begin(after: Sequence): void {
    this.#ring = [];
    this.#first = after + 1;
    this.#last = after;
  }

  push(entry: Entry): void {
    assert(entry.sequence === this.#last + 1, 'entries follow each other without a gap');
    this.#last = entry.sequence;
    this.#ring[this.#slot(entry.sequence)] = entry;
    if (this.#last - this.#first >= this.#capacity) this.#first++;
  }

  at(sequence: Sequence): Entry | undefined {
    if (sequence < this.#first || sequence > this.#last) return undefined;
    return this.#ring[this.#slot(sequence)];
  }

  /** The entries after `after` up to `to`, or undefined where the log no longer reaches back. */
  slice(after: Sequence, to: Sequence): Entry[] | undefined {
    if (after < this.#first - 1) return undefined;
    const entries: Entry[] = [];
    for (let sequence = after + 1; sequence <= to; sequence++) {
      entries.push(this.#ring[this.#slot(sequence)] as Entry);
    }
    return entries;
  }

  #slot(sequence: number): number {
    return sequence % this.#capacity;
  }
}
