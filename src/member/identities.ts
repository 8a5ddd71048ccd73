/** The identities of one process, on one port: each begins when the one before has ended. */
import type { RequestListener } from 'node:http';
import { systemClock } from '../base/clock.ts';
import type { Address } from '../base/ids.ts';
import { waitFor } from '../base/waiting.ts';
import { beginIncarnation, type Incarnation, type IncarnationEvents } from './incarnation.ts';
import type { Inheritance } from './inheritance.ts';
import type { JoinPlan } from './options.ts';

export interface IdentitiesOptions {
  readonly plan: JoinPlan;
  readonly requests: RequestListener;
  readonly events: IncarnationEvents;
}

/** How often a port that could not be bound again is tried. */
const retryMs = 1_000;

export class Identities {
  readonly #options: IdentitiesOptions;
  #current: Incarnation | undefined;

  constructor(options: IdentitiesOptions) {
    this.#options = options;
  }

  /** Undefined before the first. */
  get current(): Incarnation | undefined {
    return this.#current;
  }

  async begin(seeds: readonly Address[]): Promise<void> {
    const { plan } = this.#options;
    const mayForm = true;
    const { port } = plan.listen;
    this.#current = await beginIncarnation({ ...this.#options, port, seeds, mayForm });
  }

  /** Ends the present one and begins the next; tries until it succeeds or is not wanted any more. */
  async next(
    isWanted: () => boolean,
    seeds: readonly Address[],
    inheritance: Inheritance | undefined,
  ): Promise<void> {
    const before = this.#current;
    if (before === undefined) return;
    const { address, member } = before;
    const others = [...member.state.members.values()].map((row) => row.address as Address);
    const known = new Set([...others, ...seeds]);
    known.delete(address);
    await before.close();
    const { plan } = this.#options;
    const port = plan.listen.port || Number(address.slice(address.lastIndexOf(':') + 1));
    const options = { ...this.#options, port, seeds: [...known], mayForm: false, inheritance };
    while (isWanted()) {
      try {
        this.#current = await beginIncarnation(options);
        break;
      } catch (error) {
        plan.logger.warn({ error }, 'the port could not be bound again; tried once more soon');
        await waitFor(() => false, { clock: systemClock, timeoutMs: retryMs });
      }
    }
    // Whoever left meanwhile closed the identity before this one.
    if (!isWanted()) await this.#current?.close();
  }
}
