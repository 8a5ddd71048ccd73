/**
 * How long a member stays suspected before it is declared dead (Lifeguard). Where nobody else joins
 * the accusation, the accuser may be the one that is cut off, and waits long; each independent
 * accuser shortens the wait towards the minimum.
 */
import type { MemberId } from '../base/ids.ts';

export interface SuspicionBounds {
  readonly minMs: number;
  readonly maxMs: number;
  /** Accusers besides the first that bring the timeout down to the minimum; 0: at once. */
  readonly accusersWanted: number;
}

/** The bounds in a grid of `size` members, those under suspicion included. */
export function suspicionBounds(
  size: number,
  suspicionMinMs: number,
  suspicionMult: number,
  suspicionMaxMult: number,
): SuspicionBounds {
  const minMs = suspicionMinMs * Math.max(1, Math.log10(size));
  const wanted = Math.max(0, suspicionMult - 2);
  // Where so many accusers cannot exist, waiting for them would only cost time.
  const accusersWanted = size - 2 < wanted ? 0 : wanted;
  return { minMs, maxMs: minMs * suspicionMaxMult, accusersWanted };
}

/** `accusers` counts those besides the first. */
export function suspicionTimeoutMs(accusers: number, bounds: SuspicionBounds): number {
  const { minMs, maxMs, accusersWanted } = bounds;
  if (accusersWanted === 0) return minMs;
  const share = Math.log(accusers + 1) / Math.log(accusersWanted + 1);
  return Math.max(minMs, maxMs - (maxMs - minMs) * share);
}

export class Suspicion {
  readonly #startedMs: number;
  readonly #bounds: SuspicionBounds;
  /** The first included; no more are remembered than count. */
  readonly #accusers: Set<MemberId>;

  constructor(first: MemberId, bounds: SuspicionBounds, nowMs: number) {
    this.#startedMs = nowMs;
    this.#bounds = bounds;
    this.#accusers = new Set([first]);
  }

  get deadlineMs(): number {
    return this.#startedMs + suspicionTimeoutMs(this.#accusers.size - 1, this.#bounds);
  }

  /** True where the accuser is a new one that counts, so that the others should hear of it. */
  confirm(accuser: MemberId): boolean {
    if (this.#accusers.size > this.#bounds.accusersWanted || this.#accusers.has(accuser)) {
      return false;
    }
    this.#accusers.add(accuser);
    return true;
  }
}
