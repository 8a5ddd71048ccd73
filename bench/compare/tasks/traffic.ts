/**
 * Numbered texts on their way from a sender to a receiver in the same process: when each was sent, how
 * long it took, and that each came once.
 */
import { Latencies } from '../latencies.ts';
import { onTheirWayMax, type TaskResult } from './task.ts';

/** More than can be on their way, and a power of two. */
const slots = 16_384;
const firstNumber = 10_000_000;
/** With the number the text has 100 characters. */
const rest = ' of a text of one hundred characters'.padEnd(92, '.');
const drainMaxMs = 10_000;

export class Traffic {
  readonly #sentAt = new Float64Array(slots);
  #latencies = new Latencies();
  #sent = 0;
  #received = 0;
  #wrong = 0;
  /** Who waits for room, or for the last to come. */
  #waiting: (() => void)[] = [];

  /** A text to be sent now. */
  next(): string {
    const number = this.#sent++;
    this.#sentAt[number % slots] = performance.now();
    return firstNumber + number + rest;
  }

  /** A text that came; one that comes twice, or was never sent, is counted. */
  readonly received = (text: string): void => {
    const slot = (Number(text.slice(0, 8)) - firstNumber) % slots;
    const sentAt = this.#sentAt[slot];
    this.#received++;
    if (sentAt === undefined || sentAt === 0) this.#wrong++;
    else this.#latencies.add(performance.now() - sentAt);
    this.#sentAt[slot] = 0;
    const woken = this.#waiting;
    if (woken.length === 0) return;
    this.#waiting = [];
    for (const wake of woken) wake();
  };

  get isFull(): boolean {
    return this.#sent - this.#received >= onTheirWayMax;
  }

  get isEmpty(): boolean {
    return this.#sent === this.#received;
  }

  /** Resolves at the next receipt. */
  change(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  /** All that was sent has come. */
  async drained(): Promise<void> {
    const endsAt = performance.now() + drainMaxMs;
    while (!this.isEmpty) {
      await Promise.race([this.change(), new Promise((resolve) => setTimeout(resolve, 100))]);
      if (performance.now() < endsAt) continue;
      throw new Error(`${this.#sent - this.#received} of ${this.#sent} texts never came`);
    }
  }

  begin(): void {
    this.#latencies = new Latencies();
  }

  /** Of what has come since `begin`. */
  result(seconds: number): TaskResult {
    if (this.#wrong > 0) throw new Error(`${this.#wrong} texts came twice, or were never sent`);
    return this.#latencies.result(seconds);
  }

  /** As `result`, at the rate that a sender would reach that waits for each to arrive. */
  resultOneByOne(): TaskResult {
    return this.result((this.#latencies.meanMs * this.#latencies.count) / 1_000);
  }
}
