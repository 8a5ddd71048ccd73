/**
 * Grid time as all members of a simulated grid have it, and the bounds within which it is at whoever serves.
 *
 * Looked at often enough that what a member has in between is off by a known little only.
 */

import { clockDrift, presets } from '../../src/base/timings.ts';
import type { Member } from '../../src/member/member.ts';
import type { GridWorld } from './grid-world.ts';

/** Between which grid times something was done at some primary. */
export interface Span {
  from: number;
  to: number;
}

const lookMs = 20;
/** What grid time may have gone on between a look and what was done. */
const slackMs = 25;

export class GridClock {
  readonly violations: string[] = [];
  /** The most that members with a lease were apart. */
  spreadMs = 0;
  looks = 0;
  readonly #grid: GridWorld;
  readonly #open = new Set<Span>();
  readonly #latest = new WeakMap<Member, number>();
  #lowest = 0;
  /** The highest that any member has ever had, since when it counts, and what it was then. */
  #highest = 0;
  #begin: { readonly at: number; readonly time: number } | undefined;
  #isStopped = false;

  constructor(grid: GridWorld) {
    this.#grid = grid;
  }

  start(): void {
    this.#look();
    this.#begin = { at: this.#grid.world.now, time: this.#highest };
    const again = () => {
      if (this.#isStopped) return;
      this.#look();
      this.#grid.world.after(lookMs, again);
    };
    again();
  }

  stop(): void {
    this.#isStopped = true;
  }

  /** Something begins; the span grows until it ends. */
  begin(): Span {
    this.#look();
    const span = { from: this.#lowest - slackMs, to: this.#highest + slackMs };
    this.#open.add(span);
    return span;
  }

  end(span: Span): void {
    this.#look();
    this.#open.delete(span);
  }

  /** It may be done at any time from now on. */
  neverEnds(span: Span): void {
    this.#open.delete(span);
    span.to = Number.POSITIVE_INFINITY;
  }

  #look(): void {
    let lowest = Number.POSITIVE_INFINITY;
    let highestOfHolders = 0;
    for (const { member, clock } of this.#grid.programs) {
      const now = clock.monotonic();
      const time = member.meta.lease.gridTime(now);
      this.#checkForwards(member, time);
      this.#highest = Math.max(this.#highest, time);
      if (!member.isReady) continue;
      lowest = Math.min(lowest, time);
      highestOfHolders = Math.max(highestOfHolders, time);
    }
    this.looks++;
    this.#checkRate();
    for (const span of this.#open) span.to = Math.max(span.to, this.#highest + slackMs);
    if (lowest === Number.POSITIVE_INFINITY) return;
    this.#lowest = lowest;
    this.#checkSpread(highestOfHolders - lowest);
    for (const span of this.#open) span.from = Math.min(span.from, lowest - slackMs);
  }

  #checkForwards(member: Member, time: number): void {
    const before = this.#latest.get(member) ?? 0;
    if (time < before) this.#report(`grid time of ${member.id} fell from ${before} to ${time}`);
    this.#latest.set(member, time);
  }

  /** It never runs faster than the fastest clock. */
  #checkRate(): void {
    if (this.#begin === undefined) return;
    const passedMs = (this.#grid.world.now - this.#begin.at) * (1 + clockDrift);
    const overMs = this.#highest - this.#begin.time - passedMs;
    if (overMs > slackMs) this.#report(`grid time is ${overMs.toFixed(0)} ms ahead of all clocks`);
  }

  #checkSpread(spreadMs: number): void {
    this.spreadMs = Math.max(this.spreadMs, spreadMs);
    const most = this.#grid.shape.timings?.leaseMs ?? presets.lan.leaseMs;
    if (spreadMs > most) this.#report(`grid times are ${spreadMs} ms apart, ${most} at most`);
  }

  #report(violation: string): void {
    if (this.violations.length >= 3) return;
    this.violations.push(`${this.#grid.world.now.toFixed(0)} ms: ${violation}`);
  }
}
