/**
 * Reads that wait at a primary until there is something to give: what a take of an empty queue, a
 * subscription and a watch are made of. They live in memory only. A caller whose primary is replaced
 * asks the next one.
 *
 * Invariants
 * 1. A poll is answered once: by what it found, empty at its deadline, or with a refusal at the end.
 * 2. Polls of one key are woken in the order in which they came.
 */
import type { StructureId } from '../base/ids.ts';
import type { OpRequest } from '../wire/op-messages.ts';
import { type Actions, type Origin, ReplyAction } from './replica-state.ts';

/** A read that waits. It keeps no frame alive: its op is a copy. */
export class Poll {
  declare readonly origin: Origin;
  declare readonly message: OpRequest;
  /** The answer where nothing comes. */
  declare readonly empty: Uint8Array;
  declare readonly deadline: number;

  constructor(origin: Origin, message: OpRequest, empty: Uint8Array, deadline: number) {
    this.origin = origin;
    this.message = message;
    this.empty = empty;
    this.deadline = deadline;
  }
}

/** Polls of one partition; past it a read is told to come again. */
const pollsMax = 65_536;

export class Polls {
  readonly #waiting = new Map<StructureId, Map<number, Poll[]>>();
  #woken: Poll[] = [];
  #count = 0;
  #nextDeadline = Number.POSITIVE_INFINITY;

  get count(): number {
    return this.#count;
  }

  get hasWoken(): boolean {
    return this.#woken.length > 0;
  }

  /** False at the bound. */
  add(key: number, poll: Poll): boolean {
    if (this.#count >= pollsMax) return false;
    const { structure } = poll.message;
    const keys = this.#waiting.get(structure) ?? new Map<number, Poll[]>();
    this.#waiting.set(structure, keys);
    const polls = keys.get(key);
    if (polls === undefined) keys.set(key, [poll]);
    else polls.push(poll);
    this.#count++;
    if (poll.deadline < this.#nextDeadline) this.#nextDeadline = poll.deadline;
    return true;
  }

  wake(structure: StructureId, keys: readonly number[]): void {
    const waiting = this.#waiting.get(structure);
    if (waiting === undefined) return;
    for (const key of keys) {
      const polls = waiting.get(key);
      if (polls === undefined) continue;
      waiting.delete(key);
      for (const poll of polls) this.#woken.push(poll);
    }
    if (waiting.size === 0) this.#waiting.delete(structure);
  }

  /** Wakes all polls of the structures for which `isGone` holds: run again, they learn of it. */
  wakeWhere(isGone: (structure: StructureId) => boolean): void {
    for (const [structure, keys] of [...this.#waiting]) {
      if (isGone(structure)) this.wake(structure, [...keys.keys()]);
    }
  }

  /** Those that were woken; each is answered or added again. */
  takeWoken(): Poll[] {
    const woken = this.#woken;
    this.#woken = [];
    this.#count -= woken.length;
    return woken;
  }

  /** Answers those whose time is over; who has no right to answer sends them away. */
  expire(nowMs: number, mayAnswer: boolean, out: Actions): void {
    if (nowMs < this.#nextDeadline) return;
    this.#nextDeadline = Number.POSITIVE_INFINITY;
    for (const [structure, keys] of this.#waiting) {
      for (const [key, polls] of keys) {
        const staying = polls.filter((poll) => !this.#isOver(poll, nowMs, mayAnswer, out));
        if (staying.length > 0) keys.set(key, staying);
        else keys.delete(key);
      }
      if (keys.size === 0) this.#waiting.delete(structure);
    }
  }

  /** The role is over: the next primary is to be asked. */
  interrupt(out: Actions): void {
    const refuse = ({ origin: to, message: { request } }: Poll) =>
      out.push({ kind: 'refuse', to, request, reason: 'not-primary' });
    for (const poll of this.takeWoken()) refuse(poll);
    for (const keys of this.#waiting.values()) {
      for (const polls of keys.values()) for (const poll of polls) refuse(poll);
    }
    this.#waiting.clear();
    this.#count = 0;
  }

  #isOver(poll: Poll, nowMs: number, mayAnswer: boolean, out: Actions): boolean {
    if (nowMs < poll.deadline) {
      if (poll.deadline < this.#nextDeadline) this.#nextDeadline = poll.deadline;
      return false;
    }
    this.#count--;
    const { origin: to, message, empty: result } = poll;
    const { request } = message;
    if (mayAnswer) out.push(new ReplyAction(to, request, result));
    else out.push({ kind: 'refuse', to, request, reason: 'not-ready' });
    return true;
  }
}
