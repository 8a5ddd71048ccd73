/** Reads and writes of a map, a queue and a topic, all at once: the load of the long run. */
import type { Driver } from '../drivers/driver.ts';
import { mapRun } from './map-task.ts';
import { queueRun } from './queue-task.ts';
import type { Run } from './task.ts';
import { topicRun } from './topic-task.ts';

export async function everythingRun(driver: Driver): Promise<Run> {
  const mix = { kind: 'map', values: 'strings', reads: 0.8, outstanding: 64 } as const;
  const runs = [
    mapRun(driver.map('strings'), mix),
    await queueRun(driver, 16),
    await topicRun(driver, 16),
  ];
  return async (seconds) => {
    const results = await Promise.all(runs.map((run) => run(seconds)));
    const sumOf = (pick: (result: (typeof results)[number]) => number) =>
      results.map(pick).reduce((sum, each) => sum + each, 0);
    const maxOf = (pick: (result: (typeof results)[number]) => number) =>
      Math.max(...results.map(pick));
    return {
      operations: sumOf(({ operations }) => operations),
      perSecond: sumOf(({ perSecond }) => perSecond),
      p50Us: maxOf(({ p50Us }) => p50Us),
      p99Us: maxOf(({ p99Us }) => p99Us),
    };
  };
}
