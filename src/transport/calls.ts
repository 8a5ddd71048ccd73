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
import type { CallerId, PartitionId, StructureId } from '../base/ids.ts';
import type { Limits } from '../base/limits.ts';
import type { Random } from '../base/random.ts';
import { pollMs } from '../base/timings.ts';
import {
  type OpFailed,
  type OpRefused,
  type OpReply,
  OpRequest,
  type Refusal,
} from '../wire/op-messages.ts';
import { finalError, lateError, overloadedError } from './call-errors.ts';
import { CallLine } from './call-line.ts';
import { OpSequences } from './op-sequences.ts';
import { type Call, OpenCall } from './open-call.ts';
import { OpenCalls } from './open-calls.ts';

/** The way to primaries. */
export interface Courier {
  /** Hands the request over towards the partition's primary; to whom, undefined where nobody can be reached. */
  send(request: OpRequest): string | undefined;
  /** Who is to get requests for a partition at present. */
  route(partition: PartitionId): string | undefined;
  /** What stands in the way at present, for the message of a timeout. */
  obstacle(partition: PartitionId): { readonly code: GridErrorCode; readonly text: string };
  /** How long a call is worth waiting for at present, whatever its timeout: not long without a quorum. */
  patienceMs(): number;
}

const backoffMs = 10;
const backoffMaxMs = 1_000;
/** An unanswered request is sent again after this long: its frame may have been lost with a link. */
const silenceMs = 1_000;
/** Polls of one caller at a time; past it `GRID_OVERLOADED`. */
const pollsMax = 65_536;
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
  /** A structure that was called is no more; told before the call ends. */
  readonly onGone?: (structure: StructureId) => void;
}

export class Calls {
  readonly aborts = new Aborts();
  readonly #options: CallsOptions;
  readonly #open = new OpenCalls<OpenCall>();
  /** Waiting for a place among the ops in flight, first in first out. */
  readonly #line = new CallLine<OpenCall>();
  #nextSerial = 1;
  readonly #ops = new OpSequences();
  /** Why calls are refused, once they are. */
  #closedText: string | undefined;
  /** How many of the open calls are polls. */
  #polls = 0;

  constructor(options: CallsOptions) {
    this.#options = options;
  }

  get isOpen(): boolean {
    return this.#closedText === undefined;
  }

  get inFlight(): number {
    return this.#open.size;
  }

  /** Those of them that do not wait at a primary for something to come. */
  get working(): number {
    return this.#open.size - this.#polls;
  }

  get queued(): number {
    return this.#line.length;
  }

  submit(call: Call, partition: PartitionId): void {
    const error = this.#refusalOf(call);
    if (error !== undefined) {
      call.reject(error);
      return;
    }
    const now = this.#options.clock.monotonic();
    const open = new OpenCall(call, partition, this.#nextSerial++, now);
    if (call.signal !== undefined) {
      open.onAbort = () => this.#abort(open);
      this.aborts.add(call.signal, open.onAbort);
    }
    const isNext = call.isPoll === true || (this.#hasPlace && this.queued === 0);
    if (isNext) this.#start(open, now);
    else this.#line.push(open);
  }

  replied(message: OpReply): void {
    const open = this.#open.find(message.request);
    if (open === undefined) return;
    this.#end(open);
    // Who asks by a poll keeps the answer for long, and is not to keep its frame.
    const { call } = open;
    call.resolve(call.isPoll === true ? message.result.slice() : message.result);
    this.#startQueued();
  }

  failed(message: OpFailed): void {
    const open = this.#open.find(message.request);
    if (open === undefined) return;
    this.#end(open);
    const code = errorCodes.find((known) => known === message.code) ?? 'GRID_BAD_VALUE';
    open.isOnItsWay = false;
    open.call.reject(new GridError(code, message.message, { outcome: outcomeOf(open) }));
    this.#startQueued();
  }

  refused(message: OpRefused): void {
    const open = this.#open.find(message.request);
    if (open === undefined) return;
    const { reason } = message;
    open.refusal = reason;
    open.isOnItsWay = false;
    if (!harmless.has(reason)) open.isDoubtful = true;
    const error = finalError(reason, outcomeOf(open));
    if (error !== undefined) {
      this.#end(open);
      if (reason === 'no-structure') this.#options.onGone?.(open.call.structure.id);
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
    const { courier } = this.#options;
    for (const open of this.#open.where(() => true)) {
      if (!open.isOnItsWay) open.resendAt = now;
      else if (courier.route(open.partition) !== open.sentTo) this.#markLost(open);
    }
    this.tick();
  }

  /** A peer is gone, or its link: what was on its way there is sent again, to whoever is primary now. */
  peerLost(peer: string): void {
    const isLost = (open: OpenCall) => open.isOnItsWay && open.sentTo === peer;
    for (const open of this.#open.where(isLost)) this.#markLost(open);
    this.tick();
  }

  tick(): void {
    const now = this.#options.clock.monotonic();
    const patienceMs = this.#options.courier.patienceMs();
    const isDue = (open: OpenCall) => now >= open.resendAt || isOver(open, now, patienceMs);
    for (const open of this.#open.where(isDue)) {
      // A primary in this process may have ended it meanwhile.
      if (!this.#isOpen(open)) continue;
      if (isOver(open, now, patienceMs)) this.#expire(open);
      else this.#send(open, now);
    }
    this.#expireQueued(now, patienceMs);
    this.#startQueued();
  }

  /** Ends every call; later ones are refused. */
  close(
    text = 'expected an open grid, found one that was left or closed; join or connect anew',
  ): void {
    this.#closedText = text;
    this.abandon('GRID_CLOSED', text);
  }

  /** Ends every call with an error. */
  abandon(code: GridErrorCode, text: string): void {
    for (const open of this.#open.where(() => true)) {
      // Who was told of another one may have ended it meanwhile.
      if (!this.#isOpen(open)) continue;
      this.#end(open);
      open.call.reject(new GridError(code, text, { outcome: outcomeOf(open) }));
    }
    for (const open of this.#line.take(() => true)) {
      this.#detach(open);
      open.call.reject(new GridError(code, text));
    }
  }

  get #hasPlace(): boolean {
    if (this.#ops.isFull) return false;
    return this.working < this.#options.limits.opsInFlightMax;
  }

  #refusalOf(call: Call): GridError | undefined {
    if (this.#closedText !== undefined) return new GridError('GRID_CLOSED', this.#closedText);
    if (call.signal?.aborted) return abortedError(call.signal, 'not-applied');
    if (call.isPoll === true)
      return this.#polls < pollsMax ? undefined : overloadedError(this.#polls, pollsMax);
    const { opsQueuedMax, bytesQueuedMax } = this.#options.limits;
    const isFull =
      this.queued >= opsQueuedMax || this.#line.bytes + call.op.length > bytesQueuedMax;
    if (!isFull || this.queued === 0) return undefined;
    return new GridError(
      'GRID_OVERLOADED',
      `expected at most ${opsQueuedMax} waiting operations and ${bytesQueuedMax} bytes of them, found ${this.queued} and ${this.#line.bytes}; wait for some to end before sending more`,
    );
  }

  #start(open: OpenCall, now: number): void {
    if (open.call.isWrite) open.opSequence = this.#ops.begin();
    this.#open.add(open);
    if (open.call.isPoll === true) this.#polls++;
    this.#send(open, now);
  }

  #send(open: OpenCall, now: number): void {
    // A request that got no answer may have been carried out all the same.
    if (open.isOnItsWay) this.#markLost(open);
    const attempt = ++open.attempts;
    const { call, partition } = open;
    if (attempt > 1) call.onResent?.();
    // A primary in this process answers before `send` returns, so this stands before it.
    open.isOnItsWay = true;
    open.resendAt = now + silenceMs + (call.isPoll === true ? pollMs : 0);
    const to = this.#options.courier.send(
      new OpRequest(
        open.request,
        this.#options.caller,
        partition,
        call.structure.id,
        open.opSequence,
        this.#ops.firstIncomplete,
        call.op,
      ),
    );
    // It may have been refused and sent again before `send` returned.
    if (open.attempts !== attempt) return;
    open.sentTo = to;
    if (to !== undefined) return;
    open.isOnItsWay = false;
    open.resendAt = now + this.#backoff(open.attempts);
  }

  #markLost(open: OpenCall): void {
    open.isOnItsWay = false;
    open.isDoubtful = true;
    open.resendAt = Number.NEGATIVE_INFINITY;
  }

  #startQueued(): void {
    if (this.queued === 0) return;
    const now = this.#options.clock.monotonic();
    while (this.#hasPlace) {
      const open = this.#line.shift();
      if (open === undefined) return;
      // One signal aborts calls one after the other: those whose turn to be told is still to come are not sent.
      if (open.call.signal?.aborted === true) this.#tellAborted(open);
      else this.#start(open, now);
    }
  }

  #expireQueued(now: number, patienceMs: number): void {
    if (this.queued === 0) return;
    const late = this.#line.take((open) => isOver(open, now, patienceMs));
    for (const open of late) this.#expire(open);
  }

  #expire(open: OpenCall): void {
    const { call, partition } = open;
    if (this.#isOpen(open)) this.#end(open);
    else this.#detach(open);
    const { code, text } = this.#options.courier.obstacle(partition);
    const found = open.refusal === undefined ? text : `${text} (last answer: ${open.refusal})`;
    const waitedMs = this.#options.clock.monotonic() - open.startedAt;
    call.reject(lateError(code, Math.min(waitedMs, call.timeoutMs), found, outcomeOf(open)));
  }

  #abort(open: OpenCall): void {
    if (this.#isOpen(open)) this.#end(open);
    else if (!this.#line.remove(open)) return;
    this.#tellAborted(open);
    this.#startQueued();
  }

  #tellAborted(open: OpenCall): void {
    this.#detach(open);
    const { call } = open;
    if (call.signal !== undefined) call.reject(abortedError(call.signal, outcomeOf(open)));
  }

  #end(open: OpenCall): void {
    this.#open.remove(open);
    if (open.call.isPoll === true) this.#polls--;
    this.#detach(open);
    if (open.call.isWrite) this.#ops.end(open.opSequence);
  }

  #isOpen(open: OpenCall): boolean {
    return this.#open.find(open.request) === open;
  }

  #detach(open: OpenCall): void {
    if (open.onAbort !== undefined) this.aborts.remove(open.call.signal, open.onAbort);
  }

  /** Full jitter, doubling from 10 ms to a second. */
  #backoff(attempts: number): number {
    const most = Math.min(backoffMs * 2 ** Math.min(attempts, 10), backoffMaxMs);
    return most * (0.5 + this.#options.random.next() / 2);
  }
}

/** A poll waits as long as its caller wants: what it waits for may come when the quorum is back. */
function isOver({ call, startedAt }: OpenCall, now: number, patienceMs: number): boolean {
  const waitedMs = now - startedAt;
  if (waitedMs >= call.timeoutMs) return true;
  if (call.isPoll === true) return false;
  return waitedMs >= (call.isWrite ? Math.min(patienceMs, opLifetimeMs) : patienceMs);
}

function outcomeOf(open: OpenCall): Outcome {
  return open.call.isWrite && (open.isDoubtful || open.isOnItsWay) ? 'unknown' : 'not-applied';
}
