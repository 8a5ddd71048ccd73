/**
 * When records may expire: a binary heap of deadlines and key hashes in two typed arrays, twelve bytes
 * an entry, so that finding what is due costs nothing while nothing is.
 *
 * Invariants
 * 1. For each record with a deadline there is an entry of its hash that is due then or earlier. So a
 *    record that is written again to live longer needs no new entry, and nothing is ever taken out of
 *    the middle: an entry says where to look, the record says whether it has expired.
 */

const sizeMin = 64;

export class Deadlines {
  #times = new Float64Array(0);
  #hashes = new Uint32Array(0);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** When to look next; infinite where nothing can expire. */
  get earliest(): number {
    return this.#size === 0 ? Number.POSITIVE_INFINITY : (this.#times[0] as number);
  }

  add(deadline: number, hash: number): void {
    if (this.#size === this.#times.length) this.#resize(Math.max(sizeMin, 2 * this.#size));
    let at = this.#size++;
    while (at > 0) {
      const parent = (at - 1) >>> 1;
      if ((this.#times[parent] as number) <= deadline) break;
      this.#move(parent, at);
      at = parent;
    }
    this.#set(at, deadline, hash);
  }

  /** Takes the earliest entry out and gives its hash. There is one. */
  take(): number {
    const first = this.#hashes[0] as number;
    const last = --this.#size;
    this.#sink(this.#times[last] as number, this.#hashes[last] as number);
    if (this.#size < this.#times.length >>> 2 && this.#times.length > sizeMin) {
      this.#resize(this.#times.length >>> 1);
    }
    return first;
  }

  clear(): void {
    this.#times = new Float64Array(0);
    this.#hashes = new Uint32Array(0);
    this.#size = 0;
  }

  /** Puts an entry in at the top, and down to where it belongs. */
  #sink(deadline: number, hash: number): void {
    const size = this.#size;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= size) break;
      const isRightEarlier =
        child + 1 < size && (this.#times[child + 1] as number) < (this.#times[child] as number);
      if (isRightEarlier) child += 1;
      if (deadline <= (this.#times[child] as number)) break;
      this.#move(child, at);
      at = child;
    }
    if (size > 0) this.#set(at, deadline, hash);
  }

  #move(from: number, to: number): void {
    this.#times[to] = this.#times[from] as number;
    this.#hashes[to] = this.#hashes[from] as number;
  }

  #set(at: number, deadline: number, hash: number): void {
    this.#times[at] = deadline;
    this.#hashes[at] = hash;
  }

  #resize(length: number): void {
    const times = new Float64Array(length);
    const hashes = new Uint32Array(length);
    times.set(this.#times.subarray(0, this.#size));
    hashes.set(this.#hashes.subarray(0, this.#size));
    this.#times = times;
    this.#hashes = hashes;
  }
}
