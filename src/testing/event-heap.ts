/** What is going to happen in a simulated world, by time; ties fall at random, so that no order is relied on. */

export interface SimEvent {
  readonly at: number;
  readonly tie: number;
  /** What it is and whom it meets, for the trace. */
  readonly code: number;
  /** Undefined once cancelled or done. */
  act: (() => void) | undefined;
}

/** Cancelled events stay where they are; when they are this many and the greater part, they are swept. */
const sweepMin = 1_024;

function isBefore(left: SimEvent, right: SimEvent): boolean {
  return left.at < right.at || (left.at === right.at && left.tie < right.tie);
}

/** A binary heap. */
export class EventHeap {
  #events: SimEvent[] = [];
  #cancelled = 0;

  /** Those that will happen. */
  get size(): number {
    return this.#events.length - this.#cancelled;
  }

  push(event: SimEvent): void {
    this.#events.push(event);
    this.#rise(this.#events.length - 1, event);
  }

  cancel(event: SimEvent): void {
    if (event.act === undefined) return;
    event.act = undefined;
    this.#cancelled++;
    if (this.#cancelled > sweepMin && this.#cancelled * 2 > this.#events.length) this.#sweep();
  }

  /** The time of the next event, or infinity. */
  nextAt(): number {
    this.#dropCancelled();
    return this.#events[0]?.at ?? Number.POSITIVE_INFINITY;
  }

  pop(): SimEvent | undefined {
    this.#dropCancelled();
    return this.#popFirst();
  }

  #dropCancelled(): void {
    while (this.#events[0] !== undefined && this.#events[0].act === undefined) {
      this.#cancelled--;
      this.#popFirst();
    }
  }

  #popFirst(): SimEvent | undefined {
    const first = this.#events[0];
    const last = this.#events.pop();
    if (last !== undefined && this.#events.length > 0) this.#sink(0, last);
    return first;
  }

  #rise(from: number, event: SimEvent): void {
    let index = from;
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = this.#events[parentIndex] as SimEvent;
      if (!isBefore(event, parent)) break;
      this.#events[index] = parent;
      index = parentIndex;
    }
    this.#events[index] = event;
  }

  #sink(from: number, event: SimEvent): void {
    const size = this.#events.length;
    let index = from;
    for (let child = 2 * index + 1; child < size; child = 2 * index + 1) {
      const right = this.#events[child + 1];
      if (right !== undefined && isBefore(right, this.#events[child] as SimEvent)) child++;
      const smaller = this.#events[child] as SimEvent;
      if (!isBefore(smaller, event)) break;
      this.#events[index] = smaller;
      index = child;
    }
    this.#events[index] = event;
  }

  #sweep(): void {
    const events = this.#events.filter(({ act }) => act !== undefined);
    this.#events = [];
    this.#cancelled = 0;
    for (const event of events) this.push(event);
  }
}
