/**
 * An open-addressing index from 32-bit hashes to refs, in one typed array.
 *
 * A slot's home is given by the top bits of the hash, so hashes that lie together lie in one stretch
 * of the index, and a larger index is written straight through from the smaller one. Whoever fills an index
 * in the order of hashes reserves it first: a small one would be crowded at its beginning.
 *
 * Invariants
 * 1. Between the home of a hash and its slot no slot is empty.
 * 2. At most four fifths of the slots are taken, so every search ends.
 */
import { assert } from '../../base/assert.ts';
import { hashCount } from '../../base/hash.ts';

/** Who looks at all hashes takes about so many at a time, a 256th of them. */
const hashesPerRange = hashCount / 256;
const slotsMin = 8;

/** The end, exclusive, of the range in which a hash is. */
export function rangeEnd(hash: number): number {
  return (Math.floor(hash / hashesPerRange) + 1) * hashesPerRange;
}

export class HashIndex {
  /** Pairs of (hash, ref); ref 0 is an empty slot. */
  #pairs = new Uint32Array(0);
  #slots = 0;
  #entries = 0;
  /** It does not shrink below this. */
  #slotsReserved = 0;

  get entries(): number {
    return this.#entries;
  }

  get capacityBytes(): number {
    return this.#pairs.byteLength;
  }

  ref(slot: number): number {
    return this.#pairs[2 * slot + 1] as number;
  }

  setRef(slot: number, ref: number): void {
    this.#pairs[2 * slot + 1] = ref;
  }

  /** The first slot with the hash; -1 where there is none. */
  first(hash: number): number {
    return this.#slots === 0 ? -1 : this.#seek(hash, this.#home(hash));
  }

  /** The slot after `slot` with the same hash; -1 where there is none. */
  next(hash: number, slot: number): number {
    return this.#seek(hash, slot + 1 === this.#slots ? 0 : slot + 1);
  }

  add(hash: number, ref: number): void {
    assert(ref !== 0, 'an entry has a ref');
    if (5 * (this.#entries + 1) > 4 * this.#slots) {
      this.#resize(Math.max(slotsMin, this.#slots + (this.#slots >>> 1)));
    }
    this.#place(hash, ref);
    this.#entries += 1;
  }

  remove(slot: number): void {
    this.#closeGap(slot);
    this.#entries -= 1;
    const fewer = Math.max(slotsMin, this.#slots >>> 1);
    const isTooLarge = 8 * this.#entries < this.#slots && fewer >= this.#slotsReserved;
    if (isTooLarge && fewer < this.#slots) this.#resize(fewer);
  }

  /** Makes room for so many entries, and keeps it until the next call. */
  reserve(entries: number): void {
    this.#slotsReserved = entries + (entries >>> 1);
    if (this.#slotsReserved > this.#slots) this.#resize(Math.max(slotsMin, this.#slotsReserved));
  }

  /** Visits every entry with a hash from `from` on and below `to` once. `visit` does not change the index. */
  eachBetween(from: number, to: number, visit: (ref: number, hash: number) => void): void {
    if (this.#entries === 0 || from >= to) return;
    const pairs = this.#pairs;
    const first = this.#home(from);
    const lastHome = this.#home(to - 1);
    let slot = first;
    for (let steps = 0; steps < this.#slots; steps++) {
      const ref = pairs[2 * slot + 1] as number;
      const hash = pairs[2 * slot] as number;
      if (ref === 0 && first + steps > lastHome) return;
      if (ref !== 0 && hash >= from && hash < to) visit(ref, hash);
      slot = slot + 1 === this.#slots ? 0 : slot + 1;
    }
  }

  release(): void {
    this.#pairs = new Uint32Array(0);
    this.#slots = 0;
    this.#entries = 0;
    this.#slotsReserved = 0;
  }

  #home(hash: number): number {
    return Math.floor((hash * this.#slots) / hashCount);
  }

  #seek(hash: number, from: number): number {
    const pairs = this.#pairs;
    let slot = from;
    while (pairs[2 * slot + 1] !== 0) {
      if (pairs[2 * slot] === hash) return slot;
      slot = slot + 1 === this.#slots ? 0 : slot + 1;
    }
    return -1;
  }

  #place(hash: number, ref: number): void {
    const pairs = this.#pairs;
    let slot = this.#home(hash);
    while (pairs[2 * slot + 1] !== 0) slot = slot + 1 === this.#slots ? 0 : slot + 1;
    pairs[2 * slot] = hash;
    pairs[2 * slot + 1] = ref;
  }

  #resize(slots: number): void {
    const old = this.#pairs;
    this.#slots = slots;
    this.#pairs = new Uint32Array(2 * slots);
    for (let at = 0; at < old.length; at += 2) {
      if (old[at + 1] !== 0) this.#place(old[at] as number, old[at + 1] as number);
    }
  }

  /** Empties a slot and moves back what would be cut off from its home by that (invariant 1). */
  #closeGap(emptied: number): void {
    const pairs = this.#pairs;
    let gap = emptied;
    let slot = gap;
    for (;;) {
      slot = slot + 1 === this.#slots ? 0 : slot + 1;
      if (pairs[2 * slot + 1] === 0) break;
      const home = this.#home(pairs[2 * slot] as number);
      if (this.#distance(home, slot) < this.#distance(gap, slot)) continue;
      pairs[2 * gap] = pairs[2 * slot] as number;
      pairs[2 * gap + 1] = pairs[2 * slot + 1] as number;
      gap = slot;
    }
    pairs[2 * gap + 1] = 0;
  }

  #distance(from: number, to: number): number {
    return to >= from ? to - from : to - from + this.#slots;
  }
}
