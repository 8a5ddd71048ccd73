/**
 * Lets copies go on while callers come first: one chunk at a time for the whole member, in turns among its
 * partitions, with a gap after it in which calls have the event loop to themselves (copy-pace.ts says how
 * long). The gap is twice as long after a copy that is made for balance: nothing is missing meanwhile; and a
 * quarter as long after one in place of a member that leaves, which waits for it. A token bucket bounds the bytes
 * a second.
 *
 * Invariants
 * 1. At most one turn is deferred, and one chunk is read in it.
 * 2. A partition waits at most once, and the one that has waited longest is next.
 * 3. A chunk that was sent twice tells nothing of how long it took.
 */
import type { Clock, Timer } from '../base/clock.ts';
import type { MemberId, PartitionId, StreamId } from '../base/ids.ts';
import type { ReplicaAck, ReplicaCopy } from '../wire/replica-messages.ts';
import { CopyPace } from './copy-pace.ts';

/** How many gaps follow a chunk. */
const gaps = { departure: 0.25, repair: 1, balance: 2 } as const;
/** No timer is shorter: below it the next chunk follows in the next turn. */
const timerMinMs = 1;

/** What a copy is made for. */
export type CopyPurpose = keyof typeof gaps;

/** What the bucket holds: so much may go at once after a pause. */
const burstMs = 50;

export interface CopyPumpOptions {
  readonly clock: Clock;
  readonly bytesPerSecondMax: number;
  /** How long a chunk may wait on its way before copies slow down. */
  readonly waitMaxMs: number;
  /** Lets a partition read its next chunk. */
  give(partition: PartitionId): void;
}

/** The chunks of one stream that are on their way and were sent once. */
interface Flight {
  readonly stream: StreamId;
  /** The number of the next chunk that was not sent yet. */
  next: number;
  readonly sentAt: Map<number, number>;
}

export class CopyPump {
  readonly #options: CopyPumpOptions;
  readonly #pace: CopyPace;
  readonly #waiting = new Map<PartitionId, CopyPurpose>();
  readonly #flights = new Map<PartitionId, Flight>();
  readonly #bytesPerMs: number;
  /** Below 0 after a chunk that was larger than what was left. */
  #bytesLeft: number;
  #filledAt: number;
  #isDeferred = false;
  #nextAt = Number.NEGATIVE_INFINITY;
  #timer: Timer | undefined;

  constructor(options: CopyPumpOptions) {
    this.#options = options;
    this.#pace = new CopyPace(options.waitMaxMs);
    this.#bytesPerMs = options.bytesPerSecondMax / 1_000;
    this.#bytesLeft = this.#bytesPerMs * burstMs;
    this.#filledAt = options.clock.monotonic();
  }

  /** A partition has a chunk to read. */
  want(partition: PartitionId, purpose: CopyPurpose): void {
    this.#waiting.set(partition, purpose);
    this.#deferTurn();
  }

  /** Called at each tick: an empty bucket fills with time. */
  tick(): void {
    this.#deferTurn();
  }

  /** A chunk left this member. */
  sent({ partition, stream, chunk, content }: ReplicaCopy): void {
    this.#bytesLeft -= content.length;
    let flight = this.#flights.get(partition);
    if (flight?.stream !== stream) {
      flight = { stream, next: 0, sentAt: new Map() };
      this.#flights.set(partition, flight);
    }
    if (chunk < flight.next) {
      flight.sentAt.delete(chunk);
      return;
    }
    flight.next = chunk + 1;
    flight.sentAt.set(chunk, this.#options.clock.monotonic());
  }

  /** A peer says how much of a stream it has. */
  confirmed(from: MemberId, { partition, stream, chunks }: ReplicaAck): void {
    const flight = this.#flights.get(partition);
    if (flight?.stream !== stream) return;
    const nowMs = this.#options.clock.monotonic();
    for (const [chunk, sentAt] of flight.sentAt) {
      if (chunk >= chunks) return;
      flight.sentAt.delete(chunk);
      this.#pace.confirmed(from, sentAt, nowMs);
    }
    this.#flights.delete(partition);
  }

  /** The partition is no more here. */
  forget(partition: PartitionId): void {
    this.#waiting.delete(partition);
    this.#flights.delete(partition);
  }

  #deferTurn(): void {
    if (this.#isDeferred || this.#waiting.size === 0 || !this.#hasBytes()) return;
    const { clock } = this.#options;
    const gapMs = this.#nextAt - clock.monotonic();
    if (gapMs > 0) {
      // Whole milliseconds: a fraction would be another kind of number to all the timers of the process.
      this.#timer ??= clock.setTimer(Math.ceil(gapMs), this.#gapIsOver);
      return;
    }
    this.#isDeferred = true;
    clock.defer(this.#turn);
  }

  readonly #gapIsOver = (): void => {
    this.#timer = undefined;
    this.#deferTurn();
  };

  readonly #turn = (): void => {
    this.#isDeferred = false;
    for (const [partition, purpose] of this.#waiting) {
      this.#waiting.delete(partition);
      const gapMs = gaps[purpose] * this.#pace.gapMs;
      this.#nextAt = this.#options.clock.monotonic() + (gapMs < timerMinMs ? 0 : gapMs);
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
