/**
 * Requests that come while a partition passes from one primary to the next: they wait here, on either side,
 * rather than with their callers, who would come too late or too often (PROTOCOL.md 3.3).
 *
 * Bounded in number, bytes and time; at a bound a request is refused, and its caller comes again. What waits is
 * a copy: a small op would keep its whole frame, which the bound on bytes does not count.
 */
import { keptRequest, type OpRequest } from '../wire/op-messages.ts';
import type { Actions, Origin } from './replica-state.ts';

const requestsMax = 1_024;
const bytesMax = 4_194_304;
/** Less than a caller waits before it takes a request for lost. */
const parkedMsMax = 500;

interface ParkedRequest {
  readonly origin: Origin;
  readonly message: OpRequest;
  readonly until: number;
}

export class Parked {
  /** Oldest first. */
  #requests: ParkedRequest[] = [];
  #bytes = 0;

  get size(): number {
    return this.#requests.length;
  }

  /** False at a bound. */
  add(origin: Origin, message: OpRequest, nowMs: number): boolean {
    if (this.#requests.length >= requestsMax) return false;
    if (this.#bytes + message.op.length > bytesMax) return false;
    this.#bytes += message.op.length;
    this.#requests.push({ origin, message: keptRequest(message), until: nowMs + parkedMsMax });
    return true;
  }

  /** All that wait, oldest first; nobody waits then. */
  take(): readonly ParkedRequest[] {
    const requests = this.#requests;
    this.#requests = [];
    this.#bytes = 0;
    return requests;
  }

  /** Refuses those that have waited for too long. */
  expire(nowMs: number, out: Actions): void {
    while (this.#requests[0] !== undefined && nowMs >= this.#requests[0].until) {
      const { origin: to, message } = this.#requests.shift() as ParkedRequest;
      this.#bytes -= message.op.length;
      out.push({ kind: 'refuse', to, request: message.request, reason: 'not-ready' });
    }
  }

  /** Another member is primary: callers are to ask there. */
  redirect(out: Actions): void {
    for (const { origin: to, message } of this.take()) {
      out.push({ kind: 'refuse', to, request: message.request, reason: 'not-primary' });
    }
  }
}
