/** Callers that call one thing after the other, for as long as the run goes on. */
import type { Random } from '../../src/base/random.ts';
import type { Answer, Call, Caller } from './calls.ts';
import type { History } from './history.ts';
import { pause } from './waiting.ts';

/** Whoever was refused at once waits so long at least. */
const refusedPauseMs = 50;

export class Lanes {
  readonly #history: History;
  readonly #random: Random;
  readonly #pauseMs: number;
  readonly #work: Promise<void>[] = [];
  #isStopped = false;
  #failure: unknown;

  /** `pauseMs`: the mean between two calls of one lane. */
  constructor(history: History, random: Random, pauseMs: number) {
    this.#history = history;
    this.#random = random;
    this.#pauseMs = pauseMs;
  }

  /** One more lane; it ends when the caller is gone, or all of them are stopped. */
  add(caller: Caller, draw: () => Call, isThere: () => boolean = () => true): void {
    const lane = this.#run(caller, draw, isThere).catch((error: unknown) => {
      this.#failure ??= error;
    });
    this.#work.push(lane);
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

  async #run(caller: Caller, draw: () => Call, isThere: () => boolean): Promise<void> {
    while (!this.#isStopped && isThere()) {
      const { how } = await this.call(caller, draw());
      const least = how === 'failed' ? refusedPauseMs : 0;
      await pause(least + this.#pauseMs * 2 * this.#random.next());
    }
  }
}
