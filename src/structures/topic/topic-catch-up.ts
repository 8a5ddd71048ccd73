/**
 * Brings one subscriber from where it wants to begin to where the process's shared reader is. It reads
 * on only when the subscriber has taken what was read, so a slow one asks for less.
 */
import type { Clock, Timer } from '../../base/clock.ts';
import type { GridError } from '../../base/errors.ts';
import { Backoff } from './backoff.ts';
import type { Subscriber } from './subscriber.ts';
import { TopicMessage } from './topic-message.ts';
import type { Batch } from './topic-ops.ts';

export interface CatchUpOptions {
  readonly subscriber: Subscriber;
  readonly clock: Clock;
  /** Reads what follows a number; exactly one of the two is called. */
  readonly read: (
    after: number,
    found: (batch: Batch) => void,
    failed: (error: GridError) => void,
  ) => void;
  /** Whether the shared reader has not been further. */
  readonly hasMet: (cursor: number) => boolean;
  readonly onMet: () => void;
  /** False where the batch is of another line, and this reader is over. */
  readonly isFollowed: (batch: Batch) => boolean;
}

export class CatchUp {
  readonly #options: CatchUpOptions;
  readonly #backoff = new Backoff();
  #backlog: Batch['messages'] = [];
  #at = 0;
  #isFeeding = false;
  #isStopped = false;
  #isReading = false;
  #timer: Timer | undefined;

  constructor(options: CatchUpOptions) {
    this.#options = options;
    options.subscriber.onRoom = () => this.#feed();
    this.#later(0);
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
    this.#options.subscriber.onRoom = undefined;
  }

  #feed(): void {
    if (this.#isFeeding || this.#isReading || this.#isStopped) return;
    this.#isFeeding = true;
    const { subscriber } = this.#options;
    while (!this.#isStopped && subscriber.hasRoom) {
      const published = this.#backlog[this.#at];
      if (published === undefined) break;
      this.#at++;
      subscriber.offer(new TopicMessage(published));
    }
    this.#isFeeding = false;
    if (!this.#isStopped && this.#at >= this.#backlog.length) this.#next();
  }

  #next(): void {
    const { subscriber, hasMet, onMet, read } = this.#options;
    if (hasMet(subscriber.cursor)) {
      this.stop();
      onMet();
      return;
    }
    this.#isReading = true;
    read(
      subscriber.cursor,
      (batch) => this.#found(batch),
      () => this.#later(this.#backoff.next()),
    );
  }

  #found(batch: Batch): void {
    if (this.#isStopped || !this.#options.isFollowed(batch)) return;
    this.#backoff.reset();
    this.#options.subscriber.miss(batch.first - 1);
    this.#backlog = batch.messages;
    this.#at = 0;
    this.#later(0);
  }

  /** In a turn of its own, so that a long way is no long turn. */
  #later(delayMs: number): void {
    const act = () => {
      this.#isReading = false;
      this.#feed();
    };
    this.#isReading = true;
    if (delayMs === 0) this.#options.clock.defer(act);
    else this.#timer = this.#options.clock.setTimer(delayMs, act);
  }
}
