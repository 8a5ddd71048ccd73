/**
 * A first-in first-out queue in one array that is used in a circle, so that a message in and out costs
 * no allocation. It knows no bound: whoever pushes does.
 */

const slotsMin = 16;
/** A ring that grew beyond this in a burst gives its memory back when it is empty again. */
const slotsKept = 1_024;

export class Ring<T> {
  /** The number of slots is a power of two, so that a position is a mask away from its slot. */
  #slots: (T | undefined)[] = new Array(slotsMin).fill(undefined);
  #head = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(item: T): void {
    if (this.#length === this.#slots.length) this.#grow();
    this.#slots[(this.#head + this.#length) & (this.#slots.length - 1)] = item;
    this.#length++;
  }

  shift(): T | undefined {
    if (this.#length === 0) return undefined;
    const item = this.#slots[this.#head];
    this.#slots[this.#head] = undefined;
    this.#head = (this.#head + 1) & (this.#slots.length - 1);
    this.#length--;
    if (this.#length === 0 && this.#slots.length > slotsKept) this.clear();
    return item;
  }

  clear(): void {
    this.#slots = new Array(slotsMin).fill(undefined);
    this.#head = 0;
    this.#length = 0;
  }

  #grow(): void {
    const size = this.#slots.length;
    const larger: (T | undefined)[] = new Array(size * 2).fill(undefined);
    for (let index = 0; index < size; index++) {
      larger[index] = this.#slots[(this.#head + index) & (size - 1)];
    }
    this.#slots = larger;
    this.#head = 0;
  }
}
