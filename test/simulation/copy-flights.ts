/** How many chunks of a copy are on their way, by what its primary has sent and its learner has confirmed. */
import type { Address } from '../../src/base/ids.ts';
import type { Message } from '../../src/wire/messages.ts';
import type { BufferBounds } from './buffer-bounds.ts';

export class CopyFlights {
  readonly #bounds: Pick<BufferBounds, 'checkChunks'>;
  /** What the learner of a stream has confirmed last, whether or not its primary has heard of it. */
  readonly #confirmed = new Map<string, number>();

  constructor(bounds: Pick<BufferBounds, 'checkChunks'>) {
    this.#bounds = bounds;
  }

  /** A message leaves for another member. */
  sent(from: Address, to: Address, message: Message): void {
    if (message.kind === 'replica.copy') {
      const { partition, stream, chunk } = message;
      const confirmed = this.#confirmed.get(`${from} ${to} ${partition} ${stream}`) ?? 0;
      this.#bounds.checkChunks(`${partition} from ${from} to ${to}`, chunk + 1 - confirmed);
    } else if (message.kind === 'replica.ack' && message.chunks > 0) {
      const key = `${to} ${from} ${message.partition} ${message.stream}`;
      this.#confirmed.set(key, Math.max(message.chunks, this.#confirmed.get(key) ?? 0));
    }
  }
}
