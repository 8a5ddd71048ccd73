/** What the log says, loudly, when the history of the cluster divides or becomes one again. */
import type { MemberId } from '../base/ids.ts';
import type { Logger } from '../base/logger.ts';
import type { Inheritance } from './inheritance.ts';

/** Clusters of which it tells; each once. */
const apartMax = 64;

export class SuccessionLog {
  readonly #logger: Logger;
  readonly #apartFrom = new Set<string>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  succeeds(inheritance: Inheritance): void {
    const { kind, from: self, state } = inheritance;
    if (kind === 'fork') {
      const missed = [...state.members.keys()].filter((id) => id !== self);
      const message =
        'SPLIT: those who decide have not been heard for long, and this member goes on alone with what it holds; if they live, there are two truths from now on, of which a merge will discard what differs in one';
      this.#logger.error({ self, missed }, message);
      return;
    }
    const message =
      'HEALING: the lineage of this member ends, and the member joins the one that took it in, with what it had';
    this.#logger.warn({ self, into: inheritance.into.to }, message);
  }

  apart(self: MemberId, other: string): void {
    if (this.#apartFrom.has(other) || this.#apartFrom.size >= apartMax) return;
    this.#apartFrom.add(other);
    const message =
      'APART: another cluster of this name was formed on its own and holds something too, so nothing is merged; stop its members and start them again with seeds in this cluster, or give it another name';
    this.#logger.error({ self, other }, message);
  }
}
