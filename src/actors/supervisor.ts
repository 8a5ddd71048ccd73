/** What becomes of an actor that threw: a broken state is thrown away rather than carried on with. */

/**
 * `restart`: a fresh state from the factory, the mailbox stays. `stop`: its watchers hear of it.
 * `escalate`: stopped, and the owner of the system is told, who can no longer trust the whole.
 */
export type Directive = 'restart' | 'stop' | 'escalate';

export interface Supervision {
  /** @default 'restart' */
  readonly onFailure?: Directive | ((error: unknown) => Directive);
  /** More restarts than this within the window escalate. @default 3 */
  readonly restartsMax?: number;
  /** @default 10,000 */
  readonly windowMs?: number;
}

export class Supervisor {
  readonly #onFailure: Directive | ((error: unknown) => Directive);
  readonly #restartsMax: number;
  readonly #windowMs: number;
  /** When it last restarted, oldest first; at most `restartsMax` of them. */
  readonly #restarts: number[] = [];

  constructor(supervision: Supervision = {}) {
    this.#onFailure = supervision.onFailure ?? 'restart';
    this.#restartsMax = supervision.restartsMax ?? 3;
    this.#windowMs = supervision.windowMs ?? 10_000;
  }

  decide(error: unknown, nowMs: number): Directive {
    const wish = typeof this.#onFailure === 'function' ? this.#onFailure(error) : this.#onFailure;
    return wish === 'restart' ? this.#restartIfRare(nowMs) : wish;
  }

  #restartIfRare(nowMs: number): Directive {
    while (this.#restarts[0] !== undefined && nowMs - this.#restarts[0] > this.#windowMs) {
      this.#restarts.shift();
    }
    if (this.#restarts.length >= this.#restartsMax) return 'escalate';
    this.#restarts.push(nowMs);
    return 'restart';
  }
}
