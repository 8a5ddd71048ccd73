/**
 * Lets copies go on while callers come first: one chunk at a time for the whole member, in turns among its
 * partitions, and the event loop reads what has come in between. A token bucket bounds the bytes a second.
 *
 * Invariants
 * 1. At most one turn is deferred, and one chunk is read in it.
 * 2. A partition waits at most once, and the one that has waited longest is next.
 */
import type { Clock } from '../base/clock.ts';
import type { PartitionId } from '../base/ids.ts';

/** What the bucket holds: so much may go at once after a pause. */
const burstMs = 50;

export interface CopyPumpOptions {
  readonly clock: Clock;
  readonly bytesPerSecondMax: number;
  /** Lets a partition read its next chunk. */
  give(partition: PartitionId): void;
}

export class CopyPump {
  readonly #options: CopyPumpOptions;
  readonly #waiting = new Set<PartitionId>();
  readonly #bytesPerMs: number;
  /** Below 0 after a chunk that was larger than what was left. */
  #bytesLeft: number;
  #filledAt: number;
  #isDeferred = false;

  constructor(options: CopyPumpOptions) {
    this.#options = options;
    this.#bytesPerMs = options.bytesPerSecondMax / 1_000;
    this.#bytesLeft = this.#bytesPerMs * burstMs;
    this.#filledAt = options.clock.monotonic();
  }

  /** A partition has a chunk to read. */
  want(partition: PartitionId): void {
    this.#waiting.add(partition);
    this.#deferTurn();
  }

  /** Called at each tick: an empty bucket fills with time. */
  tick(): void {
    this.#deferTurn();
  }

  /** A chunk left this member. */
  spend(bytes: number): void {
    this.#bytesLeft -= bytes;
  }

  #deferTurn(): void {
    if (this.#isDeferred || this.#waiting.size === 0 || !this.#hasBytes()) return;
    this.#isDeferred = true;
    this.#options.clock.defer(this.#turn);
  }

  readonly #turn = (): void => {
    this.#isDeferred = false;
    for (const partition of this.#waiting) {
      this.#waiting.delete(partition);
      this.#options.give(partition);
      break;
    }
    this.#deferTurn();
  };

  #hasBytes(): boolean {
    const nowMs = this.#options.clock.monotonic();
    const filled = this.#bytesLeft + (nowMs - this.#filledAt) * this.#bytesPerMs;
    this.#bytesLeft = Math.min(filled, this.#bytesPerMs * burstMs);
    this.#filledAt = nowMs;
    return this.#bytesLeft > 0;
  }
}
