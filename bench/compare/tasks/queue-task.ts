/** Items from push to take: as many producers as consumers, or one item for a take that waits. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Driver, QueuePort } from '../drivers/driver.ts';
import type { Run } from './task.ts';
import { Traffic } from './traffic.ts';

/** Ends a consumer; first in, first out, it comes after all else. */
const end = 'end';
/** Long enough for the take to have arrived, and to be waiting. */
const settleMs = 1;

export async function queueRun(driver: Driver, outstanding: number): Promise<Run> {
  const queue = await driver.queue(`queue-${process.pid}-${outstanding}`);
  const traffic = new Traffic();
  return async (seconds) => {
    traffic.begin();
    const begun = performance.now();
    const endsAt = begun + seconds * 1_000;
    const produce = async () => {
      while (performance.now() < endsAt) {
        while (traffic.isFull) await traffic.change();
        await queue.push(traffic.next());
      }
    };
    const consumers = Array.from({ length: outstanding }, () => consume(queue, traffic));
    await Promise.all(Array.from({ length: outstanding }, produce));
    await traffic.drained();
    const result = traffic.result((performance.now() - begun) / 1_000);
    await Promise.all(consumers.map(() => queue.push(end)));
    await Promise.all(consumers);
    return result;
  };
}

async function consume(queue: QueuePort, traffic: Traffic): Promise<void> {
  for (;;) {
    const text = await queue.take();
    if (text === end) return;
    traffic.received(text);
  }
}

export async function wakeRun(driver: Driver): Promise<Run> {
  const queue = await driver.queue(`wake-${process.pid}`);
  const traffic = new Traffic();
  return async (seconds) => {
    traffic.begin();
    const endsAt = performance.now() + seconds * 1_000;
    while (performance.now() < endsAt) {
      const taken = queue.take();
      await pause(settleMs);
      const pushed = queue.push(traffic.next());
      traffic.received(await taken);
      await pushed;
    }
    return traffic.resultOneByOne();
  };
}
