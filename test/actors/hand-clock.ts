/** A clock that moves when a test says so, and one turn of an event loop that runs on a call. */
import type { Clock, Timer } from '../../src/base/clock.ts';

interface Due {
  readonly at: number;
  readonly act: () => void;
}

export class HandClock implements Clock {
  #now = 0;
  #deferred: (() => void)[] = [];
  readonly #timers = new Set<Due>();

  get deferredCount(): number {
    return this.#deferred.length;
  }

  get timerCount(): number {
    return this.#timers.size;
  }

  monotonic(): number {
    return this.#now;
  }

  wall(): number {
    return this.#now;
  }

  setTimer(delayMs: number, act: () => void): Timer {
    const due = { at: this.#now + delayMs, act };
    this.#timers.add(due);
    return { cancel: () => void this.#timers.delete(due) };
  }

  defer(act: () => void): void {
    this.#deferred.push(act);
  }

  endOfTask(act: () => void): void {
    this.defer(act);
  }

  /** Time passes, and nothing runs: as within a long turn. */
  spend(ms: number): void {
    this.#now += ms;
  }

  /** Runs what was deferred until now; what that defers waits for the next call. */
  turn(): void {
    const acts = this.#deferred;
    this.#deferred = [];
    for (const act of acts) act();
  }

  /** Time passes, due timers fire, and the deferred acts run. */
  pass(ms: number): void {
    this.#now += ms;
    for (const due of [...this.#timers]) {
      if (due.at > this.#now || !this.#timers.delete(due)) continue;
      due.act();
    }
    this.turn();
  }
}
