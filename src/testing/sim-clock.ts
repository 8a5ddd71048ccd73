/** The clocks of one simulated process: its own rate, its own origin, a wall clock that somebody may set. */
import type { Clock, Timer } from '../base/clock.ts';
import type { SimEvent } from './event-heap.ts';
import type { SimLoop } from './sim-loop.ts';
import { codeOf, type Timeline } from './timeline.ts';

/** What the wall clocks show when a world begins. */
const wallOrigin = Date.UTC(2026, 0, 1);

/** A class, since a timer of closures takes twice the time of the whole event. */
class SimTimer implements Timer {
  event: SimEvent | undefined;
  readonly #timeline: Timeline;
  readonly #loop: SimLoop;
  #act: (() => void) | undefined;

  constructor(timeline: Timeline, loop: SimLoop, act: () => void) {
    this.#timeline = timeline;
    this.#loop = loop;
    this.#act = act;
  }

  readonly onDue = (): void => this.#loop.timerDue(this.#onTurn);

  cancel(): void {
    this.#act = undefined;
    if (this.event !== undefined) this.#timeline.cancel(this.event);
  }

  readonly #onTurn = (): void => {
    const act = this.#act;
    this.#act = undefined;
    act?.();
  };
}

export class SimClock implements Clock {
  readonly #timeline: Timeline;
  readonly #loop: SimLoop;
  readonly #timerCode: number;
  #rate = 1;
  /** The monotonic clock showed `#shown` when the world's time was `#since`. */
  #shown: number;
  #since: number;
  #wallOffsetMs = 0;

  constructor(timeline: Timeline, loop: SimLoop, process: number, originMs: number) {
    this.#timeline = timeline;
    this.#loop = loop;
    this.#timerCode = codeOf('timer', process);
    this.#shown = originMs;
    this.#since = timeline.now;
  }

  monotonic(): number {
    return this.#shown + (this.#timeline.now - this.#since) * this.#rate;
  }

  wall(): number {
    return Math.floor(wallOrigin + this.#timeline.now + this.#wallOffsetMs);
  }

  setTimer(delayMs: number, act: () => void): Timer {
    // Whole milliseconds and at least one, as Node has it; it keeps a delay of 1e-13 from standing still.
    const delay = Math.max(1, Math.trunc(delayMs) || 1);
    const timer = new SimTimer(this.#timeline, this.#loop, act);
    timer.event = this.#timeline.after(delay / this.#rate, this.#timerCode, timer.onDue);
    return timer;
  }

  defer(act: () => void): void {
    this.#loop.defer(act);
  }

  /** A turn of the world is a task, so this is the same. */
  endOfTask(act: () => void): void {
    this.#loop.defer(act);
  }

  /** Running timers keep their end in the world's time. */
  setRate(rate: number): void {
    this.#shown = this.monotonic();
    this.#since = this.#timeline.now;
    this.#rate = rate;
  }

  jumpWall(ms: number): void {
    this.#wallOffsetMs += ms;
  }
}
