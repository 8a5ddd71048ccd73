/** A listener as a consumer: its promises are awaited, its errors are reported, and neither stops anything. */
import type { GridError } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import type {
  MessageContext,
  SubscribeOptions,
  TopicGap,
  TopicListener,
} from '../../grid-topic.ts';
import type { Consumer } from './subscriber.ts';
import type { TopicMessage } from './topic-message.ts';

export interface ListenerOptions<M> {
  readonly topic: string;
  readonly listener: TopicListener<M>;
  readonly hooks: Pick<SubscribeOptions, 'onGap' | 'onError'>;
  readonly logger: Logger;
  /** It can take the next message. */
  readonly onReady: () => void;
  readonly onEnded: (error: GridError | undefined) => void;
}

export class ListenerConsumer<M> implements Consumer {
  readonly #options: ListenerOptions<M>;
  readonly #tellGap: (gap: TopicGap) => void;
  sequence = 0;

  constructor(options: ListenerOptions<M>) {
    this.#options = options;
    this.#tellGap = gapTeller(options.topic, options.hooks.onGap, options.logger);
  }

  message(message: TopicMessage): boolean {
    const { sequence, publishedAt } = message;
    const context: MessageContext = { sequence, publishedAt };
    this.sequence = sequence;
    try {
      // The type is the user's word for what was published.
      const returned = this.#options.listener(message.value() as M, context);
      if (!isThenable(returned)) return true;
      const report = (error: unknown) => this.#report(error, context);
      // It never rejects: what fails is reported, and reporting does not fail.
      void Promise.resolve(returned).then(undefined, report).then(this.#options.onReady);
      return false;
    } catch (error) {
      this.#report(error, context);
      return true;
    }
  }

  gap(gap: TopicGap): void {
    this.#tellGap(gap);
  }

  ended(error: GridError | undefined): void {
    this.#options.onEnded(error);
  }

  #report(error: unknown, context: MessageContext): void {
    const { topic, hooks, logger } = this.#options;
    const { onError } = hooks;
    const log = (found: unknown) =>
      logger.error({ topic, sequence: context.sequence, error: found }, 'a listener failed');
    if (onError === undefined) log(error);
    else guarded(() => onError(error, context), log);
  }
}

/** Tells gaps to the user's function, or to the logger where there is none. */
export function gapTeller(
  topic: string,
  onGap: SubscribeOptions['onGap'],
  logger: Logger,
): (gap: TopicGap) => void {
  return (gap) => {
    if (onGap === undefined) {
      const text = 'a subscriber missed messages; give it onGap, a larger buffer, or retain more';
      logger.warn({ topic, ...gap }, text);
      return;
    }
    guarded(
      () => onGap(gap),
      (error) => logger.error({ topic, error }, 'onGap failed'),
    );
  };
}

/** Calls a user's function, whatever it does. */
function guarded(call: () => unknown, failed: (error: unknown) => void): void {
  try {
    const returned = call();
    if (isThenable(returned)) void Promise.resolve(returned).then(undefined, failed);
  } catch (error) {
    failed(error);
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value;
}
