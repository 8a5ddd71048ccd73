/**
 * Stays awake for the next frame of a near peer, where the last ones came in quick succession and it helps.
 *
 * A process that sleeps in the kernel until a frame comes pays for its waking: 5 to 10 µs in a virtual
 * machine, more than an op takes. Where two processes of one machine wait for each other in turn, each op
 * pays it twice. So the event loop goes round without sleep for a moment after a frame, as sockets of Linux
 * do with SO_BUSY_POLL; whatever else becomes ready meanwhile runs as ever. Frames from other machines take
 * too long for that: only those of near peers are counted (docs/decisions/0015).
 *
 * Where a peer needs the same core it comes later for it. So it is tried: some frames with and some without,
 * and what was quicker stays for a while.
 *
 * Invariants
 * 1. The loop goes round for `patienceMs` at most without a frame.
 * 2. Going round in vain costs credit, which only quick frames earn: at most once in `vainCost` of them.
 */
import type { Clock } from '../base/clock.ts';
import type { Random } from '../base/random.ts';
import { isLoopback } from './loopback.ts';

/** Frames in quick succession are no further apart. */
const quickMs = 0.2;
const patienceMs = 0.1;
const creditMax = 64;
const vainCost = 32;
/** A trial goes by blocks, with and without by lot: the peer may be at a trial of its own. */
const blockFrames = 32;
const trialBlocks = 8;
/** Quick frames until the next trial, at first; twice as many after each trial that says the same again. */
const settledFramesMin = 4_096;
const settledFramesMax = 65_536;
/** It has to be worth its processor time. */
const gainMin = 0.1;

interface Messages {
  on(event: 'message', listener: (frame: { readonly length?: number }) => void): unknown;
}

/** What quick frames brought, and the time between them. */
interface Traffic {
  bytes: number;
  ms: number;
}

export class BusyPoll {
  readonly #clock: Clock;
  readonly #random: Random;
  #arrivedAt = Number.NEGATIVE_INFINITY;
  /** When the loop had nothing to do any more; undefined since the last frame. */
  #idleSince: number | undefined;
  #credit = 0;
  #isPolling = false;
  #isWanted = false;
  readonly #with: Traffic = { bytes: 0, ms: 0 };
  readonly #without: Traffic = { bytes: 0, ms: 0 };
  #blocksLeft = trialBlocks;
  #framesLeft = blockFrames;
  #settledFrames = settledFramesMin;
  /** What the trial before gave. */
  #wasWanted: boolean | undefined;

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
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
    const traffic = this.#isWanted ? this.#with : this.#without;
    traffic.bytes += bytes;
    traffic.ms += sinceMs;
    if (--this.#framesLeft <= 0) this.#nextBlock();
    if (!this.#isWanted || this.#isPolling || this.#credit < vainCost) return;
    this.#isPolling = true;
    this.#clock.defer(this.#poll);
  }

  #nextBlock(): void {
    this.#blocksLeft--;
    if (this.#blocksLeft === 0) this.#settle();
    else {
      // After what was settled the next trial begins.
      if (this.#blocksLeft < 0) this.#begin();
      this.#framesLeft = blockFrames;
      this.#isWanted = this.#random.next() < 0.5;
    }
  }

  #begin(): void {
    this.#blocksLeft = trialBlocks;
    for (const traffic of [this.#with, this.#without]) {
      traffic.bytes = 0;
      traffic.ms = 0;
    }
  }

  #settle(): void {
    // Many small frames are no gain on few large ones.
    const rate = ({ bytes, ms }: Traffic) => bytes / Math.max(ms, Number.MIN_VALUE);
    // The lot may have given one of the two nothing: then there is nothing to compare with.
    const isCompared = this.#without.ms > 0;
    this.#isWanted = isCompared && rate(this.#with) > (1 + gainMin) * rate(this.#without);
    const isSame = this.#wasWanted === this.#isWanted;
    this.#wasWanted = this.#isWanted;
    this.#settledFrames = isSame
      ? Math.min(2 * this.#settledFrames, settledFramesMax)
      : settledFramesMin;
    this.#framesLeft = this.#settledFrames;
  }

  readonly #poll = (): void => {
    const now = this.#clock.monotonic();
    this.#idleSince ??= now;
    if (!this.#isWanted) {
      this.#isPolling = false;
    } else if (now - this.#idleSince <= patienceMs) {
      this.#clock.defer(this.#poll);
    } else {
      this.#isPolling = false;
      this.#credit -= vainCost;
    }
  };
}
