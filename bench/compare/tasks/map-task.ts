/** Reads and writes of keys drawn uniformly, so many outstanding: each call is followed by the next. */
import type { MapPort } from '../drivers/driver.ts';
import { Latencies } from '../latencies.ts';
import { keysCount, type Run, type Task } from './task.ts';
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

export function mapRun(map: MapPort, { values, reads, outstanding }: MapTask): Run {
  const pool = valuesOf(values);
  const draw = xorshift(2_463_534_242 ^ process.pid);
  const readsBelow = reads * 1_000;
  let wrong = 0;

  const lane = async (endsAt: number, latencies: Latencies): Promise<void> => {
    let before = performance.now();
    while (before < endsAt) {
      const key = keys[draw() % keysCount]!;
      if (draw() % 1_000 < readsBelow) {
        if (!isWhole(values, await map.get(key))) wrong++;
      } else await map.set(key, pool[draw() % pool.length]);
      const now = performance.now();
      latencies.add(now - before);
      before = now;
    }
  };
  return async (seconds) => {
    const latencies = new Latencies();
    const begun = performance.now();
    const endsAt = begun + seconds * 1_000;
    await Promise.all(Array.from({ length: outstanding }, () => lane(endsAt, latencies)));
    if (wrong > 0) throw new Error(`${wrong} reads gave something else than what was set`);
    return latencies.result((performance.now() - begun) / 1_000);
  };
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
