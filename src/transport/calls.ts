/**
 * A caller's side of every operation: numbers it, sends it to the primary, sends it again while the
 * table moves under it, and ends it once (PROTOCOL.md 2.10).
 *
 * Invariants
 * 1. A mutating op keeps its op sequence through all its resends, and no other op ever has it.
 * 2. `firstIncomplete` never passes an op that may still be sent.
 * 3. Each call is ended exactly once: by a reply, an error, its deadline, its signal, or the close.
 * 4. `not-applied` is said only where no request of the op can have had an effect.
 */
import { Aborts } from '../base/aborts.ts';
import { abortedError } from '../base/call-options.ts';
import type { Clock } from '../base/clock.ts';
import { errorCodes, GridError, type GridErrorCode, type Outcome } from '../base/errors.ts';
import type { CallerId, OpSequence, PartitionId, StructureId } from '../base/ids.ts';
import type { Limits } from '../base/limits.ts';
import type { Random } from '../base/random.ts';
import { pollMs } from '../base/timings.ts';
import type { OpFailed, OpRefused, OpReply, OpRequest, Refusal } from '../wire/op-messages.ts';
import { finalError, lateError, overloadedError } from './call-errors.ts';

/** One call as the caller wants it. Exactly one of `resolve` and `reject` is called, once. */
export interface Call {
  readonly partition: PartitionId;
  readonly structure: StructureId;
  readonly op: Uint8Array;
  readonly isWrite: boolean;
  /** A read that may wait at the primary: it takes no place among the ops in flight. */
  readonly isPoll: boolean;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  readonly resolve: (result: Uint8Array) => void;
  readonly reject: (error: GridError) => void;
}

/** The way to primaries. */
export interface Courier {
  /** Hands the request over towards the partition's primary; false where none is known or reachable. */
  send(request: OpRequest): boolean;
  /** Who is to get requests for a partition at present. */
  route(partition: PartitionId): string | undefined;
  /** What stands in the way at present, for the message of a timeout. */
  obstacle(partition: PartitionId): { readonly code: GridErrorCode; readonly text: string };
  /** How long a call is worth waiting for at present, whatever its timeout: not long without a quorum. */
  patienceMs(): number;
}

interface Open {
  readonly call: Call;
  readonly request: number;
  readonly deadline: number;
  readonly startedAt: number;
  readonly onAbort: (() => void) | undefined;
  opSequence: OpSequence;
  /** To whom it was last handed over. */
  sentTo: string | undefined;
  /** Requests that were handed over and not answered by a refusal. */
  isOnItsWay: boolean;
  /** Whether a request may have had an effect that no reply told of. */
  isDoubtful: boolean;
  attempts: number;
  /** When it is to be sent again. */
  resendAt: number;
  refusal: Refusal | undefined;
}

const backoffMs = 10;
const backoffMaxMs = 1_000;
/** An unanswered request is sent again after this long: its frame may have been lost with a link. */
const silenceMs = 1_000;
/** Polls of one caller at a time; past it `GRID_OVERLOADED`. */
const pollsMax = 65_536;
/**
 * How far ops run ahead of the oldest that has no answer; more wait in the queue. Partitions keep the
 * results of all of them, since the caller cannot say before that it has them.
 */
const opsAheadMax = 131_072;
/** Past it an op is not sent again: its result may be forgotten by then. */
const opLifetimeMs = 60_000;
/** Definite refusals: the request that they answer had no effect and never will. */
const harmless: ReadonlySet<Refusal> = new Set([
  'not-primary',
  'not-ready',
  'busy',
  'lost',
  'no-structure',
]);

export interface CallsOptions {
  readonly caller: CallerId;
  readonly clock: Clock;
  readonly random: Random;
  readonly limits: Limits;
  readonly courier: Courier;
}

export class Calls {
  readonly aborts = new Aborts();
  readonly #options: CallsOptions;
  readonly #open = new Map<number, Open>();
  /** Waiting for a place among the ops in flight, first in first out. */
  #queue: Open[] = [];
  #queueHead = 0;
  #queueBytes = 0;
  #nextRequest = 1;
  #nextOp = 1;
  /** Op sequences in flight. */
  readonly #ops = new Set<number>();
  #firstIncomplete = 1;
  #isClosed = false;
  /** How many of the open calls are polls. */
  #polls = 0;

  constructor(options: CallsOptions) {
    this.#options = options;
  }

  get inFlight(): number {
    return this.#open.size;
  }

  get queued(): number {
    return this.#queue.length - this.#queueHead;
  }

  submit(call: Call): void {
    const error = this.#refusalOf(call);
    if (error !== undefined) {
      call.reject(error);
      return;
    }
    const open = this.#begin(call);
    if (call.isPoll || (this.#hasPlace && this.queued === 0)) {
      this.#start(open);
    } else {
      this.#queue.push(open);
      this.#queueBytes += call.op.length;
    }
  }

  replied(message: OpReply): void {
    const open = this.#open.get(message.request);
    if (open === undefined) return;
    this.#end(open);
    open.call.resolve(message.result);
    this.#startQueued();
  }

  failed(message: OpFailed): void {
    const open = this.#open.get(message.request);
    if (open === undefined) return;
    this.#end(open);
    const code = errorCodes.find((known) => known === message.code) ?? 'GRID_BAD_VALUE';
    open.isOnItsWay = false;
    open.call.reject(new GridError(code, message.message, { outcome: outcomeOf(open) }));
    this.#startQueued();
  }

  refused(message: OpRefused): void {
    const open = this.#open.get(message.request);
    if (open === undefined) return;
    const { reason } = message;
    open.refusal = reason;
    open.isOnItsWay = false;
    if (!harmless.has(reason)) open.isDoubtful = true;
    const error = finalError(reason, outcomeOf(open));
    if (error !== undefined) {
      this.#end(open);
      open.call.reject(error);
      this.#startQueued();
      return;
    }
    const now = this.#options.clock.monotonic();
    const isEarly = open.attempts === 1 && reason === 'not-primary';
    open.resendAt = now + (isEarly ? 0 : this.#backoff(open.attempts));
    if (isEarly) this.#send(open, now);
  }

  /** The table has changed: what waits for a primary, or is on its way to a former one, is sent again. */
  tableChanged(): void {
    const now = this.#options.clock.monotonic();
    for (const open of this.#open.values()) {
      if (!open.isOnItsWay) open.resendAt = now;
      else if (this.#options.courier.route(open.call.partition) !== open.sentTo)
        this.#markLost(open);
    }
    this.tick();
  }

  /** A peer is gone, or its link: what was on its way there is sent again, to whoever is primary now. */
  peerLost(peer: string): void {
    for (const open of this.#open.values()) {
      if (open.isOnItsWay && open.sentTo === peer) this.#markLost(open);
    }
    this.tick();
  }

  tick(): void {
    const now = this.#options.clock.monotonic();
    const patienceMs = this.#options.courier.patienceMs();
    for (const open of [...this.#open.values()]) {
      if (isOver(open, now, patienceMs)) this.#expire(open);
      else if (open.call.isWrite && now - open.startedAt >= opLifetimeMs) this.#expire(open);
      else if (now >= open.resendAt) this.#send(open, now);
    }
    this.#expireQueued(now, patienceMs);
    this.#startQueued();
  }

  /** Ends every call; later ones are refused. */
  close(): void {
    this.#isClosed = true;
    const text = 'expected an open grid, found one that was left or closed; join or connect anew';
    for (const open of [...this.#open.values()]) {
      this.#end(open);
      open.call.reject(new GridError('GRID_CLOSED', text, { outcome: outcomeOf(open) }));
    }
    for (const open of this.#queue.slice(this.#queueHead)) {
      this.#detach(open);
      open.call.reject(new GridError('GRID_CLOSED', text));
    }
    this.#queue = [];
    this.#queueHead = 0;
  }

  get #hasPlace(): boolean {
    if (this.#nextOp - this.#firstIncomplete >= opsAheadMax) return false;
    return this.#open.size - this.#polls < this.#options.limits.opsInFlightMax;
  }

  #refusalOf(call: Call): GridError | undefined {
    if (this.#isClosed) {
      return new GridError(
        'GRID_CLOSED',
        'expected an open grid, found one that was left or closed',
      );
    }
    if (call.signal?.aborted) return abortedError(call.signal, 'not-applied');
    if (call.isPoll)
      return this.#polls < pollsMax ? undefined : overloadedError(this.#polls, pollsMax);
    const { opsQueuedMax, bytesQueuedMax } = this.#options.limits;
    const isFull =
      this.queued >= opsQueuedMax || this.#queueBytes + call.op.length > bytesQueuedMax;
    if (!isFull || this.queued === 0) return undefined;
    return new GridError(
      'GRID_OVERLOADED',
      `expected at most ${opsQueuedMax} waiting operations and ${bytesQueuedMax} bytes of them, found ${this.queued} and ${this.#queueBytes}; wait for some to end before sending more`,
    );
  }

  #begin(call: Call): Open {
    const now = this.#options.clock.monotonic();
    const open: Open = {
      call,
      request: this.#nextRequest++,
      deadline: now + call.timeoutMs,
      startedAt: now,
      onAbort: call.signal === undefined ? undefined : () => this.#abort(open),
      opSequence: 0 as OpSequence,
      sentTo: undefined,
      isOnItsWay: false,
      isDoubtful: false,
      attempts: 0,
      resendAt: now,
      refusal: undefined,
    };
    if (call.signal !== undefined && open.onAbort !== undefined)
      this.aborts.add(call.signal, open.onAbort);
    return open;
  }

  #start(open: Open): void {
    if (open.call.isWrite) {
      open.opSequence = this.#nextOp++ as OpSequence;
      this.#ops.add(open.opSequence);
    }
    this.#open.set(open.request, open);
    if (open.call.isPoll) this.#polls++;
    this.#send(open, this.#options.clock.monotonic());
  }

  #send(open: Open, now: number): void {
    // A request that got no answer may have been carried out all the same.
    if (open.isOnItsWay) this.#markLost(open);
    open.attempts++;
    const { call } = open;
    // A primary in this process answers before `send` returns, so this stands before it.
    open.isOnItsWay = true;
    open.sentTo = this.#options.courier.route(call.partition);
    open.resendAt = now + (call.isPoll ? pollMs + silenceMs : silenceMs);
    const wasSent = this.#options.courier.send({
      kind: 'op.request',
      request: open.request,
      caller: this.#options.caller,
      partition: call.partition,
      structure: call.structure,
      opSequence: open.opSequence,
      firstIncomplete: this.#firstIncomplete as OpSequence,
      op: call.op,
    });
    if (wasSent) return;
    open.isOnItsWay = false;
    open.resendAt = now + this.#backoff(open.attempts);
  }

  #markLost(open: Open): void {
    open.isOnItsWay = false;
    open.isDoubtful = true;
    open.resendAt = Number.NEGATIVE_INFINITY;
  }

  #startQueued(): void {
    while (this.#hasPlace && this.queued > 0) {
      const open = this.#queue[this.#queueHead++] as Open;
      this.#queueBytes -= open.call.op.length;
      if (this.#queueHead === this.#queue.length) {
        this.#queue = [];
        this.#queueHead = 0;
      }
      this.#start(open);
    }
  }

  #expireQueued(now: number, patienceMs: number): void {
    if (this.queued === 0) return;
    const staying: Open[] = [];
    const late: Open[] = [];
    for (let at = this.#queueHead; at < this.#queue.length; at++) {
      const open = this.#queue[at] as Open;
      (isOver(open, now, patienceMs) ? late : staying).push(open);
    }
    if (late.length === 0) return;
    this.#queue = staying;
    this.#queueHead = 0;
    for (const open of late) this.#expire(open);
  }

  #expire(open: Open): void {
    const { call } = open;
    if (this.#open.has(open.request)) this.#end(open);
    else this.#detach(open);
    const { code, text } = this.#options.courier.obstacle(call.partition);
    const found = open.refusal === undefined ? text : `${text} (last answer: ${open.refusal})`;
    const waitedMs = this.#options.clock.monotonic() - open.startedAt;
    call.reject(lateError(code, Math.min(waitedMs, call.timeoutMs), found, outcomeOf(open)));
  }

  #abort(open: Open): void {
    const isOpen = this.#open.has(open.request);
    if (isOpen) {
      this.#end(open);
    } else {
      const at = this.#queue.indexOf(open, this.#queueHead);
      if (at < 0) return;
      this.#queue.splice(at, 1);
      this.#queueBytes -= open.call.op.length;
      this.#detach(open);
    }
    const { signal } = open.call;
    if (signal !== undefined) open.call.reject(abortedError(signal, outcomeOf(open)));
    this.#startQueued();
  }

  #end(open: Open): void {
    this.#open.delete(open.request);
    if (open.call.isPoll) this.#polls--;
    this.#detach(open);
    if (!open.call.isWrite) return;
    this.#ops.delete(open.opSequence);
    while (this.#firstIncomplete < this.#nextOp && !this.#ops.has(this.#firstIncomplete)) {
      this.#firstIncomplete++;
    }
  }

  #detach(open: Open): void {
    const { signal } = open.call;
    if (signal !== undefined && open.onAbort !== undefined)
      this.aborts.remove(signal, open.onAbort);
  }

  /** Full jitter, doubling from 10 ms to a second. */
  #backoff(attempts: number): number {
    const most = Math.min(backoffMs * 2 ** Math.min(attempts, 10), backoffMaxMs);
    return most * (0.5 + this.#options.random.next() / 2);
  }
}

/** A poll waits as long as its caller wants: what it waits for may come when the quorum is back. */
function isOver({ call, deadline, startedAt }: Open, now: number, patienceMs: number): boolean {
  return now >= deadline || (now - startedAt >= patienceMs && !call.isPoll);
}

function outcomeOf(open: Open): Outcome {
  return open.call.isWrite && (open.isDoubtful || open.isOnItsWay) ? 'unknown' : 'not-applied';
}
