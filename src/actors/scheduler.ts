/**
 * Shares one thread among the actors that have mail.
 *
 * A turn runs ready actors, first come first served, up to a slice each, until none is ready or its time is
 * up; then the end-of-turn hooks run, where the shell sends what the turn has put together for each
 * peer. A turn begins by itself after the present one of the event loop, or at the end of a transport's
 * read by `runAfter`, which saves a hop.
 *
 * Invariants
 * 1. An actor stands in the ready queue at most once, so the queue is bounded by the number of actors.
 * 2. While an actor is ready, a turn is running or deferred.
 * 3. Hooks run after the last message of every turn, and turns do not nest.
 * 4. One message is handled at a time, in a turn or where it is brought; a turn follows what is brought.
 */
import type { Clock } from '../base/clock.ts';
import { Ring } from './ring.ts';

export interface Runnable {
  /** Handles one message. False where none is left: it is then no longer ready, until it says so anew. */
  runOne(): boolean;
}

const sliceMessagesMax = 64;
const sliceMs = 1;
const turnMs = 4;
/** Reading the clock costs as much as a small message: while messages are as quick as this, every few will do. */
const quickMs = 0.02;
const messagesPerLook = 8;
/** Ends turns where the clock stands still meanwhile, as a simulated one does. */
const turnMessagesMax = 16_384;

export class Scheduler {
  readonly #clock: Clock;
  readonly #ready = new Ring<Runnable>();
  readonly #turnEnds: (() => void)[] = [];
  #isRunning = false;
  #isDeferred = false;
  /** A turn follows what is brought at present. */
  #isGathering = false;
  /** An actor handles a message that was brought, there and then. */
  #isHandling = false;
  /** What the present turn may still use. */
  #turnEnd = 0;
  #messagesLeft = 0;
  #now = 0;
  /** Messages until the clock is read again. */
  #looksIn = 1;
  #looksEvery = 1;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Hooks run in the order of registration; what they tell actors still belongs to the turn. */
  onTurnEnd(act: () => void): void {
    this.#turnEnds.push(act);
  }

  ready(runnable: Runnable): void {
    this.#ready.push(runnable);
    this.#deferIfNeeded();
  }

  /**
   * Whether a message may be handled where it is told, rather than wait in a mailbox that is empty: while mail is
   * brought, and no longer than a turn may take. `endHandling` has to follow.
   */
  mayHandle(): boolean {
    if (!this.#isGathering || this.#isHandling || !this.#hasBudget()) return false;
    this.#isHandling = true;
    return true;
  }

  endHandling(): void {
    this.#isHandling = false;
    this.#messagesLeft--;
    if (--this.#looksIn <= 0) this.#look();
  }

  /** Takes the mail that `bring` brings, then runs a turn here and now. */
  runAfter(bring: () => void): void {
    if (this.#isRunning || this.#isGathering) {
      bring();
      return;
    }
    this.#isGathering = true;
    this.#beginBudget();
    try {
      bring();
    } finally {
      this.#isGathering = false;
      this.runNow();
    }
  }

  /** Runs a turn here and now; within a turn it does nothing, since that turn will come to it. */
  runNow(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    try {
      this.#turn();
    } finally {
      this.#isRunning = false;
      this.#deferIfNeeded();
    }
  }

  readonly #runDeferred = (): void => {
    this.#isDeferred = false;
    this.runNow();
  };

  #deferIfNeeded(): void {
    if (this.#isRunning || this.#isGathering || this.#isDeferred) return;
    if (this.#ready.length === 0) return;
    this.#isDeferred = true;
    this.#clock.defer(this.#runDeferred);
  }

  #beginBudget(): void {
    this.#now = this.#clock.monotonic();
    this.#turnEnd = this.#now + turnMs;
    this.#messagesLeft = turnMessagesMax;
    this.#looksIn = 1;
    this.#looksEvery = 1;
  }

  #turn(): void {
    this.#beginBudget();
    do {
      while (this.#hasBudget()) {
        const runnable = this.#ready.shift();
        if (runnable === undefined) break;
        if (this.#runSlice(runnable)) this.#ready.push(runnable);
      }
      for (const act of this.#turnEnds) act();
    } while (this.#ready.length > 0 && this.#hasBudget());
  }

  #hasBudget(): boolean {
    return this.#messagesLeft > 0 && this.#now < this.#turnEnd;
  }

  #look(): void {
    const before = this.#now;
    this.#now = this.#clock.monotonic();
    const isQuick = this.#now - before < quickMs * this.#looksEvery;
    this.#looksEvery = isQuick ? messagesPerLook : 1;
    this.#looksIn = this.#looksEvery;
  }

  /** True where the actor has more to do. */
  #runSlice(runnable: Runnable): boolean {
    const sliceEnd = this.#now + sliceMs;
    let handled = 0;
    let hasMore = true;
    while (hasMore && handled < sliceMessagesMax) {
      hasMore = runnable.runOne();
      handled++;
      if (--this.#looksIn > 0) continue;
      this.#look();
      if (this.#now >= sliceEnd) break;
    }
    this.#messagesLeft -= handled;
    return hasMore;
  }
}
