/** How long to wait before the next try: full jitter over a bound that doubles. */
import type { Random } from '../base/random.ts';

export interface BackoffOptions {
  readonly firstMs: number;
  readonly longestMs: number;
}

export class Backoff {
  readonly #random: Random;
  readonly #options: BackoffOptions;
  #boundMs: number;

  constructor(random: Random, options: BackoffOptions) {
    this.#random = random;
    this.#options = options;
    this.#boundMs = options.firstMs;
  }

  /** Anywhere in [0, bound): many that lost the same peer do not come back in step. */
  nextMs(): number {
    const delayMs = this.#random.next() * this.#boundMs;
    this.#boundMs = Math.min(this.#options.longestMs, this.#boundMs * 2);
    return delayMs;
  }

  reset(): void {
    this.#boundMs = this.#options.firstMs;
  }
}
