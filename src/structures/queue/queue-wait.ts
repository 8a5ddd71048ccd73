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
import { progress, queueOps, tokenOp, unknownOp } from './queue-ops.ts';

/** How long a call goes on beyond its time, to learn how it ended. */
export const graceMs = 5_000;
/** How much longer than the call its wait is kept: whoever is late with an answer finds it still there. */
export const keepMs = 2 * graceMs;
/** Who was silent for so long is not told what its wait was given: that is kept for twice this time. */
const silentMaxMs = 1_800_000;

export interface WaitOptions {
  readonly router: Router;
  readonly clock: Clock;
  readonly structure: StructureRow;
  readonly partition: number;
  /** A push or a take; it may wait. */
  readonly op: Uint8Array;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  /** Aborts when this process leaves the grid. */
  readonly leaving?: AbortSignal | undefined;
  /** What the call ends with where it waited in vain. */
  readonly late: () => GridError;
  /** The caller has the result of the wait of this token. */
  readonly settle: (token: Uint8Array) => void;
  /** The encoded value of the item; empty for a push. */
  readonly resolve: (value: Uint8Array) => void;
  readonly reject: (error: GridError) => void;
}

/** sent -> waiting -> cancelling, and over from each of them. */
type Phase = 'sent' | 'waiting' | 'cancelling' | 'over';

export class QueueWait {
  readonly #options: WaitOptions;
  readonly #aborts: Aborts;
  readonly #signals: readonly AbortSignal[];
  readonly #endsAt: number;
  #phase: Phase = 'sent';
  #token: Uint8Array | undefined;
  /** When the last answer came. */
  #heardAt: number;
  #timer: Timer | undefined;
  /** Why it is being cancelled. */
  #cause: GridError | undefined;

  constructor(options: WaitOptions) {
    this.#options = options;
    this.#aborts = options.router.aborts;
    this.#signals = [options.signal, options.leaving].filter((signal) => signal !== undefined);
    this.#heardAt = options.clock.monotonic();
    this.#endsAt = this.#heardAt + options.timeoutMs;
  }

  begin(): void {
    const { op, timeoutMs } = this.#options;
    if (this.#isAborted) {
      this.#fail(this.#ended());
      return;
    }
    for (const signal of this.#signals) this.#aborts.add(signal, this.#aborted);
    // Neither its time nor its signal ends this op early: it may be what takes an item.
    this.#submit(op, true, timeoutMs + graceMs, (result) => this.#answered(result));
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
    const { clock, timeoutMs } = this.#options;
    if (this.#isAborted) {
      this.#cancel();
      return;
    }
    this.#phase = 'waiting';
    this.#timer?.cancel();
    const leftMs = Math.max(0, Math.min(timeoutMs, this.#endsAt - clock.monotonic()));
    this.#timer = clock.setTimer(leftMs, () => this.#cancel());
    this.#ask();
  }

  /** Waits at the primary, and again. */
  #ask(): void {
    if (this.#phase !== 'waiting' || this.#token === undefined) return;
    const leftMs = this.#endsAt - this.#options.clock.monotonic();
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
    this.#timer = this.#options.clock.setTimer(graceMs, () => this.#giveUp());
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
    if (result[0] === progress.done) {
      this.#resolve(result);
      if (isToBeSettled && this.#token !== undefined) this.#options.settle(this.#token);
    } else if (result[0] === progress.over && this.#isFresh) {
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
    this.#options.router.submit({
      structure: this.#options.structure,
      partition: this.#options.partition,
      op,
      isWrite,
      isPoll: !isWrite,
      timeoutMs,
      signal: undefined,
      resolve: (result) => {
        resolve(result);
        this.#heardAt = this.#options.clock.monotonic();
      },
      reject: (error) => this.#rejected(error),
    });
  }

  get #isAborted(): boolean {
    return this.#signals.some(({ aborted }) => aborted);
  }

  /** Whether what it was given would still be there. */
  get #isFresh(): boolean {
    return this.#options.clock.monotonic() - this.#heardAt < silentMaxMs;
  }

  #rejected(error: GridError): void {
    if (this.#phase === 'sent') this.#fail(error);
    else if (this.#phase === 'waiting') this.#cancel(error);
    else if (this.#phase === 'cancelling') this.#fail(this.#unknown(error));
  }

  #resolve(result: Uint8Array): void {
    if (this.#phase === 'over') return;
    this.#end();
    this.#options.resolve(result.subarray(1));
  }

  #fail(error: GridError): void {
    if (this.#phase === 'over') return;
    this.#end();
    this.#options.reject(error);
  }

  #end(): void {
    this.#phase = 'over';
    this.#release();
  }

  #release(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    for (const signal of this.#signals) this.#aborts.remove(signal, this.#aborted);
  }

  #ended(): GridError {
    const { signal, leaving, late } = this.#options;
    if (signal?.aborted === true) return abortedError(signal, 'not-applied');
    if (leaving?.aborted !== true) return late();
    return new GridError('GRID_CLOSED', 'expected to wait at a queue, found a grid that is left');
  }

  #unknown(cause: GridError | undefined): GridError {
    const { structure, timeoutMs, signal } = this.#options;
    const code = cause?.code ?? 'GRID_TIMEOUT';
    const silence = `expected to learn within ${Math.round(timeoutMs)} ms and ${graceMs} more how a call ended that waited at the queue '${structure.name}', found no answer; it may have taken effect`;
    // Of a queue that is gone, or a grid, nobody could tell more.
    const text = cause !== undefined && code === 'GRID_CLOSED' ? cause.message : silence;
    return new GridError(code, text, { outcome: 'unknown', cause: cause ?? signal?.reason });
  }
}
