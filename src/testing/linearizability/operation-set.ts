/**
 * The set of operations that a search has taken: a bit for each, and a short text that names the set.
 *
 * Operations that returned come first, by call, then those without a reply; each kind begins a word
 * of its own. Of the first kind all before the first that is missing are in the set, and none called
 * after the first return that is missing, so that only the words between tell sets apart.
 */

const wordBits = 16;

export class OperationSet {
  readonly #words: Uint16Array;
  readonly #returned: number;
  /** The first word of the operations without a reply. */
  readonly #openWord: number;

  constructor(returned: number, operations: number) {
    this.#returned = returned;
    this.#openWord = Math.ceil(returned / wordBits);
    this.#words = new Uint16Array(this.#openWord + Math.ceil((operations - returned) / wordBits));
  }

  has(operation: number): boolean {
    const bit = this.#bitOf(operation);
    return ((this.#words[bit >> 4] as number) & (1 << (bit & 15))) !== 0;
  }

  add(operation: number): void {
    const bit = this.#bitOf(operation);
    (this.#words[bit >> 4] as number) |= 1 << (bit & 15);
  }

  delete(operation: number): void {
    const bit = this.#bitOf(operation);
    (this.#words[bit >> 4] as number) &= ~(1 << (bit & 15));
  }

  /**
   * A text for this set and a state: `from` is the first returned operation that is missing, `to` the
   * number of returned operations called before the first missing return.
   */
  key(stateId: number, from: number, to: number): string {
    const fromWord = from >> 4;
    const toWord = Math.ceil(to / wordBits);
    let key = String.fromCharCode(stateId & 0xffff, stateId >>> 16, fromWord);
    for (let word = fromWord; word < toWord; word++) key += this.#charOf(word);
    for (let word = this.#openWord; word < this.#words.length; word++) key += this.#charOf(word);
    return key;
  }

  #charOf(word: number): string {
    return String.fromCharCode(this.#words[word] as number);
  }

  #bitOf(operation: number): number {
    if (operation < this.#returned) return operation;
    return this.#openWord * wordBits + operation - this.#returned;
  }
}
