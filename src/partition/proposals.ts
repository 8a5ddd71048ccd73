/**
 * Commands on their way to the meta leader, from the side that wants them: sent to whoever leads, again
 * until an answer comes. Every command may be committed twice and means the same then.
 */
import type { MemberId } from '../base/ids.ts';
import type { MetaProposed } from '../wire/meta-messages.ts';

export interface ProposalResult {
  /** Applied at this index of the meta log. */
  readonly index: number;
  /** Empty, or why it changed nothing. */
  readonly refusal: string;
}

interface Open {
  readonly command: Uint8Array;
  readonly done: (result: ProposalResult | undefined) => void;
  readonly deadline: number;
  sentAt: number;
}

/** Past it a further proposal is refused at once. */
const openMax = 1_024;

export class Proposals {
  readonly #open = new Map<number, Open>();
  readonly #resendMs: number;
  #next = 1;

  constructor(resendMs: number) {
    this.#resendMs = resendMs;
  }

  get size(): number {
    return this.#open.size;
  }

  /** `done` gets undefined where `timeoutMs` passed without an answer, or too many are open. */
  open(
    command: Uint8Array,
    nowMs: number,
    timeoutMs: number,
    done: (result: ProposalResult | undefined) => void,
  ): void {
    if (this.#open.size >= openMax) {
      done(undefined);
      return;
    }
    const deadline = nowMs + timeoutMs;
    this.#open.set(this.#next++, { command, done, deadline, sentAt: Number.NEGATIVE_INFINITY });
  }

  /** What is to be sent now, to whom it may concern. */
  due(nowMs: number, send: (request: number, command: Uint8Array) => void): void {
    for (const [request, open] of this.#open) {
      if (nowMs >= open.deadline) {
        this.#open.delete(request);
        open.done(undefined);
      } else if (nowMs - open.sentAt >= this.#resendMs) {
        open.sentAt = nowMs;
        send(request, open.command);
      }
    }
  }

  answered(message: MetaProposed): void {
    const open = this.#open.get(message.request);
    if (open === undefined) return;
    if (message.outcome !== 'committed') {
      // The next tick sends it again, perhaps to somebody else.
      if (message.outcome === 'not-leader') open.sentAt = Number.NEGATIVE_INFINITY;
      return;
    }
    this.#open.delete(message.request);
    open.done({ index: message.index, refusal: message.refusal });
  }

  /** A leader is known, perhaps another: nothing need wait for its turn. */
  hurry(): void {
    for (const open of this.#open.values()) open.sentAt = Number.NEGATIVE_INFINITY;
  }
}

/** A proposal that a leader holds until it is applied. */
export interface Awaited {
  readonly from: MemberId;
  readonly request: number;
  readonly term: number;
}
