/**
 * Calls that wait for a place among those in flight, first in first out.
 *
 * Invariants
 * 1. `bytes` is the sum of the ops of those that wait.
 * 2. A call that left is not held, and at most about half of the array is empty, also where calls always wait.
 */

/** So many calls that left may stand at the head before the array is cut. */
const headMax = 1_024;

export interface Waiting {
  readonly call: { readonly op: Uint8Array };
}

export class CallLine<Call extends Waiting> {
  #calls: (Call | undefined)[] = [];
  #head = 0;
  #bytes = 0;

  get length(): number {
    return this.#calls.length - this.#head;
  }

  /** Places that it takes in memory, those that calls have left included. */
  get places(): number {
    return this.#calls.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  push(call: Call): void {
    this.#calls.push(call);
    this.#bytes += call.call.op.length;
  }

  shift(): Call | undefined {
    const call = this.#calls[this.#head];
    if (call === undefined) return undefined;
    this.#calls[this.#head++] = undefined;
    this.#bytes -= call.call.op.length;
    if (this.#head === this.#calls.length) this.#restart([]);
    else if (this.#head >= headMax && this.#head * 2 > this.#calls.length) {
      this.#restart(this.#calls.slice(this.#head));
    }
    return call;
  }

  /** Whether it was there. */
  remove(call: Call): boolean {
    return this.take((other) => other === call).length > 0;
  }

  /** Takes those out for which `isMeant` holds; the others stay in their order. */
  take(isMeant: (call: Call) => boolean): Call[] {
    const taken: Call[] = [];
    const staying: Call[] = [];
    for (let at = this.#head; at < this.#calls.length; at++) {
      const call = this.#calls[at] as Call;
      (isMeant(call) ? taken : staying).push(call);
    }
    if (taken.length === 0) return taken;
    for (const { call } of taken) this.#bytes -= call.op.length;
    this.#restart(staying);
    return taken;
  }

  #restart(calls: (Call | undefined)[]): void {
    this.#calls = calls;
    this.#head = 0;
  }
}
