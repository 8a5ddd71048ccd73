/**
 * Numbers in the order in which they came: which item or wait is the oldest. It is an index over
 * records that are kept elsewhere, and it forgets lazily: a number whose record is gone is passed over.
 *
 * Invariants
 * 1. Every number whose record is live is in it, once at least.
 * 2. It holds at most twice as many numbers as there are records, and some more.
 */

/** Numbers that are not live are given room up to this many more. */
const slack = 64;

export class ArrivalOrder {
  readonly #isLive: (number: number) => boolean;
  #numbers: number[] = [];
  #head = 0;
  /** Numbers come in order, but for a copy, which comes by hash. */
  #isSorted = true;

  constructor(isLive: (number: number) => boolean) {
    this.#isLive = isLive;
  }

  /** What it holds, numbers that are not live included. */
  get length(): number {
    return this.#numbers.length - this.#head;
  }

  add(number: number): void {
    const last = this.#numbers.at(-1);
    if (last !== undefined && number < last) this.#isSorted = false;
    this.#numbers.push(number);
  }

  /** The oldest; 0 where there is none. */
  first(): number {
    if (!this.#isSorted) this.#rebuild();
    this.#passOver();
    return this.#numbers[this.#head] ?? 0;
  }

  /** The oldest that is wanted; 0 where there is none. */
  find(isWanted: (number: number) => boolean): number {
    if (this.first() === 0) return 0;
    for (let at = this.#head; at < this.#numbers.length; at++) {
      const number = this.#numbers[at] as number;
      if (this.#isLive(number) && isWanted(number)) return number;
    }
    return 0;
  }

  /** A record is gone; `live` is how many there may still be. */
  removed(live: number): void {
    if (this.#isSorted) this.#passOver();
    if (this.length > 2 * live + slack) this.#rebuild();
  }

  clear(): void {
    this.#numbers = [];
    this.#head = 0;
    this.#isSorted = true;
  }

  #passOver(): void {
    const numbers = this.#numbers;
    while (this.#head < numbers.length && !this.#isLive(numbers[this.#head] as number)) {
      this.#head += 1;
    }
    if (this.#head === numbers.length) this.clear();
    else if (this.#head > slack && 2 * this.#head > numbers.length) {
      this.#numbers = numbers.slice(this.#head);
      this.#head = 0;
    }
  }

  #rebuild(): void {
    const sorted = Float64Array.from(this.#numbers.slice(this.#head)).sort();
    const kept: number[] = [];
    for (const number of sorted) {
      if (number !== kept.at(-1) && this.#isLive(number)) kept.push(number);
    }
    this.#numbers = kept;
    this.#head = 0;
    this.#isSorted = true;
  }
}
