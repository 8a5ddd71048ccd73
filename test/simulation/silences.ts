/** Kinds of messages that get lost between two processes for a while, though the network is well. */
import type { Address } from '../../src/base/ids.ts';
import type { Message } from '../../src/wire/messages.ts';

export interface Silence {
  /** Undefined for everybody. */
  readonly from: Address | undefined;
  readonly to: Address | undefined;
  /** How their names begin, `meta.` or `raft.append`. */
  readonly kinds: readonly string[];
  /** In the world's time. */
  readonly untilMs: number;
}

export class Silences {
  #open: Silence[] = [];

  begin(silence: Silence): void {
    this.#open.push(silence);
  }

  end(): void {
    this.#open = [];
  }

  isLost(from: Address, to: Address, { kind }: Message, nowMs: number): boolean {
    if (this.#open.length === 0) return false;
    this.#open = this.#open.filter(({ untilMs }) => untilMs > nowMs);
    return this.#open.some(
      (silence) =>
        (silence.from ?? from) === from &&
        (silence.to ?? to) === to &&
        silence.kinds.some((beginning) => kind.startsWith(beginning)),
    );
  }
}
