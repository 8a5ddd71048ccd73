/**
 * The time of a simulated world, in milliseconds: what will happen, and what makes it happen in the same
 * way for the same seed.
 */
import { assert } from '../base/assert.ts';
import { type Random, seededRandom } from '../base/random.ts';
import { EventHeap, type SimEvent } from './event-heap.ts';
import { Trace } from './trace.ts';

/** What an event is, in the trace; the rest of its code is the number of the process that it meets. */
export const eventCodes = { harness: 0, timer: 1, turn: 2, arrival: 3, fault: 4 } as const;

export function codeOf(kind: keyof typeof eventCodes, process: number): number {
  return eventCodes[kind] + 8 * process;
}

/** So many events at one instant are a loop that does not end. */
const eventsAtOnceMax = 1_000_000;

export class Timeline {
  readonly random: Random;
  readonly trace: Trace;
  readonly #heap = new EventHeap();
  #now = 0;
  #events = 0;
  #eventsAtOnce = 0;

  constructor(seed: number, traceLinesMax: number) {
    this.random = seededRandom(seed);
    this.trace = new Trace(traceLinesMax);
  }

  get now(): number {
    return this.#now;
  }

  /** How many have happened. */
  get events(): number {
    return this.#events;
  }

  at(time: number, code: number, act: () => void): SimEvent {
    const event = { at: Math.max(time, this.#now), tie: this.random.next(), code, act };
    this.#heap.push(event);
    return event;
  }

  after(delayMs: number, code: number, act: () => void): SimEvent {
    return this.at(this.#now + delayMs, code, act);
  }

  cancel(event: SimEvent): void {
    this.#heap.cancel(event);
  }

  /** Lets the next event happen if it is not after `untilMs`; otherwise time goes on to there, and it says false. */
  step(untilMs: number): boolean {
    const at = this.#heap.nextAt();
    if (at > untilMs) {
      this.#now = Math.max(this.#now, untilMs);
      return false;
    }
    const event = this.#heap.pop();
    if (event?.act === undefined) return false;
    this.#eventsAtOnce = at > this.#now ? 0 : this.#eventsAtOnce + 1;
    assert(this.#eventsAtOnce < eventsAtOnceMax, 'simulated time goes on');
    this.#now = at;
    this.#events++;
    this.trace.mix(at, event.code);
    const { act } = event;
    event.act = undefined;
    act();
    return true;
  }
}
