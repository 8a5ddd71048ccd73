/**
 * The event loop of one simulated process, in the phases of Node's: due timers, then what has arrived,
 * then what was deferred.
 *
 * A turn takes time. What comes meanwhile, or while the process is stalled or paused, waits and runs in one
 * bunch afterwards.
 *
 * Invariants
 * 1. Turns do not overlap; nothing runs before `#busyUntil`, while paused or after the death.
 * 2. While something waits and the process is neither paused nor dead, a wake is scheduled.
 */
import type { SimEvent } from './event-heap.ts';
import { codeOf, type Timeline } from './timeline.ts';

type Act = () => void;

const turnMs = 0.01;
const actMs = 0.002;

export class SimLoop {
  readonly #timeline: Timeline;
  readonly #turnCode: number;
  /** A turn takes so many times as long. */
  #slowness = 1;
  #busyUntil = 0;
  #isPaused = false;
  #isDead = false;
  #isInTurn = false;
  #wake: SimEvent | undefined;
  #due: Act[] = [];
  #arrived: Act[] = [];
  #deferred: Act[] = [];

  constructor(timeline: Timeline, process: number) {
    this.#timeline = timeline;
    this.#turnCode = codeOf('turn', process);
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** A timer is due: like `systemClock` it waits for the arrivals before it acts. */
  timerDue(act: Act): void {
    if (this.#isDead) return;
    this.#due.push(act);
    this.#runOrWait();
  }

  arrive(act: Act): void {
    if (this.#isDead) return;
    this.#arrived.push(act);
    this.#runOrWait();
  }

  defer(act: Act): void {
    if (this.#isDead) return;
    this.#deferred.push(act);
    if (!this.#isInTurn) this.#scheduleWake();
  }

  /** The present turn, or one that begins now, takes so long. */
  stall(ms: number): void {
    this.#busyUntil = Math.max(this.#busyUntil, this.#timeline.now) + ms;
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#scheduleWake();
  }

  slow(factor: number): void {
    this.#slowness = factor;
  }

  /** Nothing that waits will ever run. */
  die(): void {
    this.#isDead = true;
    if (this.#wake !== undefined) this.#timeline.cancel(this.#wake);
    this.#due = [];
    this.#arrived = [];
    this.#deferred = [];
  }

  #runOrWait(): void {
    if (this.#isInTurn || this.#isPaused || this.#isDead) return;
    if (this.#wake === undefined && this.#timeline.now >= this.#busyUntil) this.#turn();
    else this.#scheduleWake();
  }

  #scheduleWake(): void {
    if (this.#wake !== undefined || this.#isPaused || this.#isDead || !this.#hasWork()) return;
    this.#wake = this.#timeline.at(this.#busyUntil, this.#turnCode, this.#onWake);
  }

  readonly #onWake = (): void => {
    this.#wake = undefined;
    if (this.#isPaused) return;
    // A stall may have come in between.
    if (this.#timeline.now < this.#busyUntil) this.#scheduleWake();
    else this.#turn();
  };

  #hasWork(): boolean {
    return this.#due.length + this.#arrived.length + this.#deferred.length > 0;
  }

  #turn(): void {
    this.#isInTurn = true;
    const { now } = this.#timeline;
    let acts = 0;
    try {
      this.#deferDueTimers();
      acts += this.#runArrived();
      acts += this.#runDeferred();
    } finally {
      this.#isInTurn = false;
      const cost = (turnMs + acts * actMs) * this.#slowness;
      // The turn itself may have been stalled.
      this.#busyUntil = Math.max(this.#busyUntil, now) + cost;
      this.#scheduleWake();
    }
  }

  #deferDueTimers(): void {
    if (this.#due.length === 0) return;
    for (const act of this.#due) this.#deferred.push(act);
    this.#due = [];
  }

  #runArrived(): number {
    const acts = this.#arrived;
    if (acts.length === 0) return 0;
    this.#arrived = [];
    return this.#run(acts);
  }

  #runDeferred(): number {
    const acts = this.#deferred;
    if (acts.length === 0) return 0;
    this.#deferred = [];
    return this.#run(acts);
  }

  #run(acts: readonly Act[]): number {
    for (const act of acts) {
      if (this.#isDead) break;
      act();
    }
    return acts.length;
  }
}
