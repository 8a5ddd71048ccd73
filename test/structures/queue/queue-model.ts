/** What a queue is to do, in the simplest way: lists, and no bytes. */

export interface ModelWait {
  readonly number: number;
  readonly caller: string;
  readonly kind: 'take' | 'push';
  readonly deadline: number;
  /** What a push brings, and what a take was given. */
  item: number | undefined;
  isEnded: boolean;
  changedAt: number;
}

/** How an op ended: an item, done, not done, or that it waits. */
export type ModelResult = number | 'done' | 'no' | 'begun' | 'waiting' | 'over' | 'lost';

export class QueueModel {
  items: number[] = [];
  waits: ModelWait[] = [];
  readonly gone = new Set<string>();
  readonly #capacity: number;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  push(number: number, caller: string, item: number, until: number | undefined, now: number) {
    const hasPushers = this.#waiting('push').length > 0;
    const taker = this.items.length === 0 ? this.#oldest('take', now) : undefined;
    if (taker === undefined && (hasPushers || this.items.length >= this.#capacity)) {
      if (until === undefined) return 'no';
      return this.#wait({ number, caller, kind: 'push', deadline: until, item }, now);
    }
    this.items.push(item);
    this.match(now);
    return 'done';
  }

  take(number: number, caller: string, until: number | undefined, now: number): ModelResult {
    const item = this.items.shift();
    if (item === undefined && until === undefined) return 'no';
    if (item === undefined && until !== undefined) {
      return this.#wait({ number, caller, kind: 'take', deadline: until, item }, now);
    }
    this.match(now);
    return item as number;
  }

  clear(now: number): void {
    this.items = [];
    this.match(now);
  }

  await(number: number, caller: string): ModelResult {
    const wait = this.#by(number, caller);
    if (wait === undefined) return this.gone.has(caller) ? 'lost' : 'over';
    if (!wait.isEnded) return 'waiting';
    return wait.kind === 'take' ? (wait.item as number) : 'done';
  }

  cancel(number: number, caller: string, now: number): ModelResult {
    const found = this.await(number, caller);
    const wait = this.#by(number, caller);
    this.waits = this.waits.filter((other) => other !== wait);
    this.match(now);
    return found === 'waiting' ? 'over' : found;
  }

  settle(number: number, caller: string): void {
    const wait = this.#by(number, caller);
    if (wait?.isEnded) this.waits = this.waits.filter((other) => other !== wait);
  }

  /** Who waited too long, and whose caller is gone for a while, waits no more. */
  sweep(now: number): void {
    this.waits = this.waits.filter((wait) => {
      if (!wait.isEnded && wait.deadline <= now) return false;
      return !this.gone.has(wait.caller) || now - wait.changedAt < 5_000;
    });
    this.match(now);
  }

  match(now: number): void {
    for (;;) {
      const pusher = this.#oldest('push', now);
      if (pusher !== undefined && this.items.length < this.#capacity) {
        this.items.push(pusher.item as number);
        end(pusher, now);
        continue;
      }
      const taker = this.#oldest('take', now);
      if (taker === undefined || this.items.length === 0) return;
      taker.item = this.items.shift();
      end(taker, now);
    }
  }

  #wait(wait: Omit<ModelWait, 'isEnded' | 'changedAt'>, now: number): 'begun' {
    this.waits.push({ ...wait, isEnded: false, changedAt: now });
    this.match(now);
    return 'begun';
  }

  #waiting(kind: ModelWait['kind']): ModelWait[] {
    return this.waits.filter((wait) => wait.kind === kind && !wait.isEnded);
  }

  #oldest(kind: ModelWait['kind'], now: number): ModelWait | undefined {
    return this.#waiting(kind).find(
      ({ deadline, caller }) => deadline > now && !this.gone.has(caller),
    );
  }

  #by(number: number, caller: string): ModelWait | undefined {
    return this.waits.find((wait) => wait.number === number && wait.caller === caller);
  }
}

function end(wait: ModelWait, now: number): void {
  wait.isEnded = true;
  wait.changedAt = now;
}
