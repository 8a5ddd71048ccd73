/** What a process does that calls the grid as it is told, be it a member or a client. */
import { GridError } from '../../src/base/errors.ts';
import type { Subscription } from '../../src/grid-topic.ts';
import type { FromCalled, ToCalled } from './called-messages.ts';
import { type Callable, perform, subscribe } from './calls.ts';

export class Obedience {
  readonly #grid: Callable;
  readonly #tell: (message: FromCalled) => void;
  readonly #subscriptions = new Map<number, Subscription>();

  constructor(grid: Callable, tell: (message: FromCalled) => void) {
    this.#grid = grid;
    this.#tell = tell;
  }

  async obey(message: ToCalled): Promise<void> {
    const { request } = message;
    switch (message.do) {
      case 'call': {
        const answer = await perform(this.#grid, message.call);
        this.#tell({ tell: 'answer', request, answer });
        return;
      }
      case 'subscribe':
        return this.#begin(message);
      case 'unsubscribe':
        await this.#subscriptions.get(request)?.close();
        this.#subscriptions.delete(request);
    }
  }

  async #begin({
    request,
    topic,
    from,
  }: Extract<ToCalled, { readonly do: 'subscribe' }>): Promise<void> {
    const tell = this.#tell;
    try {
      const subscription = await subscribe(this.#grid, topic, from, {
        message: (message, sequence) => tell({ tell: 'message', request, sequence, message }),
        gap: (gap) => tell({ tell: 'gap', request, gap }),
      });
      this.#subscriptions.set(request, subscription);
      tell({ tell: 'subscribed', request });
    } catch (error) {
      if (!GridError.is(error)) throw error;
      tell({ tell: 'subscribed', request, code: error.code });
    }
  }
}
