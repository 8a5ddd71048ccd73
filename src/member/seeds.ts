/**
 * Where other members may be found: addresses, and names that stand for several. A name that does not
 * resolve is asked for again, with a warning now and then that says which.
 */
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { Clock } from '../base/clock.ts';
import type { Address } from '../base/ids.ts';
import type { Logger } from '../base/logger.ts';

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** Every address of a name; rejects where there is none. */
export type Resolve = (host: string) => Promise<readonly string[]>;

export interface SeedsParts {
  readonly clock: Clock;
  readonly logger: Logger;
  /** @default the resolver of the system */
  readonly resolve?: Resolve;
}

const warnEveryMs = 10_000;
const hostPort = /^(?:\[([0-9a-fA-F:]+)\]|([^\s:/[\]]+)):(\d{1,5})$/;

/** `host:port`, `[::1]:port`; undefined where the text is neither. */
export function parseHostPort(given: string): HostPort | undefined {
  const match = hostPort.exec(given);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  return host === undefined || port < 1 || port > 65_535 ? undefined : { host, port };
}

export function addressOf(host: string, port: number): Address {
  return (host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`) as Address;
}

export class Seeds {
  readonly #parts: SeedsParts;
  /** Names that have not been resolved yet. */
  readonly #open: Set<HostPort>;
  readonly #found = new Set<Address>();
  #warnedAt = Number.NEGATIVE_INFINITY;

  constructor(seeds: readonly HostPort[], parts: SeedsParts) {
    this.#parts = parts;
    this.#open = new Set(seeds);
  }

  /** Addresses found so far. */
  get addresses(): readonly Address[] {
    return [...this.#found];
  }

  /** Names that could not be resolved so far. */
  get unresolved(): readonly string[] {
    return Array.from(this.#open, ({ host, port }) => addressOf(host, port));
  }

  /** Asks once for each name that is still open. */
  async resolve(): Promise<void> {
    const tries = Array.from(this.#open, async (seed) => {
      for (const ip of await this.#ask(seed.host)) this.#found.add(addressOf(ip, seed.port));
      this.#open.delete(seed);
    });
    const results = await Promise.allSettled(tries);
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) this.#warn(failed.reason);
  }

  #ask(host: string): Promise<readonly string[]> | readonly string[] {
    return isIP(host) === 0 ? (this.#parts.resolve ?? systemResolve)(host) : [host];
  }

  #warn(reason: unknown): void {
    const { clock, logger } = this.#parts;
    const now = clock.monotonic();
    if (now - this.#warnedAt < warnEveryMs) return;
    this.#warnedAt = now;
    const names = this.unresolved;
    const code = (reason as NodeJS.ErrnoException | undefined)?.code;
    logger.warn({ seeds: names, code }, `seeds that do not resolve: ${names.join(', ')}`);
  }
}

async function systemResolve(host: string): Promise<readonly string[]> {
  const found = await lookup(host, { all: true });
  return found.map(({ address }) => address);
}
