/**
 * The latest entries of a partition, in memory: what a peer that lags can still be sent.
 *
 * Invariants
 * 1. Holds the entries `first` to `last` without a gap; empty where `first` = `last` + 1.
 * 2. Holds everything that is not confirmed: a primary admits at most `capacity` unconfirmed changes,
 *    and only what is confirmed is trimmed.
 */
import { assert } from '../base/assert.ts';
import { BytePool } from '../base/byte-pool.ts';
import type { Sequence } from '../base/ids.ts';
import type { Entry } from '../wire/replica-messages.ts';

/** What an entry takes in memory beside its content, about. */
const objectBytes = 256;
const slabBytes = 8_192;

export class EntryLog {
  readonly #capacity: number;
  /** Of its own: entries leave in the order in which they came, and the slabs with them. */
  readonly #pool = new BytePool(slabBytes);
  #ring: (Entry | undefined)[] = [];
  #bytes = 0;
  #first = 1;
  #last = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** What the entries take in memory, about. */
  get bytes(): number {
    return this.#bytes;
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
    this.#bytes = 0;
    this.#first = after + 1;
    this.#last = after;
  }

  /** Keeps a copy of the entry: its bytes may belong to a frame or to a store. */
  push(entry: Entry): void {
    assert(entry.sequence === this.#last + 1, 'entries follow each other without a gap');
    if (entry.sequence - this.#first >= this.#capacity) this.#dropFirst();
    this.#last = entry.sequence;
    this.#ring[this.#slot(entry.sequence)] = this.#ownCopyOf(entry);
    this.#bytes += bytesOf(entry);
  }

  /** Counts an entry that nobody will ask for, and forgets those before it. */
  pass(sequence: Sequence): void {
    assert(sequence === this.#last + 1, 'entries follow each other without a gap');
    while (this.#first <= this.#last) this.#dropFirst();
    this.#first = sequence + 1;
    this.#last = sequence;
  }

  /** Forgets the oldest entries up to `confirmed` that are past `bytesMax`. */
  trim(confirmed: Sequence, bytesMax: number): void {
    while (this.#bytes > bytesMax && this.#first <= confirmed) this.#dropFirst();
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

  #ownCopyOf(entry: Entry): Entry {
    const { result } = entry;
    return {
      sequence: entry.sequence,
      caller: entry.caller,
      opSequence: entry.opSequence,
      firstIncomplete: entry.firstIncomplete,
      structure: entry.structure,
      changes: this.#pool.copy(entry.changes),
      result: result === undefined ? undefined : this.#pool.copy(result),
    };
  }

  #dropFirst(): void {
    const slot = this.#slot(this.#first++);
    const entry = this.#ring[slot];
    if (entry !== undefined) this.#bytes -= bytesOf(entry);
    this.#ring[slot] = undefined;
  }

  #slot(sequence: number): number {
    return sequence % this.#capacity;
  }
}

function bytesOf({ changes, result }: Entry): number {
  return objectBytes + changes.length + (result?.length ?? 0);
}
