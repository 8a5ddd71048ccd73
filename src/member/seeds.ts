/**
 * Where other members may be found, from all seeds together. Those that may change are asked again and
 * again; what a seed gave last counts until it gives something else. One that gives nothing is named in a
 * warning now and then.
 */
import type { Clock } from '../base/clock.ts';
import type { Address } from '../base/ids.ts';
import type { Logger } from '../base/logger.ts';
import type { SeedSource } from './seed-sources.ts';

export interface SeedsParts {
  readonly clock: Clock;
  readonly logger: Logger;
}

const warnEveryMs = 10_000;

export class Seeds {
  readonly #parts: SeedsParts;
  readonly #sources: readonly SeedSource[];
  /** What each gave last. */
  readonly #found = new Map<SeedSource, readonly Address[]>();
  #warnedAt = Number.NEGATIVE_INFINITY;

  constructor(sources: readonly SeedSource[], parts: SeedsParts) {
    this.#parts = parts;
    this.#sources = sources;
  }

  /** Addresses found so far. */
  get addresses(): readonly Address[] {
    return [...new Set([...this.#found.values()].flat())];
  }

  /** Seeds of which nothing has been found so far. */
  get unresolved(): readonly string[] {
    return this.#sources.filter((source) => !this.#found.has(source)).map(({ text }) => text);
  }

  /** Whether there may be others later. */
  get mayChange(): boolean {
    return this.#sources.some(({ mayChange }) => mayChange);
  }

  /** What was found where, for people. */
  get origins(): string {
    const origins = this.#sources.map((source) => {
      const found = this.#found.get(source) ?? [];
      return source.mayChange ? `${found.join(', ') || 'nothing'} by ${source.text}` : source.text;
    });
    return origins.join(', ');
  }

  /** Asks each seed once that may have changed. It never rejects. */
  async look(): Promise<void> {
    const asked = this.#sources.filter((source) => source.mayChange || !this.#found.has(source));
    const tries = asked.map(async (source) => void this.#found.set(source, await source.find()));
    const results = await Promise.allSettled(tries);
    const failed = asked.filter((_, at) => results[at]?.status === 'rejected');
    const reason = results.find((result) => result.status === 'rejected')?.reason;
    if (failed.length > 0) this.#warn(failed, reason);
  }

  #warn(failed: readonly SeedSource[], reason: unknown): void {
    const { clock, logger } = this.#parts;
    const now = clock.monotonic();
    if (now - this.#warnedAt < warnEveryMs) return;
    this.#warnedAt = now;
    const seeds = failed.map(({ text }) => text);
    const { code, message } = reason as NodeJS.ErrnoException;
    logger.warn({ seeds, code, reason: message }, `seeds that give nothing: ${seeds.join(', ')}`);
  }
}
