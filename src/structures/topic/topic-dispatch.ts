/** A batch on its way to those who were attached when it came. */
import type { Subscriber } from './subscriber.ts';
import { TopicMessage } from './topic-message.ts';
import type { Batch } from './topic-ops.ts';

export class Dispatch {
  readonly #before: number;
  readonly #messages: readonly TopicMessage[];
  readonly #targets: readonly Subscriber[];
  #at = 0;

  constructor({ first, messages }: Batch, targets: readonly Subscriber[]) {
    this.#before = first - 1;
    this.#messages = messages.map((published) => new TopicMessage(published));
    this.#targets = targets;
  }

  get isOver(): boolean {
    return this.#at >= this.#targets.length;
  }

  /** Gives it all to the next subscriber; says how many messages that was. */
  next(): number {
    const target = this.#targets[this.#at++];
    target?.miss(this.#before);
    for (const message of this.#messages) target?.offer(message);
    return this.#messages.length;
  }
}
