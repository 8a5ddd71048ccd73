/**
 * The latest entries of a partition, in memory: what a peer that lags can still be sent.
 *
 * Invariants
 * 1. Holds the entries `first` to `last` without a gap; empty where `first` = `last` + 1.
 * 2. Holds everything that is not confirmed: a primary admits at most `capacity` unconfirmed changes,
 *    and only what is confirmed is trimmed.
 * 3. `#entries` from `#head` on are those that it holds, oldest first; what is before is empty.
 */
import { assert } from '../base/assert.ts';
import { BytePool } from '../base/byte-pool.ts';
import { empty } from '../base/empty.ts';
import type { Sequence } from '../base/ids.ts';
import { Entry } from '../wire/replica-messages.ts';

/** What an entry takes in memory beside its content, about. */
const objectBytes = 256;
/** Of all logs: entries live about as long as each other, and what is written next is in the cache. */
const pool = new BytePool(16_384);
/** So many entries may have left at the head before the array is cut. */
const headMax = 64;

export class EntryLog {
  readonly #capacity: number;
  #entries: (Entry | undefined)[] = [];
  #head = 0;
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
    this.#entries = [];
    this.#head = 0;
    this.#bytes = 0;
    this.#first = after + 1;
    this.#last = after;
  }

  /** Keeps a copy of the entry: its bytes may belong to a frame or to a store. */
  push(entry: Entry): void {
    assert(entry.sequence === this.#last + 1, 'entries follow each other without a gap');
    if (entry.sequence - this.#first >= this.#capacity) this.#dropFirst();
    this.#last = entry.sequence;
    this.#entries.push(ownCopyOf(entry));
    this.#bytes += bytesOf(entry);
  }

  /** Counts an entry that nobody will ask for, and forgets those before it. */
  pass(sequence: Sequence): void {
    assert(sequence === this.#last + 1, 'entries follow each other without a gap');
    while (this.#first <= this.#last) this.#dropFirst();
    this.#first = sequence + 1;
    this.#last = sequence;
  }

  /** Forgets the entries up to `confirmed`. */
  trim(confirmed: Sequence): void {
    while (this.#first <= confirmed && this.#first <= this.#last) this.#dropFirst();
  }

  at(sequence: Sequence): Entry | undefined {
    if (sequence < this.#first || sequence > this.#last) return undefined;
    return this.#entries[this.#head + sequence - this.#first];
  }

  /** The entries after `after` up to `to`, or undefined where the log no longer reaches back. */
  slice(after: Sequence, to: Sequence): Entry[] | undefined {
    if (after < this.#first - 1) return undefined;
    const from = this.#head + after + 1 - this.#first;
    const entries: Entry[] = [];
    for (let at = from; at < from + to - after; at++) entries.push(this.#entries[at] as Entry);
    return entries;
  }

  #dropFirst(): void {
    const entry = this.#entries[this.#head];
    if (entry !== undefined) this.#bytes -= bytesOf(entry);
    // An entry of an old array would keep it.
    this.#entries[this.#head++] = undefined;
    this.#first++;
    if (this.#head === this.#entries.length) {
      empty(this.#entries);
      this.#head = 0;
    } else if (this.#head > headMax && this.#head * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#head);
      this.#head = 0;
    }
  }
}

function ownCopyOf(entry: Entry): Entry {
  const { result } = entry;
  return new Entry(
    entry.sequence,
    entry.caller,
    entry.opSequence,
    entry.firstIncomplete,
    entry.structure,
    pool.copy(entry.changes),
    result === undefined ? undefined : pool.copy(result),
  );
}

function bytesOf({ changes, result }: Entry): number {
  return objectBytes + changes.length + (result?.length ?? 0);
}
