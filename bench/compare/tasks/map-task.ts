/** Reads and writes of keys drawn uniformly, so many outstanding: each call is followed by the next. */
import type { MapPort } from '../drivers/driver.ts';
import { Latencies } from '../latencies.ts';
import { keysCount, type Run, type Task, type TaskResult } from './task.ts';
import { isWhole, keysOf, textOf, valuesOf } from './values.ts';

type MapTask = Extract<Task, { kind: 'map' }>;

const keys = keysOf(keysCount);

/** Texts are all different. */
export async function fillMap(
  map: MapPort,
  values: MapTask['values'],
  count: number,
): Promise<void> {
  const pool = valuesOf(values);
  const valueAt = (index: number) =>
    values === 'strings' ? textOf(index) : pool[index % pool.length];
  await map.fill(count === keysCount ? keys : keysOf(count), valueAt);
}

export function mapRun(map: MapPort, task: MapTask): Run {
  const loop = new MapLoop(map, task);
  return (seconds) => loop.run(seconds);
}

class MapLoop {
  readonly #map: MapPort;
  readonly #task: MapTask;
  readonly #pool: readonly unknown[];
  readonly #draw = xorshift(2_463_534_242 ^ process.pid);
  #latencies = new Latencies();
  #calls = 0;
  #wrong = 0;

  constructor(map: MapPort, task: MapTask) {
    this.#map = map;
    this.#task = task;
    this.#pool = valuesOf(task.values);
  }

  async run(seconds: number): Promise<TaskResult> {
    this.#latencies = new Latencies();
    [this.#calls, this.#wrong] = [0, 0];
    const begun = performance.now();
    const endsAt = begun + seconds * 1_000;
    const { outstanding } = this.#task;
    await Promise.all(Array.from({ length: outstanding }, () => this.#lane(endsAt)));
    if (this.#wrong > 0) throw new Error(`${this.#wrong} reads gave what was never set`);
    return this.#latencies.result((performance.now() - begun) / 1_000, this.#calls);
  }

  /** One call after the other: the first of so many is timed, and after the last it is seen whether to go on. */
  async #lane(endsAt: number): Promise<void> {
    const { values, reads, timedEvery = 1 } = this.#task;
    const last = timedEvery - 1;
    const readsBelow = reads * 1_000;
    let before = performance.now();
    for (let turn = 0; before < endsAt; turn = turn === last ? 0 : turn + 1) {
      const key = keys[this.#draw() % keysCount]!;
      if (this.#draw() % 1_000 < readsBelow) {
        if (!isWhole(values, await this.#map.get(key))) this.#wrong++;
      } else await this.#map.set(key, this.#pool[this.#draw() % this.#pool.length]);
      this.#calls++;
      if (turn !== 0 && turn !== last) continue;
      const now = this.#timed(before, turn === 0);
      if (turn === last) before = now;
    }
  }

  /** Gives the time. */
  #timed(before: number, isMeasured: boolean): number {
    const now = performance.now();
    if (isMeasured) this.#latencies.add(now - before);
    return now;
  }
}

/** Numbers of 32 bits, quick and even enough. */
function xorshift(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}
