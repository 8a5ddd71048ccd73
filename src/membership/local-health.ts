/**
 * How well this member itself is (Lifeguard's local health multiplier). 0 is healthy; a sick member
 * probes more slowly and accuses nobody, because what it does not hear says more about itself.
 */

/** From here on a member is too sick to accuse others. */
const sickFrom = 3;

export class LocalHealth {
  readonly #max: number;
  #counted = 0;
  /** What the lateness of the event loop alone amounts to. */
  #floor = 0;

  /** The score stays below `max`. */
  constructor(max: number) {
    this.#max = max;
  }

  get score(): number {
    return Math.max(this.#counted, this.#floor);
  }

  get isSick(): boolean {
    return this.score >= sickFrom;
  }

  /** A probe that succeeds subtracts one; missing nacks, amnesties and refutations add. */
  add(delta: number): void {
    this.#counted = Math.min(this.#max - 1, Math.max(0, this.#counted + delta));
  }

  /** `lagMs`: the greatest lateness lately, or 0. */
  noteLag(lagMs: number, probeTimeoutMs: number): void {
    this.#floor = Math.min(this.#max - 1, Math.round(lagMs / probeTimeoutMs));
  }
}
