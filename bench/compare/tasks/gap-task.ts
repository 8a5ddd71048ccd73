/** Writers of one key each, at their ease: how long the longest of them had to wait from one answer to the next. */
import { setTimeout as pause } from 'node:timers/promises';
import type { MapPort } from '../drivers/driver.ts';
import { Latencies } from '../latencies.ts';
import type { Run } from './task.ts';
import { textOf } from './values.ts';

/** Between two writes of a writer, so that the machine is not what they wait for. */
const easeMs = 10;

export function gapRun(map: MapPort, writers: number): Run {
  return async (seconds) => {
    const latencies = new Latencies();
    const endsAt = performance.now() + seconds * 1_000;
    let longestGapMs = 0;
    let failed = 0;
    const write = async (_: unknown, writer: number): Promise<void> => {
      let answered = performance.now();
      for (let count = 0; performance.now() < endsAt; count++) {
        const asked = performance.now();
        const isDone = await map.set(`writer:${writer}`, textOf(count)).then(
          () => true,
          () => false,
        );
        const now = performance.now();
        if (isDone) {
          latencies.add(now - asked);
          longestGapMs = Math.max(longestGapMs, now - answered);
          answered = now;
        } else failed++;
        await pause(easeMs);
      }
      // What is not answered by the end has waited until then.
      longestGapMs = Math.max(longestGapMs, performance.now() - answered);
    };
    await Promise.all(Array.from({ length: writers }, write));
    return { ...latencies.result(seconds), longestGapMs, failed };
  };
}
