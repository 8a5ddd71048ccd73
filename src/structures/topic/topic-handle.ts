/**
 * What a user holds of a topic: publishes to the partition of its name, and hands its subscribers to
 * the reader that this process has for it. It keeps no messages.
 */
import { Observable } from 'rxjs';
import type { CallOptions } from '../../base/call-options.ts';
import { GridError } from '../../base/errors.ts';
import type { GridTopic, SubscribeOptions, Subscription, TopicListener } from '../../grid-topic.ts';
import { encodeValue } from '../../wire/value.ts';
import { StructureHandle } from '../structure-handle.ts';
import { gapTeller, ListenerConsumer } from './listener-handle.ts';
import { checkSubscribeOptions, type SubscribePlan } from './subscribe-options.ts';
import { type Consumer, Subscriber } from './subscriber.ts';
import { TopicIteration } from './topic-iteration-handle.ts';
import { publishOp, readNumber, sizeOp } from './topic-ops.ts';
import { topicHash } from './topic-source.ts';
import type { Topics } from './topics.ts';

/** How often a subscription begins anew because the topic was destroyed under it. */
const attemptsMax = 5;
const attemptMs = 20;

export interface TopicHandleOptions {
  readonly topics: Topics;
  readonly name: string;
  /** What the topic is created with where it does not exist. @default {} */
  readonly definition?: Readonly<Record<string, unknown>>;
}

export class TopicHandle<M = unknown> implements GridTopic<M> {
  readonly name: string;
  readonly #topics: Topics;
  readonly #handle: StructureHandle;
  readonly #definition: Readonly<Record<string, unknown>>;
  readonly #hash: number;

  constructor({ topics, name, definition = {} }: TopicHandleOptions) {
    const { router, clock, limits } = topics.options;
    this.#handle = new StructureHandle({ router, clock, limits, type: 'topic', name, definition });
    this.#topics = topics;
    this.#definition = definition;
    this.#hash = topicHash(name);
    this.name = name;
  }

  async publish(message: M, options?: CallOptions): Promise<number> {
    const op = publishOp(encodeValue(message, this.#handle.limits));
    return this.#handle.callOf(this.#hash, op, true, options, readNumber);
  }

  async size(options?: CallOptions): Promise<number> {
    return this.#handle.callOf(this.#hash, sizeOp(), false, options, readNumber);
  }

  async subscribe(listener: TopicListener<M>, options?: SubscribeOptions): Promise<Subscription> {
    if (typeof listener !== 'function') {
      const text = `subscribe takes a function, found ${typeof listener}`;
      throw new GridError('GRID_BAD_OPTION', text);
    }
    const plan = checkSubscribeOptions(options);
    const { logger } = this.#topics.options;
    let end: (error: GridError | undefined) => void = () => {};
    const closed = new Promise<GridError | undefined>((resolve) => {
      end = resolve;
    });
    const consumer = new ListenerConsumer({
      topic: this.name,
      listener,
      hooks: plan.hooks,
      logger,
      onReady: () => subscriber.ready(),
      onEnded: (error) => end(error),
    });
    const subscriber = this.#subscriber(consumer, plan);
    try {
      await this.#place(subscriber, plan);
    } catch (error) {
      subscriber.close();
      throw error;
    }
    return subscriptionOf(subscriber, consumer, closed);
  }

  iterate(options?: SubscribeOptions): AsyncIterableIterator<M> {
    const plan = checkSubscribeOptions(options);
    return new TopicIteration<M>({
      onGap: gapTeller(this.name, plan.hooks.onGap, this.#topics.options.logger),
      begin: (consumer) => {
        const subscriber = this.#subscriber(consumer, plan);
        // It never rejects: the loop is told.
        void this.#place(subscriber, plan).catch((error: unknown) => {
          subscriber.end(GridError.is(error) ? error : unexpected(error));
          subscriber.ready();
        });
        return subscriber;
      },
    });
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<M> {
    return this.iterate();
  }

  get messages(): Observable<M> {
    return new Observable<M>((observer) => {
      const leaving = new AbortController();
      const listener = (message: M) => observer.next(message);
      const begun = this.subscribe(listener, { signal: leaving.signal });
      // It never rejects: the observer is told, and one that has left does not listen.
      void begun
        .then((subscription) => subscription.closed)
        .then(
          (error) => (error === undefined ? observer.complete() : observer.error(error)),
          (error: unknown) => observer.error(error),
        );
      return () => leaving.abort();
    });
  }

  async destroy(options?: CallOptions): Promise<void> {
    await this.#handle.destroy(options);
    this.#topics.destroyed(this.name);
  }

  #subscriber(consumer: Consumer, { buffer, onOverflow, call }: SubscribePlan): Subscriber {
    this.#topics.checkOpen();
    const { aborts } = this.#handle.router;
    const leave = () => subscriber.close();
    const subscriber = new Subscriber({
      consumer,
      buffer,
      onOverflow,
      onDetach: () => {
        aborts.remove(call.signal, leave);
        this.#topics.detach(this.name, subscriber);
      },
    });
    aborts.add(call.signal, leave);
    return subscriber;
  }

  /** Brings it into force, within the time of the call. */
  async #place(subscriber: Subscriber, plan: SubscribePlan): Promise<void> {
    const { clock } = this.#topics.options;
    const endsAt = clock.monotonic() + plan.timeoutMs;
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#tryPlace(subscriber, plan, Math.max(1, endsAt - clock.monotonic()));
        break;
      } catch (error) {
        const isAnother = GridError.is(error, 'GRID_CLOSED') && subscriber.isOpen;
        if (!isAnother || attempt === attemptsMax) throw error;
      }
      await new Promise<void>((resolve) => void clock.setTimer(attemptMs, resolve));
    }
    // After whoever awaits the subscription has it.
    clock.defer(() => subscriber.ready());
  }

  async #tryPlace(subscriber: Subscriber, plan: SubscribePlan, leftMs: number): Promise<void> {
    const row = await this.#handle.ready({ ...plan.call, timeout: leftMs });
    const reader = this.#topics.reader(this.name, this.#definition);
    const call = { row, timeoutMs: leftMs, signal: plan.call.signal };
    await new Promise<void>((resolve, reject) => {
      reader.subscribe(subscriber, plan.from, call, (error) => {
        if (error === undefined) resolve();
        else reject(error);
      });
    });
  }
}

function subscriptionOf<M>(
  subscriber: Subscriber,
  consumer: ListenerConsumer<M>,
  closed: Promise<GridError | undefined>,
): Subscription {
  const close = (): Promise<void> => {
    subscriber.close();
    return Promise.resolve();
  };
  return {
    get isOpen() {
      return subscriber.isOpen;
    },
    get sequence() {
      return consumer.sequence;
    },
    close,
    closed,
    [Symbol.asyncDispose]: close,
  };
}

function unexpected(cause: unknown): GridError {
  return new GridError('GRID_CLOSED', 'The subscription could not begin', { cause });
}
