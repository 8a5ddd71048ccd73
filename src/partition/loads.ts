/**
 * How much each member holds of something, in proportion to its weight, and who holds the most and the least
 * of it (PROTOCOL.md 3.5).
 *
 * One is worth moving where the giver holds more for its weight than the taker would after it: of members with
 * equal weights, where they differ by more than one. Each such move lowers the sum of squares over weights, so
 * levelling comes to an end and never swings.
 */
import type { MemberId } from '../base/ids.ts';

export class Loads {
  readonly #counts = new Map<MemberId, number>();
  readonly #weights: ReadonlyMap<MemberId, number>;

  /** Members without a weight hold what they hold, and are never levelled. */
  constructor(weights: ReadonlyMap<MemberId, number>) {
    this.#weights = weights;
  }

  count(id: MemberId): number {
    return this.#counts.get(id) ?? 0;
  }

  add(id: MemberId, by: number): void {
    this.#counts.set(id, this.count(id) + by);
  }

  shift(from: MemberId, to: MemberId): void {
    this.add(from, -1);
    this.add(to, 1);
  }

  /** How full a member is with what it holds, the last counted by half. */
  full(id: MemberId): number {
    return (2 * this.count(id) - 1) / this.#weight(id);
  }

  /** How full it would be with one more. */
  room(id: MemberId): number {
    return (2 * this.count(id) + 1) / this.#weight(id);
  }

  isWorthMoving(from: MemberId, to: MemberId): boolean {
    return this.full(from) > this.room(to);
  }

  /** How many are to move at least, until it is level for all of these. */
  toMove(members: readonly MemberId[]): number {
    const held = members.reduce((sum, id) => sum + this.count(id), 0);
    const weight = members.reduce((sum, id) => sum + this.#weight(id), 0);
    const excess = (id: MemberId) => this.count(id) - (held * this.#weight(id)) / weight;
    return Math.round(members.reduce((sum, id) => sum + Math.max(0, excess(id)), 0));
  }

  /** The one with the most room, the first of equals; `allowed` leaves some out. */
  emptiest(
    candidates: readonly MemberId[],
    allowed: (id: MemberId) => boolean = () => true,
  ): MemberId | undefined {
    let best: MemberId | undefined;
    for (const id of candidates) {
      if (!allowed(id)) continue;
      if (best === undefined || this.room(id) < this.room(best)) best = id;
    }
    return best;
  }

  fullest(candidates: readonly MemberId[]): MemberId | undefined {
    let best: MemberId | undefined;
    for (const id of candidates) {
      if (best === undefined || this.full(id) > this.full(best)) best = id;
    }
    return best;
  }

  #weight(id: MemberId): number {
    return this.#weights.get(id) ?? 1;
  }
}
