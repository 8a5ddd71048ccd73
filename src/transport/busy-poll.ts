/**
 * Stays awake for the next frame of a near peer, where the last ones came in quick succession.
 *
 * A process that sleeps in the kernel until a frame comes pays for its waking: 5 to 10 µs in a virtual
 * machine, more than an op takes. Where two processes of one machine wait for each other in turn, each op
 * pays it twice. So the event loop goes round without sleep for a moment after a frame, as sockets of Linux
 * do with SO_BUSY_POLL; whatever else becomes ready meanwhile runs as ever. Frames from other machines take
 * too long for that: only those of near peers are counted (docs/decisions/0015).
 *
 * Invariants
 * 1. The loop goes round for `patienceMs` at most without a frame.
 * 2. Going round in vain costs credit, which only quick frames earn: at most once in `vainCost` of them.
 */
import type { Clock } from '../base/clock.ts';
import { isLoopback } from './loopback.ts';

/** Frames in quick succession are no further apart. */
const quickMs = 0.2;
const patienceMs = 0.1;
const creditMax = 64;
const vainCost = 32;

interface Messages {
  on(event: 'message', listener: () => void): unknown;
}

export class BusyPoll {
  readonly #clock: Clock;
  #arrivedAt = Number.NEGATIVE_INFINITY;
  /** When the loop had nothing to do any more; undefined since the last frame. */
  #idleSince: number | undefined;
  #credit = 0;
  #isPolling = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Counts the frames of a socket whose other end is at that host, where that is near. */
  listen(socket: Messages, host: string | undefined): void {
    if (host !== undefined && isLoopback(host)) socket.on('message', () => this.arrived());
  }

  /** A frame of a near peer has come. */
  arrived(): void {
    const now = this.#clock.monotonic();
    const isQuick = now - this.#arrivedAt <= quickMs;
    this.#arrivedAt = now;
    this.#idleSince = undefined;
    if (isQuick && this.#credit < creditMax) this.#credit++;
    if (!isQuick || this.#isPolling || this.#credit < vainCost) return;
    this.#isPolling = true;
    this.#clock.defer(this.#poll);
  }

  readonly #poll = (): void => {
    const now = this.#clock.monotonic();
    this.#idleSince ??= now;
    if (now - this.#idleSince <= patienceMs) {
      this.#clock.defer(this.#poll);
    } else {
      this.#isPolling = false;
      this.#credit -= vainCost;
    }
  };
}
