/**
 * What a primary owes: writes that wait for their copies, and reads that wait for a write they saw.
 *
 * Invariants
 * 1. Writes are answered in sequence, and only up to the commit.
 * 2. A read that saw a write is answered only once that write is committed, so nothing is read that
 *    could still be lost.
 */
import { empty } from '../base/empty.ts';
import type { Sequence } from '../base/ids.ts';
import { type Actions, type Origin, ReplyAction } from './replica-state.ts';
import { wholeStructure } from './store.ts';

/** There is one for each write, so it is a class (docs/decisions/0023), as are the others here. */
class PendingWrite {
  /** Undefined for a write of nobody: housekeeping. */
  declare origin: Origin | undefined;
  declare request: number;
  declare readonly result: Uint8Array;
  declare readonly bytes: number;
  declare readonly touched: number;

  constructor(
    origin: Origin | undefined,
    request: number,
    result: Uint8Array,
    bytes: number,
    touched: number,
  ) {
    this.origin = origin;
    this.request = request;
    this.result = result;
    this.bytes = bytes;
    this.touched = touched;
  }
}

class ParkedRead {
  declare readonly origin: Origin;
  declare readonly request: number;
  declare readonly result: Uint8Array;
  declare readonly needs: Sequence;

  constructor(origin: Origin, request: number, result: Uint8Array, needs: Sequence) {
    this.origin = origin;
    this.request = request;
    this.result = result;
    this.needs = needs;
  }
}

export class Pending {
  /** Writes by sequence; the first has `#first`. */
  #writes: PendingWrite[] = [];
  #head = 0;
  #first: number;
  #reads: ParkedRead[] = [];
  #wholeUncommitted = 0;
  bytes = 0;

  constructor(after: Sequence) {
    this.#first = after + 1;
  }

  get writes(): number {
    return this.#writes.length - this.#head;
  }

  get reads(): number {
    return this.#reads.length;
  }

  get isEmpty(): boolean {
    return this.writes === 0 && this.#reads.length === 0;
  }

  addWrite(
    origin: Origin | undefined,
    request: number,
    sequence: Sequence,
    result: Uint8Array,
    bytes: number,
    touched: number,
  ): void {
    this.#writes.push(new PendingWrite(origin, request, result, bytes, touched));
    this.bytes += bytes;
    if (touched === wholeStructure) this.#wholeUncommitted = sequence;
  }

  /** A write was answered in the turn in which it ran. Precondition: no other waits. */
  pass(sequence: Sequence): void {
    this.#first = sequence + 1;
  }

  /** A retry of a write that is on its way: its answer goes to where the retry came from. */
  redirect(sequence: Sequence, origin: Origin, request: number): boolean {
    const write = this.#writes[this.#head + (sequence - this.#first)];
    if (sequence < this.#first || write === undefined) return false;
    write.origin = origin;
    write.request = request;
    return true;
  }

  /** The commit that a read of `touched` has to wait for; 0 where it saw nothing unanswered. */
  needOf(touched: number, last: Sequence): Sequence {
    if (this.writes === 0) return 0 as Sequence;
    if (touched === wholeStructure) return last;
    return Math.max(this.#lastOf(touched), this.#wholeUncommitted) as Sequence;
  }

  /**
   * The last unanswered write of a key, by the hash of the key; 0 where there is none. A walk: there are few, and
   * a map whose keys come and go costs every write more than a read is saved.
   */
  #lastOf(touched: number): number {
    for (let at = this.#writes.length - 1; at >= this.#head; at--) {
      if (this.#writes[at]?.touched === touched) return this.#first + (at - this.#head);
    }
    return 0;
  }

  park(origin: Origin, request: number, result: Uint8Array, needs: Sequence): void {
    this.#reads.push(new ParkedRead(origin, request, result, needs));
  }

  /** Answers everything up to `commit`. */
  settle(commit: Sequence, out: Actions): void {
    while (this.#head < this.#writes.length && this.#first <= commit) {
      const write = this.#writes[this.#head] as PendingWrite;
      this.#head++;
      this.#first++;
      this.bytes -= write.bytes;
      if (write.origin !== undefined) {
        out.push(new ReplyAction(write.origin, write.request, write.result));
      }
    }
    if (this.#head === this.#writes.length) {
      empty(this.#writes);
      this.#head = 0;
    } else if (this.#head > 1_024) {
      this.#writes = this.#writes.slice(this.#head);
      this.#head = 0;
    }
    if (this.#first > this.#wholeUncommitted) this.#wholeUncommitted = 0;
    if (this.#reads.length > 0) this.#settleReads(commit, out);
  }

  /** The role is over: nothing can be answered here any more. */
  interrupt(out: Actions): void {
    for (let at = this.#head; at < this.#writes.length; at++) {
      const { origin: to, request } = this.#writes[at] as PendingWrite;
      if (to !== undefined) out.push({ kind: 'refuse', to, request, reason: 'interrupted' });
    }
    for (const { origin: to, request } of this.#reads) {
      out.push({ kind: 'refuse', to, request, reason: 'not-primary' });
    }
    this.#writes = [];
    this.#head = 0;
    this.#reads = [];
  }

  #settleReads(commit: Sequence, out: Actions): void {
    const waiting: ParkedRead[] = [];
    for (const read of this.#reads) {
      if (read.needs > commit) waiting.push(read);
      else out.push(new ReplyAction(read.origin, read.request, read.result));
    }
    this.#reads = waiting;
  }
}
