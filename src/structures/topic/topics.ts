/** The topics of one grid in this process: one reader for each name that has subscribers here. */
import type { Clock } from '../../base/clock.ts';
import { GridError } from '../../base/errors.ts';
import type { Limits } from '../../base/limits.ts';
import type { Logger } from '../../base/logger.ts';
import type { Router } from '../../partition/router-port.ts';
import type { Subscriber } from './subscriber.ts';
import { TopicReader } from './topic-reader.ts';
import { TopicSource } from './topic-source.ts';

export interface TopicsOptions {
  readonly router: Router;
  readonly clock: Clock;
  readonly limits: Limits;
  /** Told of gaps and of errors of listeners that nobody else wants to hear of. */
  readonly logger: Logger;
}

export class Topics {
  readonly options: TopicsOptions;
  readonly #readers = new Map<string, TopicReader>();
  #isClosed = false;

  constructor(options: TopicsOptions) {
    this.options = options;
  }

  /** How many names have subscribers here. */
  get size(): number {
    return this.#readers.size;
  }

  checkOpen(): void {
    if (!this.#isClosed) return;
    throw new GridError(
      'GRID_CLOSED',
      'expected an open grid, found one that was left or closed; join or connect anew',
    );
  }

  /** To be subscribed to at once: a reader without subscribers is kept by nobody. */
  reader(name: string, definition: Readonly<Record<string, unknown>>): TopicReader {
    this.checkOpen();
    const present = this.#readers.get(name);
    if (present !== undefined) return present;
    const { router, clock } = this.options;
    const source = new TopicSource({ router, name, definition });
    const reader = new TopicReader(source, clock, () => this.#readers.delete(name));
    this.#readers.set(name, reader);
    return reader;
  }

  detach(name: string, subscriber: Subscriber): void {
    this.#readers.get(name)?.detach(subscriber);
  }

  /** The topic was destroyed in this process. */
  destroyed(name: string): void {
    this.#readers.get(name)?.recheck();
  }

  /** The grid goes on in another lineage here. */
  lineageChanged(): void {
    for (const reader of this.#readers.values()) reader.lineageChanged();
  }

  /** Ends every subscription; later ones are refused. */
  close(error: GridError | undefined): void {
    this.#isClosed = true;
    for (const reader of [...this.#readers.values()]) reader.close(error);
    this.#readers.clear();
  }
}
