/**
 * How fast a member copies: by how long its chunks wait on the way (as LEDBAT and TCP Vegas do). What a chunk
 * takes from being sent to being confirmed, beyond what it took at its quickest, is what calls wait too, in the
 * same queues: of this process, of the network, of the other process. So copies give way before callers notice.
 *
 * Invariants
 * 1. The gap between two chunks stays within its bounds: copies get on even where all is slow.
 * 2. It grows at most once for what was sent after it last grew: one stall is not held against copies twice.
 */
import type { MemberId } from '../base/ids.ts';

const gapMinMs = 1;
/** So it begins too: code that has never run takes ten times as long, here and there. */
const gapMaxMs = 20;
const growth = 1.5;
const shrinkage = 0.97;
/** The shortest time that was seen is forgotten by so much in a second: routes and machines change. */
const forgottenShare = 0.02;
const forgottenMs = 0.05;
/** Peers whose shortest times are kept; past it all are forgotten. */
const peersMax = 1_024;

interface Shortest {
  readonly ms: number;
  readonly at: number;
}

export class CopyPace {
  /** What a chunk may wait on its way before that is too long. */
  readonly #waitMaxMs: number;
  readonly #shortest = new Map<MemberId, Shortest>();
  #gapMs = gapMaxMs;
  #grewAt = Number.NEGATIVE_INFINITY;

  constructor(waitMaxMs: number) {
    this.#waitMaxMs = waitMaxMs;
  }

  /** Milliseconds from one chunk to the next. */
  get gapMs(): number {
    return this.#gapMs;
  }

  /** A chunk that was sent to this peer, once, is confirmed. */
  confirmed(peer: MemberId, sentAt: number, nowMs: number): void {
    const tookMs = nowMs - sentAt;
    const waitedMs = tookMs - this.#shortestOf(peer, tookMs, nowMs);
    if (waitedMs <= this.#waitMaxMs) {
      this.#gapMs = Math.max(gapMinMs, this.#gapMs * shrinkage);
    } else if (sentAt > this.#grewAt) {
      this.#gapMs = Math.min(gapMaxMs, this.#gapMs * growth);
      this.#grewAt = nowMs;
    }
  }

  #shortestOf(peer: MemberId, tookMs: number, nowMs: number): number {
    const known = this.#shortest.get(peer);
    const seconds = known === undefined ? 0 : (nowMs - known.at) / 1_000;
    const limit =
      known === undefined
        ? tookMs
        : known.ms * (1 + forgottenShare * seconds) + forgottenMs * seconds;
    if (tookMs > limit) return limit;
    if (known === undefined && this.#shortest.size >= peersMax) this.#shortest.clear();
    this.#shortest.set(peer, { ms: tookMs, at: nowMs });
    return tookMs;
  }
}
