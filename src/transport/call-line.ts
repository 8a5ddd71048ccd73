/**
 * Calls that wait for a place among those in flight, first in first out.
 *
 * Invariants
 * 1. `bytes` is the sum of the ops of those that wait.
 * 2. A call that left is not held, and at most about half of the array is empty, also where calls always wait.
 * 3. A call that waits knows its place, so that it leaves without being looked for: one signal may take
 *    a hundred thousand of them out, one by one.
 */

/** So many places may be empty before the array is cut. */
const emptyMax = 1_024;

export interface Waiting {
  readonly call: { readonly op: Uint8Array };
  /** Where it stands; only the line sets it. */
  place: number;
}

export class CallLine<Call extends Waiting> {
  #calls: (Call | undefined)[] = [];
  /** Nobody stands before it. */
  #head = 0;
  #length = 0;
  #bytes = 0;

  get length(): number {
    return this.#length;
  }

  /** Places that it takes in memory, those that calls have left included. */
  get places(): number {
    return this.#calls.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  push(call: Call): void {
    call.place = this.#calls.length;
    this.#calls.push(call);
    this.#length++;
    this.#bytes += call.call.op.length;
  }

  shift(): Call | undefined {
    while (this.#head < this.#calls.length) {
      const call = this.#calls[this.#head++];
      if (call === undefined) continue;
      this.#vacate(call);
      return call;
    }
    return undefined;
  }

  /** Whether it was there. */
  remove(call: Call): boolean {
    if (this.#calls[call.place] !== call) return false;
    this.#vacate(call);
    return true;
  }

  /** Takes those out for which `isMeant` holds; the others stay in their order. */
  take(isMeant: (call: Call) => boolean): Call[] {
    const taken: Call[] = [];
    for (let at = this.#head; at < this.#calls.length; at++) {
      const call = this.#calls[at];
      if (call !== undefined && isMeant(call)) taken.push(call);
    }
    for (const call of taken) this.#vacate(call);
    return taken;
  }

  #vacate(call: Call): void {
    this.#calls[call.place] = undefined;
    this.#length--;
    this.#bytes -= call.call.op.length;
    const empty = this.#calls.length - this.#length;
    if (this.#length > 0 && (empty < emptyMax || empty * 2 <= this.#calls.length)) return;
    this.#calls = this.#calls.filter((other) => other !== undefined);
    this.#head = 0;
    for (let at = 0; at < this.#calls.length; at++) (this.#calls[at] as Call).place = at;
  }
}
