/** How long a reader waits before it asks again: twice as long after each failure. */
const backoffMs = 20;
const backoffMaxMs = 1_000;

export class Backoff {
  #ms = backoffMs;

  next(): number {
    const ms = this.#ms;
    this.#ms = Math.min(backoffMaxMs, 2 * ms);
    return ms;
  }

  reset(): void {
    this.#ms = backoffMs;
  }
}
