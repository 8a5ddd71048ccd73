/**
 * Everything that happened in a run, in its order: calls and how they ended, what subscribers were given,
 * and the faults. It is the only thing that the checks look at, so whoever has the file can check it again.
 */
import type { TopicGap } from '../../src/grid-topic.ts';
import type { From } from '../../src/structures/topic/topic-reader.ts';
import type { Answer, Call } from './calls.ts';

/** Whether a member led the meta group. */
export type Role = 'leader' | 'follower';

export interface FaultNote {
  readonly kind: string;
  /** For people. */
  readonly detail: string;
  /** Of a member that is killed or isolated. */
  readonly role?: Role;
  /** It is killed, and not only cut off. */
  readonly isKill?: boolean;
  /** Callers that the fault may keep waiting: those on members that it stops or cuts off. */
  readonly afflicted?: readonly string[];
  /** Clients that were connected to a member that it hits, and have to find another way. */
  readonly lostWay?: readonly string[];
  /** Callers on members that can reach no majority. */
  readonly cutOff?: readonly string[];
  /** Anybody may have to wait: for instance where some keys have no copy that can be reached while it lasts. */
  readonly isBlocking?: boolean;
  /** A member is away for so short a time that nobody is given up for it. */
  readonly isBrief?: boolean;
  /** It stays until all who can reach each other have one view, which they have to come to. */
  readonly isLasting?: boolean;
  /** The client whose process is killed. */
  readonly killedClient?: string;
}

/** What one member sees: who is there, in which state, and the table. */
export interface Outlook {
  /** States by identity. */
  readonly members: Readonly<Record<string, string>>;
  /** Primary, copies in sync and term of each partition. */
  readonly rows: readonly string[];
}

export type HistoryEvent = { readonly t: number } & (
  | { readonly type: 'invoke'; readonly op: number; readonly by: string; readonly call: Call }
  | { readonly type: 'end'; readonly op: number; readonly answer: Answer }
  | {
      readonly type: 'subscribe';
      readonly subscription: number;
      readonly by: string;
      readonly topic: string;
      readonly from: From;
    }
  | { readonly type: 'in-force'; readonly subscription: number }
  | {
      readonly type: 'message';
      readonly subscription: number;
      readonly sequence: number;
      readonly message: unknown;
    }
  | { readonly type: 'gap'; readonly subscription: number; readonly gap: TopicGap }
  | { readonly type: 'over'; readonly subscription: number }
  | ({ readonly type: 'fault'; readonly fault: number } & FaultNote)
  /** Nothing of it is left to undo. */
  | { readonly type: 'healed'; readonly fault: number }
  /** All see each other and nobody else. */
  | { readonly type: 'agreed'; readonly fault: number }
  /** And every copy is in sync. */
  | { readonly type: 'settled'; readonly fault: number }
  /** And all copies are equal. */
  | { readonly type: 'equal'; readonly fault: number }
  /** Who was away is back. */
  | { readonly type: 'back'; readonly fault: number }
  /** While it lasts: all who can reach each other have had one view for a while. */
  | { readonly type: 'one-view'; readonly fault: number }
  /** What a member sees meanwhile; noted where it differs from what it saw before. */
  | ({ readonly type: 'outlook'; readonly fault: number; readonly by: string } & Outlook)
  /** Something happened that the fault is not to bring about. */
  | { readonly type: 'amiss'; readonly fault: number; readonly what: string }
  /** Callers have stopped, every key was read since, and every queue emptied. */
  | { readonly type: 'complete' }
);

/** What an event is without its time. */
type Happened<E = HistoryEvent> = E extends HistoryEvent ? Omit<E, 't'> : never;

/** Past it a run ends: it would no longer fit into memory together with its checks. */
const eventsMax = 6_000_000;

export class History {
  readonly events: HistoryEvent[] = [];
  /** Calls that were answered, by caller. */
  readonly acknowledged = new Map<string, number>();
  readonly #startedAt = performance.now();
  readonly #callers = new Map<number, string>();
  #ops = 0;
  #subscriptions = 0;
  #faults = 0;
  #answered = 0;

  /** Milliseconds since the beginning. */
  get now(): number {
    return Math.round((performance.now() - this.#startedAt) * 10) / 10;
  }

  get answered(): number {
    return this.#answered;
  }

  /** Calls without an end. */
  get open(): number {
    return this.#callers.size;
  }

  invoke(by: string, call: Call): number {
    const op = ++this.#ops;
    this.#callers.set(op, by);
    this.#add({ type: 'invoke', op, by, call });
    return op;
  }

  end(op: number, answer: Answer): void {
    const by = this.#callers.get(op);
    if (by === undefined) throw new Error(`call ${op} ended that was not open`);
    this.#callers.delete(op);
    if (answer.how === 'ok') {
      this.#answered++;
      this.acknowledged.set(by, (this.acknowledged.get(by) ?? 0) + 1);
    }
    this.#add({ type: 'end', op, answer });
  }

  /** Gives the number under which the rest of it is noted. */
  subscribe(by: string, topic: string, from: From): number {
    const subscription = ++this.#subscriptions;
    this.#add({ type: 'subscribe', subscription, by, topic, from });
    return subscription;
  }

  fault(note: FaultNote): number {
    const fault = ++this.#faults;
    this.#add({ type: 'fault', fault, ...note });
    return fault;
  }

  note(happened: Exclude<Happened, { type: 'invoke' | 'end' | 'subscribe' | 'fault' }>): void {
    this.#add(happened);
  }

  #add(happened: Happened): void {
    if (this.events.length >= eventsMax) throw new Error(`a history of over ${eventsMax} events`);
    this.events.push({ t: this.now, ...happened });
  }
}
