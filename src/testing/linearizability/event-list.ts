/**
 * The calls and returns of one partition as doubly linked lists, so that an operation can be taken
 * out (lifted) and put back (unlifted) in constant time while a search tries orders.
 *
 * An event is named by its rank in time, from 1. There are two lists: the main one of the operations
 * that returned, and the open one of those without a reply, which hold their call only, as nothing
 * must happen before a return that never came.
 *
 * Invariants
 * 1. Operations are unlifted in the reverse order of being lifted; only then are the links right.
 * 2. Operations that returned are numbered first, by call, from 0; then those without a reply.
 * 3. The main list begins with a call or is empty, as no return comes before its call.
 */
import { assert } from '../../base/assert.ts';
import { type History, neverReturned, type Operation } from './model.ts';

const mainHead = 0;

/** More do not fit into the keys of the search's memo; a partition has some hundreds. */
export const operationsMax = 1_000_000;

interface Moment {
  readonly operation: number;
  readonly isReturn: boolean;
  readonly time: number;
}

export class EventList<Input, Output> {
  /** Numbered as invariant 2 says. */
  readonly operations: History<Input, Output>;
  /** How many of them returned. */
  readonly returned: number;
  /** By event. */
  readonly operationAt: Int32Array;

  readonly #isReturn: Uint8Array;
  /** By event: calls of returned operations up to it. */
  readonly #callsUpTo: Int32Array;
  /** By operation. */
  readonly #callOf: Int32Array;
  /** By operation; 0 for one without a reply. */
  readonly #returnOf: Int32Array;
  readonly #next: Int32Array;
  readonly #previous: Int32Array;
  readonly #openHead: number;

  constructor(history: History<Input, Output>) {
    assert(history.length <= operationsMax, `a partition of over ${operationsMax} operations`);
    for (const operation of history) assertWellFormed(operation);
    const byCall = history.toSorted((a, b) => a.call - b.call);
    const known = byCall.filter((operation) => operation.return !== neverReturned);
    this.operations = [...known, ...byCall.filter((o) => o.return === neverReturned)];
    this.returned = known.length;

    const moments = momentsOf(this.operations);
    const size = moments.length + 2;
    this.operationAt = new Int32Array(size);
    this.#isReturn = new Uint8Array(size);
    this.#callsUpTo = new Int32Array(size);
    this.#callOf = new Int32Array(this.operations.length);
    this.#returnOf = new Int32Array(this.operations.length);
    this.#next = new Int32Array(size);
    this.#previous = new Int32Array(size);
    this.#openHead = size - 1;
    this.#next[this.#openHead] = this.#openHead;
    this.#previous[this.#openHead] = this.#openHead;
    for (const [index, moment] of moments.entries()) this.#append(index + 1, moment);
  }

  /** The first call in the main list: the one that waits longest. */
  get first(): number {
    return this.#next[mainHead] as number;
  }

  /** The event that bounds what may come next: every operation called before it, and no other. */
  get firstReturn(): number {
    let event = this.first;
    while (event !== mainHead && this.#isReturn[event] === 0) event = this.#next[event] as number;
    return event;
  }

  /**
   * The call to try after this one, 0 if none is left. Operations without a reply come last: most
   * are not needed to explain anything.
   */
  candidateAfter(event: number): number {
    const following = this.#next[event] as number;
    if ((this.operationAt[event] as number) >= this.returned) return this.#open(following);
    return this.#isReturn[following] === 1 ? this.#open(this.#next[this.#openHead]) : following;
  }

  callsUpTo(event: number): number {
    return this.#callsUpTo[event] as number;
  }

  lift(operation: number): void {
    this.#unlink(this.#callOf[operation] as number);
    const end = this.#returnOf[operation] as number;
    if (end !== 0) this.#unlink(end);
  }

  unlift(operation: number): void {
    const end = this.#returnOf[operation] as number;
    if (end !== 0) this.#relink(end);
    this.#relink(this.#callOf[operation] as number);
  }

  #open(event: number | undefined): number {
    // The head of the open list ranks after every event, so it is never a candidate.
    return event !== undefined && event < this.firstReturn ? event : 0;
  }

  #append(event: number, { operation, isReturn }: Moment): void {
    const hasReturn = operation < this.returned;
    const head = hasReturn ? mainHead : this.#openHead;
    const last = this.#previous[head] as number;
    this.operationAt[event] = operation;
    this.#isReturn[event] = isReturn ? 1 : 0;
    const calls = this.#callsUpTo[event - 1] as number;
    this.#callsUpTo[event] = hasReturn && !isReturn ? calls + 1 : calls;
    if (isReturn) this.#returnOf[operation] = event;
    else this.#callOf[operation] = event;
    this.#previous[event] = last;
    this.#next[event] = head;
    this.#next[last] = event;
    this.#previous[head] = event;
  }

  #unlink(event: number): void {
    const previous = this.#previous[event] as number;
    const next = this.#next[event] as number;
    this.#next[previous] = next;
    this.#previous[next] = previous;
  }

  #relink(event: number): void {
    this.#next[this.#previous[event] as number] = event;
    this.#previous[this.#next[event] as number] = event;
  }
}

function assertWellFormed(operation: Operation<unknown, unknown>): void {
  assert(operation.call <= operation.return, 'an operation that returned before its call');
  assert(
    (operation.return === neverReturned) === (operation.output === undefined),
    'an operation has an output if and only if it returned',
  );
}

/** In order of time; at one time calls come before returns, so that what touches is concurrent. */
function momentsOf(operations: History<unknown, unknown>): Moment[] {
  const moments: Moment[] = [];
  for (const [operation, { call, return: end }] of operations.entries()) {
    moments.push({ operation, isReturn: false, time: call });
    if (end !== neverReturned) moments.push({ operation, isReturn: true, time: end });
  }
  return moments.sort((a, b) => a.time - b.time || Number(a.isReturn) - Number(b.isReturn));
}
