/**
 * One call that may wait at a queue, from its caller's side: begins, asks until it is given something,
 * and ends once (PROTOCOL.md 0, rule 8).
 *
 * Invariants
 * 1. It ends once: with a result, or with an error.
 * 2. An error says `not-applied` only where the primary said that the wait is over, or where nothing was
 *    sent. A call whose time or signal ended it takes the result after all, where there is one by then.
 * 3. A result that came by waiting is settled once, so that nothing is kept for it.
 */
import type { Aborts } from '../../base/aborts.ts';
import { abortedError } from '../../base/call-options.ts';
import type { Clock, Timer } from '../../base/clock.ts';
import { GridError } from '../../base/errors.ts';
import type { Router, StructureRow } from '../../partition/router-port.ts';
import { Call } from '../call.ts';
import { progress, queueOps, tokenOp, unknownOp } from './queue-ops.ts';
import type { Settlements } from './settlements.ts';

/** How long a call goes on beyond its time, to learn how it ended. */
export const graceMs = 5_000;
/** How much longer than the call its wait is kept: whoever is late with an answer finds it still there. */
export const keepMs = 2 * graceMs;
/** Who was silent for so long is not told what its wait was given: that is kept for twice this time. */
const silentMaxMs = 1_800_000;

/** What all waits at one queue have in common. */
export interface WaitPlace {
  readonly router: Router;
  readonly clock: Clock;
  readonly partition: () => number;
  /** Aborts when this process leaves the grid. */
  readonly leaving?: AbortSignal | undefined;
  /** Told of the waits of which the caller has the result, by their tokens. */
  readonly settlements: Pick<Settlements, 'add'>;
}

/** sent -> waiting -> cancelling, and over from each of them. */
type Phase = 'sent' | 'waiting' | 'cancelling' | 'over';

export class QueueWait {
  readonly #place: WaitPlace;
  /** Those of the process as it is now: it may come back as another member meanwhile. */
  readonly #aborts: Aborts;
  readonly #partition: number;
  readonly #structure: StructureRow;
  readonly #op: Uint8Array;
  readonly #timeoutMs: number;
  readonly #signal: AbortSignal | undefined;
  readonly #late: () => GridError;
  readonly #resolved: (value: Uint8Array) => void;
  readonly #reject: (error: GridError) => void;
  readonly #endsAt: number;
  #phase: Phase = 'sent';
  #token: Uint8Array | undefined;
  /** When the last answer came. */
  #heardAt: number;
  #timer: Timer | undefined;
  /** Why it is being cancelled. */
  #cause: GridError | undefined;

  /**
   * By position, as what each op makes is to be (docs/decisions/0023). `op` is a push or a take, which may wait; `late`
   * what the call ends with where it waited in vain; what it ends with is the encoded value, empty for a push.
   */
  constructor(
    place: WaitPlace,
    structure: StructureRow,
    op: Uint8Array,
    timeoutMs: number,
    signal: AbortSignal | undefined,
    late: () => GridError,
    resolved: (value: Uint8Array) => void,
    reject: (error: GridError) => void,
  ) {
    this.#place = place;
    this.#aborts = place.router.aborts;
    this.#partition = place.partition();
    this.#structure = structure;
    this.#op = op;
    this.#timeoutMs = timeoutMs;
    this.#signal = signal;
    this.#late = late;
    this.#resolved = resolved;
    this.#reject = reject;
    this.#heardAt = place.clock.monotonic();
    this.#endsAt = this.#heardAt + timeoutMs;
  }

  begin(): void {
    if (this.#isAborted) {
      this.#fail(this.#ended());
      return;
    }
    this.#aborts.add(this.#signal, this.#aborted);
    this.#aborts.add(this.#place.leaving, this.#aborted);
    // Neither its time nor its signal ends this op early: it may be what takes an item.
    const timeoutMs = this.#timeoutMs + graceMs;
    this.#submit(this.#op, true, timeoutMs, (result) => this.#answered(result));
  }

  #answered(result: Uint8Array): void {
    if (result[0] === progress.done) {
      this.#resolve(result);
      return;
    }
    if (result[0] !== progress.begun) {
      this.#fail(unknownOp('a result'));
      return;
    }
    // It outlives the frame that brought it.
    this.#token = result.slice(1);
    if (this.#phase === 'sent') this.#wait();
    else this.#cancel();
  }

  #wait(): void {
    const { clock } = this.#place;
    if (this.#isAborted) {
      this.#cancel();
      return;
    }
    this.#phase = 'waiting';
    this.#timer?.cancel();
    const leftMs = Math.max(0, this.#endsAt - clock.monotonic());
    this.#timer = clock.setTimer(leftMs, () => this.#cancel());
    this.#ask();
  }

  /** Waits at the primary, and again. */
  #ask(): void {
    if (this.#phase !== 'waiting' || this.#token === undefined) return;
    const leftMs = this.#endsAt - this.#place.clock.monotonic();
    const op = tokenOp(queueOps.ask, this.#token);
    this.#submit(op, false, Math.max(0, leftMs) + graceMs, (result) => {
      if (result[0] === progress.waiting) this.#ask();
      // A wait that is over may be so by the cancel, which then tells what the wait was given.
      else if (this.#phase === 'waiting' || result[0] === progress.done)
        this.#learned(result, true);
    });
  }

  readonly #aborted = (): void => {
    if (this.#phase === 'waiting') this.#cancel();
    else if (this.#phase === 'sent') this.#awaitAnswer();
  };

  /** Aborted before the first answer: for a while it is still waited for. */
  #awaitAnswer(): void {
    this.#timer?.cancel();
    this.#timer = this.#place.clock.setTimer(graceMs, () => this.#giveUp());
  }

  #giveUp(): void {
    if (this.#phase === 'sent') this.#fail(this.#unknown(undefined));
  }

  /** Its time or its signal ends it, or it could not ask. */
  #cancel(cause?: GridError): void {
    const token = this.#token;
    if (token === undefined || this.#phase === 'cancelling') return;
    if (this.#phase !== 'over') {
      this.#phase = 'cancelling';
      this.#cause = cause;
      this.#release();
    }
    const op = tokenOp(queueOps.cancel, token);
    this.#submit(op, true, graceMs, (result) => this.#learned(result, false));
  }

  /** The wait is no longer one. */
  #learned(result: Uint8Array, isToBeSettled: boolean): void {
    if (this.#phase === 'over') return;
    // Whether what it was given would still be there.
    const isFresh = this.#place.clock.monotonic() - this.#heardAt < silentMaxMs;
    if (result[0] === progress.done) {
      this.#resolve(result);
      if (!isToBeSettled || this.#token === undefined) return;
      this.#place.settlements.add(this.#structure, this.#token);
    } else if (result[0] === progress.over && isFresh) {
      this.#fail(this.#cause ?? this.#ended());
    } else {
      this.#fail(this.#unknown(undefined));
    }
  }

  #submit(
    op: Uint8Array,
    isWrite: boolean,
    timeoutMs: number,
    resolve: (result: Uint8Array) => void,
  ): void {
    const resolved = (result: Uint8Array) => {
      resolve(result);
      this.#heardAt = this.#place.clock.monotonic();
    };
    const rejected = (error: GridError) => this.#rejected(error);
    const at = this.#partition;
    const call = new Call(at, undefined, op, isWrite, undefined, resolved, rejected);
    call.isPoll = !isWrite;
    call.sendBy(this.#place.router, this.#structure, timeoutMs);
  }

  get #isAborted(): boolean {
    return this.#signal?.aborted === true || this.#place.leaving?.aborted === true;
  }

  #rejected(error: GridError): void {
    if (this.#phase === 'sent') this.#fail(error);
    else if (this.#phase === 'waiting') this.#cancel(error);
    else if (this.#phase === 'cancelling') this.#fail(this.#unknown(error));
  }

  #resolve(result: Uint8Array): void {
    if (this.#phase === 'over') return;
    this.#end();
    this.#resolved(result.subarray(1));
  }

  #fail(error: GridError): void {
    if (this.#phase === 'over') return;
    this.#end();
    this.#reject(error);
  }

  #end(): void {
    this.#phase = 'over';
    this.#release();
  }

  #release(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#aborts.remove(this.#signal, this.#aborted);
    this.#aborts.remove(this.#place.leaving, this.#aborted);
  }

  #ended(): GridError {
    const signal = this.#signal;
    if (signal?.aborted === true) return abortedError(signal, 'not-applied');
    if (this.#place.leaving?.aborted !== true) return this.#late();
    return new GridError('GRID_CLOSED', 'expected to wait at a queue, found a grid that is left');
  }

  #unknown(cause: GridError | undefined): GridError {
    const code = cause?.code ?? 'GRID_TIMEOUT';
    const silence = `expected to learn within ${Math.round(this.#timeoutMs)} ms and ${graceMs} more how a call ended that waited at the queue '${this.#structure.name}', found no answer; it may have taken effect`;
    // Of a queue that is gone, or a grid, nobody could tell more.
    const text = cause !== undefined && code === 'GRID_CLOSED' ? cause.message : silence;
    return new GridError(code, text, { outcome: 'unknown', cause: cause ?? this.#signal?.reason });
  }
}
