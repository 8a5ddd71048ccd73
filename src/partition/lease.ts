/**
 * A member's right to serve, as the member sees it (PROTOCOL.md 2.3).
 *
 * Invariants
 * 1. The lease ends `leaseMs` after the *sending* of an acknowledged heartbeat, less the drift that two
 *    clocks may have, so a late acknowledgement grants nothing extra.
 * 2. It is kept in monotonic and in wall time and needs both: the monotonic clock stands still while a
 *    machine sleeps, the wall clock does not. A clock that jumps can only shorten it.
 * 3. Grid time never goes backwards here, and stays with the leader's: behind it by what an acknowledgement
 *    took to come, ahead of it by a round trip, or until it stood still for long enough.
 */
import type { Clock } from '../base/clock.ts';
import { clockDrift, type Timings } from '../base/timings.ts';

export class Lease {
  readonly #clock: Clock;
  readonly #timings: Timings;
  #until = Number.NEGATIVE_INFINITY;
  #wallUntil = Number.NEGATIVE_INFINITY;
  /** Wall minus monotonic time when a heartbeat was last sent. */
  readonly #sentWall = new Map<number, number>();
  #gridBase = 0;
  #gridAt = 0;
  #gridLast = 0;

  constructor(clock: Clock, timings: Timings) {
    this.#clock = clock;
    this.#timings = timings;
  }

  isValid(nowMs: number): boolean {
    return nowMs < this.#until && this.#clock.wall() < this.#wallUntil;
  }

  /** Since when the lease is over; undefined while it is not. */
  voidSince(nowMs: number): number | undefined {
    return this.isValid(nowMs) ? undefined : this.#until;
  }

  /** Notes a heartbeat on its way; its monotonic time is what the acknowledgement quotes. */
  sent(sentAt: number): void {
    this.#sentWall.set(sentAt, this.#clock.wall());
    for (const old of this.#sentWall.keys()) {
      if (sentAt - old <= this.#timings.leaseMs) break;
      this.#sentWall.delete(old);
    }
  }

  acknowledged(sentAt: number, gridTime: number, nowMs: number): void {
    const wall = this.#sentWall.get(sentAt);
    if (wall === undefined) return;
    const lengthMs = this.#timings.leaseMs * (1 - clockDrift);
    if (sentAt + lengthMs > this.#until) {
      this.#until = sentAt + lengthMs;
      this.#wallUntil = wall + lengthMs;
    }
    // The leader's time by now, if the answer was on its way all the while since the question.
    const latest = gridTime + (nowMs - sentAt) * (1 + clockDrift);
    const own = this.#own(nowMs);
    if (own > latest) this.setGridTime(latest, nowMs);
    else this.passGridTime(gridTime, nowMs);
  }

  /** The lease was given back, or this member is no longer one. */
  end(): void {
    this.#until = Number.NEGATIVE_INFINITY;
    this.#sentWall.clear();
  }

  /** It is so late by now, at least. */
  passGridTime(gridTime: number, nowMs: number): void {
    if (this.#own(nowMs) < gridTime) this.setGridTime(gridTime, nowMs);
  }

  /** Where it was later already, it stands still until then. */
  setGridTime(gridTime: number, nowMs: number): void {
    this.gridTime(nowMs);
    this.#gridBase = gridTime;
    this.#gridAt = nowMs;
  }

  gridTime(nowMs: number): number {
    const time = Math.floor(this.#own(nowMs));
    if (time > this.#gridLast) this.#gridLast = time;
    return this.#gridLast;
  }

  /** Before it is known, it is before any time that counts. */
  #own(nowMs: number): number {
    return this.#gridBase + (nowMs - this.#gridAt);
  }
}
