/**
 * Stays awake for the next frame of a near peer, where the last ones came in quick succession and it helps.
 *
 * A process that sleeps in the kernel until a frame comes pays for its waking: 5 to 50 µs in a virtual
 * machine, more than an op takes. Where two processes of one machine wait for each other in turn, each op
 * pays it twice. So the event loop goes round without sleep for a moment after a frame, as sockets of Linux
 * do with SO_BUSY_POLL; whatever else becomes ready meanwhile runs as ever. Frames from other machines take
 * too long for that: only those of near peers are counted (docs/decisions/0015).
 *
 * Where a peer needs the same core it comes later for it. So it is tried (awake-trial.ts).
 *
 * Invariants
 * 1. The loop goes round for `patienceMs` at most without a frame.
 * 2. Going round in vain costs credit, which only quick frames earn: at most once in `vainCost` of them.
 */
import type { Clock } from '../base/clock.ts';
import type { Random } from '../base/random.ts';
import { AwakeTrial } from './awake-trial.ts';
import { isLoopback } from './loopback.ts';

/** Frames in quick succession are no further apart. */
const quickMs = 0.5;
const patienceMs = 0.2;
const creditMax = 64;
const vainCost = 32;
interface Messages {
  on(event: 'message', listener: (frame: { readonly length?: number }) => void): unknown;
}

export class BusyPoll {
  readonly #clock: Clock;
  #arrivedAt = Number.NEGATIVE_INFINITY;
  /** When the loop had nothing to do any more; undefined since the last frame. */
  #idleSince: number | undefined;
  #credit = 0;
  #isPolling = false;
  readonly #trial: AwakeTrial;

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#trial = new AwakeTrial(random);
  }

  /** Counts the frames of a socket whose other end is at that host, where that is near. */
  listen(socket: Messages, host: string | undefined): void {
    if (host === undefined || !isLoopback(host)) return;
    socket.on('message', ({ length }) => this.arrived(length ?? 0));
  }

  /** A frame of a near peer has come. */
  arrived(bytes: number): void {
    const now = this.#clock.monotonic();
    const sinceMs = now - this.#arrivedAt;
    this.#arrivedAt = now;
    this.#idleSince = undefined;
    if (sinceMs > quickMs) return;
    if (this.#credit < creditMax) this.#credit++;
    this.#trial.count(bytes, sinceMs);
    if (!this.#trial.isWanted || this.#isPolling || this.#credit < vainCost) return;
    this.#isPolling = true;
    this.#clock.defer(this.#poll);
  }

  readonly #poll = (): void => {
    const now = this.#clock.monotonic();
    this.#idleSince ??= now;
    if (!this.#trial.isWanted) {
      this.#isPolling = false;
    } else if (now - this.#idleSince <= patienceMs) {
      this.#clock.defer(this.#poll);
    } else {
      this.#isPolling = false;
      this.#credit -= vainCost;
    }
  };
}
