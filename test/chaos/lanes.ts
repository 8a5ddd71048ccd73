/** Callers that call one thing after the other, for as long as the run goes on. */
import type { Random } from '../../src/base/random.ts';
import type { Answer, Call, Caller } from './calls.ts';
import type { History } from './history.ts';
import { pause, until } from './waiting.ts';

/** Whoever was refused at once waits so long at least. */
const refusedPauseMs = 50;
/** No call takes longer. */
const heldMs = 30_000;

export class Lanes {
  readonly #history: History;
  readonly #random: Random;
  readonly #pauseMs: number;
  readonly #work: Promise<void>[] = [];
  #isStopped = false;
  #held: Promise<void> = Promise.resolve();
  #release: () => void = () => {};
  #failure: unknown;

  /** `pauseMs`: the mean between two calls of one lane. */
  constructor(history: History, random: Random, pauseMs: number) {
    this.#history = history;
    this.#random = random;
    this.#pauseMs = pauseMs;
  }

  /** One more lane; it ends when the caller is gone, or all of them are stopped. */
  add(caller: Caller, draw: () => Call): void {
    const lane = this.#run(caller, draw).catch((error: unknown) => {
      this.#failure ??= error;
    });
    this.#work.push(lane);
  }

  /** Nobody begins anything until it is released; resolves when nothing is under way. */
  async hold(): Promise<void> {
    this.#held = new Promise((resolve) => {
      this.#release = resolve;
    });
    await until(
      () => this.#history.open === 0,
      () => `an end of ${this.#history.open} calls`,
      heldMs,
    );
  }

  release(): void {
    this.#release();
  }

  /** Resolves when everything has ended; rejects where something was thrown that no call should throw. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all(this.#work);
    if (this.#failure !== undefined) throw this.#failure;
  }

  async call(caller: Caller, call: Call): Promise<Answer> {
    const op = this.#history.invoke(caller.name, call);
    const answer = await caller.do(call);
    this.#history.end(op, answer);
    return answer;
  }

  async #run(caller: Caller, draw: () => Call): Promise<void> {
    while (!this.#isStopped && caller.isThere) {
      const { how } = await this.call(caller, draw());
      const least = how === 'failed' ? refusedPauseMs : 0;
      await pause(least + this.#pauseMs * 2 * this.#random.next());
      await this.#held;
    }
  }
}
