/**
 * Calls of applications: each begins in a turn of some process, member or client, and ends once, also where
 * its process dies.
 */
import type { Random } from '../../src/base/random.ts';
import type { SimProcess } from '../../src/testing/sim-process.ts';
import type { Caller, GridWorld } from './grid-world.ts';

export type How = 'ok' | 'failed' | 'unknown';
export type End<Value> = (how: How, value?: Value) => void;

const watchMs = 100;

export class Calling {
  /** Calls by how they ended. */
  readonly ended: Record<How, number> = { ok: 0, failed: 0, unknown: 0 };
  open = 0;
  readonly #grid: GridWorld;
  readonly #random: Random;
  readonly #pauseMs: number;
  #isStopped = false;

  /** `pauseMs`: the mean pause between two calls of one caller. */
  constructor(grid: GridWorld, random: Random, pauseMs: number) {
    this.#grid = grid;
    this.#random = random;
    this.#pauseMs = pauseMs;
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }

  stop(): void {
    this.#isStopped = true;
  }

  /** Lets `act` use some process that is up, again and again; it calls `next` when it wants to go on. */
  repeat(act: (process: SimProcess<Caller>, next: () => void) => void): void {
    const again = () => {
      const pause = this.#pauseMs * (0.2 + 1.6 * this.#random.next());
      this.#grid.world.after(pause, () => {
        if (this.#isStopped) return;
        const process = this.#random.pick(this.#grid.callers);
        if (process.isUp) act(process, again);
        else again();
      });
    };
    again();
  }

  /** One call. Whoever called in a process that dies never hears of its end, which then is unknown. */
  begin<Value>(
    process: SimProcess<Caller>,
    start: (caller: Caller, end: End<Value>) => void,
    then: End<Value>,
  ): void {
    const { starts } = process;
    let isOver = false;
    this.open++;
    const end: End<Value> = (how, value) => {
      if (isOver) return;
      isOver = true;
      this.open--;
      this.ended[how]++;
      then(how, value);
    };
    process.run((caller) => start(caller, end));
    const watch = () => {
      if (isOver) return;
      if (!process.isUp || process.starts !== starts) end('unknown');
      else this.#grid.world.after(watchMs, watch);
    };
    this.#grid.world.after(watchMs, watch);
  }
}
