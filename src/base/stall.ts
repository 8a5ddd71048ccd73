/**
 * How late the event loop has lately been (PROTOCOL.md 1.5, guards 2 and 3). A stalled process gives
 * itself amnesty: it blames its own lateness, not a peer's silence.
 */
import { type Clock, repeat, type Timer } from './clock.ts';

export interface Stall {
  /** The greatest lateness seen within the last `windowMs`, in milliseconds. */
  lagMs(windowMs: number): number;
}

const tickMs = 50;
const memoryMs = 5_000;
/** From here on others notice too: calls wait, and a heartbeat goes out late. */
const slowMs = 200;

/** Measures the lateness of a 50 ms tick; forgets after 5 s. Tells of each that is late by 200 ms or more. */
export class TickStall implements Stall {
  readonly #clock: Clock;
  readonly #onSlow: (lagMs: number) => void;
  readonly #timer: Timer | undefined;
  #lastTick: number;
  /** Ticks that were late by over a tick, oldest first. */
  readonly #late: { readonly at: number; readonly lagMs: number }[] = [];

  constructor(clock: Clock, onSlow: (lagMs: number) => void = () => undefined) {
    this.#clock = clock;
    this.#onSlow = onSlow;
    this.#lastTick = clock.monotonic();
    this.#timer = repeat(clock, tickMs, () => this.#tick());
  }

  lagMs(windowMs: number): number {
    const now = this.#clock.monotonic();
    // The tick that is due and has not run yet is part of the present stall.
    let lag = Math.max(0, now - this.#lastTick - tickMs);
    for (const late of this.#late) {
      if (now - late.at <= windowMs) lag = Math.max(lag, late.lagMs);
    }
    return lag;
  }

  close(): void {
    this.#timer?.cancel();
  }

  #tick(): void {
    const now = this.#clock.monotonic();
    const lagMs = now - this.#lastTick - tickMs;
    this.#lastTick = now;
    if (lagMs > tickMs) this.#late.push({ at: now, lagMs });
    while (this.#late[0] !== undefined && now - this.#late[0].at > memoryMs) this.#late.shift();
    if (lagMs >= slowMs) this.#onSlow(lagMs);
  }
}
