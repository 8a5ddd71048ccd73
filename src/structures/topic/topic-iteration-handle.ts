/** A loop over a topic: takes one message at a time, and leaves the subscription when it ends. */
import type { GridError } from '../../base/errors.ts';
import type { TopicGap } from '../../grid-topic.ts';
import type { Consumer, Subscriber } from './subscriber.ts';
import type { TopicMessage } from './topic-message.ts';

interface Waiter<M> {
  readonly resolve: (result: IteratorResult<M, undefined>) => void;
  readonly reject: (error: unknown) => void;
}

export interface IterationOptions {
  /** Makes the subscriber and sees to it that it comes into force. Called at the first `next`. */
  readonly begin: (consumer: Consumer) => Subscriber;
  readonly onGap: (gap: TopicGap) => void;
}

export class TopicIteration<M> implements AsyncIterableIterator<M, undefined>, Consumer {
  readonly #options: IterationOptions;
  #subscriber: Subscriber | undefined;
  /** Calls of `next` that wait for a message. */
  readonly #waiters: Waiter<M>[] = [];
  /** A message that waits for a call of `next`. */
  #held: TopicMessage | undefined;
  #isOver = false;
  #error: unknown;

  constructor(options: IterationOptions) {
    this.#options = options;
  }

  next(): Promise<IteratorResult<M, undefined>> {
    return new Promise((resolve, reject) => {
      const waiter = { resolve, reject };
      const held = this.#held;
      if (held !== undefined) {
        this.#held = undefined;
        this.#give(held, waiter);
        this.#subscriber?.ready();
      } else if (this.#isOver) {
        this.#endOf(waiter);
      } else {
        this.#waiters.push(waiter);
        this.#subscriber ??= this.#options.begin(this);
      }
    });
  }

  return(): Promise<IteratorResult<M, undefined>> {
    this.#held = undefined;
    this.#isOver = true;
    this.#subscriber?.close();
    this.#endWaiters();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  message(message: TopicMessage): boolean {
    const waiter = this.#waiters.shift();
    if (waiter !== undefined) this.#give(message, waiter);
    else this.#held = message;
    return waiter !== undefined;
  }

  gap(gap: TopicGap): void {
    this.#options.onGap(gap);
  }

  ended(error: GridError | undefined): void {
    this.#isOver = true;
    this.#error = error;
    this.#endWaiters();
  }

  #give(message: TopicMessage, { resolve, reject }: Waiter<M>): void {
    try {
      // The type is the user's word for what was published.
      resolve({ done: false, value: message.value() as M });
    } catch (error) {
      reject(error);
      this.#subscriber?.close();
    }
  }

  #endWaiters(): void {
    for (const waiter of this.#waiters.splice(0)) this.#endOf(waiter);
  }

  /** An error is told once; after it the loop is over. */
  #endOf({ resolve, reject }: Waiter<M>): void {
    const error = this.#error;
    this.#error = undefined;
    if (error === undefined) resolve({ done: true, value: undefined });
    else reject(error);
  }
}
