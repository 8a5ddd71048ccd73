/**
 * When a leader's rounds were sent. An acknowledgement proves that a voter held on to this leader at some
 * time after the round was sent; when the acknowledgement came proves nothing, for it may be old.
 */

/** Messages of one round leave within this time; the round counts from its first message. */
const roundMs = 5;

export class Rounds {
  readonly #keepMs: number;
  #first = 1;
  /** Send times of the rounds from `#first` on; `keepMs / roundMs` of them at most, about. */
  readonly #sentAt: number[] = [];

  /** Acknowledgements that come later than `keepMs` after the sending count for nothing. */
  constructor(keepMs: number) {
    this.#keepMs = keepMs;
  }

  /** The round for a message that leaves now. */
  current(nowMs: number): number {
    const newest = this.#sentAt.at(-1);
    if (newest === undefined || nowMs - newest >= roundMs) {
      this.#sentAt.push(nowMs);
      this.#forget(nowMs - this.#keepMs);
    }
    return this.#first + this.#sentAt.length - 1;
  }

  sentAt(round: number): number | undefined {
    return this.#sentAt[round - this.#first];
  }

  #forget(before: number): void {
    while ((this.#sentAt[0] ?? before) < before) {
      this.#sentAt.shift();
      this.#first++;
    }
  }
}
