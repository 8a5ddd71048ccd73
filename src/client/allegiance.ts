/**
 * Which lineage a client belongs to: that of the first member that let it in, until nobody of it answers.
 *
 * Rules (PROTOCOL.md 0.21, 2.8)
 * 1. However new the table of another lineage is, a client does not go there while a member of its own has
 *    answered within the time that a survivor takes to go on alone, and a lease.
 * 2. Where its own lineage was merged into the other, or the other is of a cluster that was formed anew, it
 *    waits only until its own is certainly silent.
 */
import type { ClientWelcome } from '../wire/client-messages.ts';

/** A link whose other end lives says something every second. */
const silentMs = 2_000;

export type Verdict =
  /** Of the client's own lineage. */
  | { readonly kind: 'own' }
  /** Of another, which is the client's from now on. */
  | { readonly kind: 'follow' }
  /** Of another; the sentence is for who asks why there is no connection. */
  | { readonly kind: 'other'; readonly sentence: string };

export class Allegiance {
  /** Empty before the first member let the client in. */
  #lineage = '';
  #cluster = '';

  get lineage(): string {
    return this.#lineage;
  }

  /** `heardAt`: when a member of the own lineage last said anything. */
  judge(welcome: ClientWelcome, heardAt: number, nowMs: number): Verdict {
    const { lineage, ancestors, merged, followAfterMs } = welcome;
    if (lineage === this.#lineage) return { kind: 'own' };
    const cluster = ancestors[0] ?? lineage;
    const isOver = merged.includes(this.#lineage) || cluster !== this.#cluster;
    const waitMs = isOver ? silentMs : followAfterMs;
    const leftMs = heardAt + waitMs - nowMs;
    if (this.#lineage !== '' && leftMs > 0) {
      const sentence = `it went on alone in a split, and members of the other side answered ${Math.round(nowMs - heardAt)} ms ago; tried again for another ${Math.round(leftMs)} ms`;
      return { kind: 'other', sentence };
    }
    const isFirst = this.#lineage === '';
    this.#lineage = lineage;
    this.#cluster = cluster;
    return { kind: isFirst ? 'own' : 'follow' };
  }
}
