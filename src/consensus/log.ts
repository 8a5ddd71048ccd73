/**
 * The entries that follow the compacted part of the log.
 *
 * Invariants
 * 1. Entries are consecutive: the first is `base + 1`, the last `lastIndex`.
 * 2. Terms never fall along the log; `baseTerm` is the term of the entry at `base`.
 */
import { assert } from '../base/assert.ts';
import type { RaftEntry } from '../wire/consensus-messages.ts';

/** What an entry costs beside its body. */
const entryOverheadBytes = 32;

export function entryBytes(entry: RaftEntry): number {
  return entry.body.length + entryOverheadBytes;
}

export class RaftLog {
  #base = 0;
  #baseTerm = 0;
  #entries: RaftEntry[] = [];
  #bytes = 0;

  /** The last index that is no longer held as an entry. */
  get base(): number {
    return this.#base;
  }

  get lastIndex(): number {
    return this.#base + this.#entries.length;
  }

  get lastTerm(): number {
    return this.#entries.at(-1)?.term ?? this.#baseTerm;
  }

  /** How many entries are held. */
  get length(): number {
    return this.#entries.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  entryAt(index: number): RaftEntry | undefined {
    return this.#entries[index - this.#base - 1];
  }

  /** Undefined below `base` and above `lastIndex`. */
  termAt(index: number): number | undefined {
    return index === this.#base ? this.#baseTerm : this.entryAt(index)?.term;
  }

  /** The first index, above `base`, of the run of one term that `index` belongs to. */
  firstOfTerm(index: number): number {
    const term = this.termAt(index);
    let first = index;
    while (first - 1 > this.#base && this.termAt(first - 1) === term) first--;
    return first;
  }

  /** Whether a log that ends so holds everything that this one may have committed (Raft 5.4.1). */
  isCoveredBy(lastIndex: number, lastTerm: number): boolean {
    if (lastTerm !== this.lastTerm) return lastTerm > this.lastTerm;
    return lastIndex >= this.lastIndex;
  }

  /** Entries from an index on, within both bounds, but at least one where there is one. */
  from(index: number, entriesMax: number, bytesMax: number): RaftEntry[] {
    const start = index - this.#base - 1;
    assert(start >= 0, 'compacted entries were asked for');
    const stop = Math.min(this.#entries.length, start + entriesMax);
    const taken: RaftEntry[] = [];
    let bytes = 0;
    for (let at = start; at < stop; at++) {
      const entry = this.#entries[at] as RaftEntry;
      bytes += entryBytes(entry);
      if (taken.length > 0 && bytes > bytesMax) break;
      taken.push(entry);
    }
    return taken;
  }

  append(entry: RaftEntry): void {
    assert(entry.index === this.lastIndex + 1, `entry ${entry.index} leaves a gap`);
    assert(entry.term >= this.lastTerm, 'terms fall along the log');
    this.#entries.push(entry);
    this.#bytes += entryBytes(entry);
  }

  /** Drops `index` and all that follows. */
  truncateFrom(index: number): void {
    this.#drop(this.#entries.splice(index - this.#base - 1));
  }

  /** Drops all up to `index`, but keeps so many of them, within so many bytes, for peers close behind. */
  compactTo(index: number, keptMax: number, keptBytesMax: number): void {
    let base = index;
    let bytes = 0;
    while (base > this.#base && index - base < keptMax) {
      bytes += entryBytes(this.entryAt(base) as RaftEntry);
      if (bytes > keptBytesMax) break;
      base--;
    }
    const term = this.termAt(base);
    assert(term !== undefined, 'a snapshot reaches past the log');
    this.#drop(this.#entries.splice(0, base - this.#base));
    this.#base = base;
    this.#baseTerm = term;
  }

  /** Forgets everything: a snapshot that ends here takes its place. */
  reset(index: number, term: number): void {
    this.#base = index;
    this.#baseTerm = term;
    this.#entries = [];
    this.#bytes = 0;
  }

  #drop(entries: readonly RaftEntry[]): void {
    for (const entry of entries) this.#bytes -= entryBytes(entry);
  }
}
