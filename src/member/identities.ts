/** The identities of one process, on one port: each begins when the one before has ended. */
import type { RequestListener } from 'node:http';
import { systemClock } from '../base/clock.ts';
import { GridError } from '../base/errors.ts';
import { portOf } from '../base/host-port.ts';
import type { Address } from '../base/ids.ts';
import { waitFor } from '../base/waiting.ts';
import {
  beginIncarnation,
  type Incarnation,
  type IncarnationEvents,
  type IncarnationOptions,
} from './incarnation.ts';
import type { Inheritance } from './inheritance.ts';
import type { JoinPlan } from './options.ts';
import type { Ports } from './siblings.ts';

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
    const { port } = this.#options.plan.listen;
    this.#current = await this.#bind({ ...this.#options, port, seeds, mayForm: true });
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
    const into = inheritance?.kind === 'merge' ? (inheritance.into.addresses as Address[]) : [];
    const known = new Set([...into, ...others, ...seeds]);
    known.delete(address);
    await before.close();
    const { plan } = this.#options;
    const own = portOf(address);
    const port = plan.ports === undefined ? plan.listen.port || own : own;
    const options = { ...this.#options, port, seeds: [...known], mayForm: false, inheritance };
    while (isWanted()) {
      try {
        this.#current = await this.#bind(options);
        break;
      } catch (error) {
        plan.logger.warn({ error }, 'the port could not be bound again; tried once more soon');
        await waitFor(() => false, { clock: systemClock, timeoutMs: retryMs });
      }
    }
    // Whoever left meanwhile closed the identity before this one.
    if (!isWanted()) await this.#current?.close();
  }

  /** At the port that is wanted; where it may be any of several, at the first of these that is free. */
  async #bind(options: IncarnationOptions): Promise<Incarnation> {
    const { ports } = this.#options.plan;
    if (ports === undefined) return beginIncarnation(options);
    const several = Array.from({ length: ports.count }, (_, at) => ports.first + at);
    for (const port of new Set([options.port, ...several])) {
      try {
        return await beginIncarnation({ ...options, port });
      } catch (error) {
        if (!isTaken(error)) throw error;
      }
    }
    throw noPort(ports);
  }
}

function isTaken(error: unknown): boolean {
  const cause = GridError.is(error) ? error.cause : undefined;
  return cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE';
}

function noPort({ first, count }: Ports): GridError {
  const message = `listen: expected a free port among ${first} to ${first + count - 1}, found that all of them are taken; give \`listen\` with another port, and \`seeds\``;
  return new GridError('GRID_BAD_OPTION', message);
}
