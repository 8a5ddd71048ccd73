/**
 * What the client asks of whichever member it is connected to, beside ops: asked again on the next
 * connection until there is an answer or the time is up. All of it may be asked twice.
 */
import type { Clock } from '../base/clock.ts';
import { errorCodes, GridError, type GridErrorCode, type Outcome } from '../base/errors.ts';
import type { ClientDone, ClientRequest, ClientRow, ClientRows } from '../wire/client-messages.ts';
import type { Message } from '../wire/messages.ts';

/** Each kind of request without its number. */
export type Question = ClientRequest extends infer R
  ? R extends ClientRequest
    ? Omit<R, 'request'>
    : never
  : never;

type Ended = (result: readonly ClientRow[] | GridError) => void;

interface Open {
  readonly message: ClientRequest;
  readonly endsAt: number;
  readonly timeoutMs: number;
  readonly ended: Ended;
}

/** Past it `GRID_OVERLOADED`. */
const openMax = 65_536;

export interface AsksParts {
  readonly clock: Clock;
  /** False where there is nobody to send to. */
  readonly send: (message: Message) => boolean;
  readonly obstacle: () => { readonly code: GridErrorCode; readonly text: string };
}

export class Asks {
  readonly #parts: AsksParts;
  readonly #open = new Map<number, Open>();
  #next = 1;
  #closedBy: GridError | undefined;

  constructor(parts: AsksParts) {
    this.#parts = parts;
  }

  get size(): number {
    return this.#open.size;
  }

  /** `ended` is called exactly once; without rows where there is nothing to say but that it is done. */
  ask(question: Question, timeoutMs: number, ended: Ended): void {
    if (this.#closedBy !== undefined) {
      ended(this.#closedBy);
      return;
    }
    if (this.#open.size >= openMax) {
      const text = `expected at most ${openMax} requests that wait for a member, found ${this.#open.size}; wait for some to end`;
      ended(new GridError('GRID_OVERLOADED', text));
      return;
    }
    const request = this.#next++;
    const message = { ...question, request } as ClientRequest;
    const endsAt = this.#parts.clock.monotonic() + timeoutMs;
    this.#open.set(request, { message, endsAt, timeoutMs, ended });
    this.#parts.send(message);
  }

  answered(message: ClientRows | ClientDone): void {
    const open = this.#open.get(message.request);
    if (open === undefined) return;
    this.#open.delete(message.request);
    open.ended(message.kind === 'client.rows' ? message.rows : errorOf(message));
  }

  /** There is another member to ask. */
  sendAgain(): void {
    for (const { message } of this.#open.values()) this.#parts.send(message);
  }

  tick(): void {
    const now = this.#parts.clock.monotonic();
    for (const [request, { message, endsAt, timeoutMs, ended }] of [...this.#open]) {
      if (now < endsAt) continue;
      this.#open.delete(request);
      const { code, text } = this.#parts.obstacle();
      const late = `expected an answer within ${Math.round(timeoutMs)} ms, found ${text}; try again`;
      ended(new GridError(code, late, { outcome: outcomeOf(message) }));
    }
  }

  /** Ends every request with the error, and every later one. */
  close(error: GridError): void {
    this.#closedBy = error;
    this.abandon(error);
  }

  /** Ends every request with the error. */
  abandon(error: GridError): void {
    const open = [...this.#open.values()];
    this.#open.clear();
    for (const { ended } of open) ended(error);
  }
}

/** Of a question without an answer: to look changes nothing. */
export function outcomeOf({ kind }: Question): Outcome {
  return kind === 'client.list' || kind === 'client.safe' ? 'not-applied' : 'unknown';
}

function errorOf({ code, message, isDoubtful }: ClientDone): readonly ClientRow[] | GridError {
  if (code === '') return [];
  const known = errorCodes.find((candidate) => candidate === code) ?? 'GRID_BAD_OPTION';
  return new GridError(known, message, { outcome: isDoubtful ? 'unknown' : 'not-applied' });
}
