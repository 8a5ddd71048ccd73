/** One direction between two addresses of a simulated network: how good it is, and whether it is cut. */
import type { Random } from '../base/random.ts';
import type { Lane } from '../transport/transport.ts';

export interface PathQuality {
  /** No packet is faster. */
  readonly latencyMs: number;
  /** Mean of what is added, exponentially distributed. */
  readonly jitterMs: number;
  /** Chance that a frame is lost: on a stream this breaks the link. */
  readonly loss: number;
  /** Chance that a message comes twice. Datagrams only. */
  readonly duplication: number;
  /** Chance that a message is held up by up to `reorderMs`; with 0 all keep their order. Datagrams only. */
  readonly reordering: number;
  readonly reorderMs: number;
  /** Infinity where nothing limits it. */
  readonly bytesPerMs: number;
}

export const defaultQuality: PathQuality = {
  latencyMs: 0.1,
  jitterMs: 0.2,
  loss: 0,
  duplication: 0,
  reordering: 0,
  reorderMs: 50,
  bytesPerMs: Number.POSITIVE_INFINITY,
};

export class SimPath {
  isCut = false;
  readonly #quality: Record<Lane, PathQuality>;
  /** When what was sent on a lane will have left. */
  readonly #freeAt: Record<Lane, number> = { control: 0, data: 0 };

  constructor(quality: PathQuality) {
    this.#quality = { control: quality, data: quality };
  }

  quality(lane: Lane): PathQuality {
    return this.#quality[lane];
  }

  setQuality(lane: Lane, changes: Partial<PathQuality>): void {
    this.#quality[lane] = { ...this.#quality[lane], ...changes };
    // What queued up at the old width is not in the way at the new one.
    if (changes.bytesPerMs !== undefined) this.#freeAt[lane] = 0;
  }

  latency(lane: Lane, random: Random): number {
    const { latencyMs, jitterMs } = this.#quality[lane];
    return latencyMs - jitterMs * Math.log(1 - random.next());
  }

  /** Takes its turn on a lane of limited width; returns when the last byte has left. */
  leave(lane: Lane, bytes: number, now: number): number {
    const { bytesPerMs } = this.#quality[lane];
    if (bytesPerMs === Number.POSITIVE_INFINITY) return now;
    this.#freeAt[lane] = Math.max(this.#freeAt[lane], now) + bytes / bytesPerMs;
    return this.#freeAt[lane];
  }

  /** What has been sent and has not left yet. */
  backlogBytes(lane: Lane, now: number): number {
    const { bytesPerMs } = this.#quality[lane];
    if (bytesPerMs === Number.POSITIVE_INFINITY) return 0;
    return Math.max(0, this.#freeAt[lane] - now) * bytesPerMs;
  }
}
