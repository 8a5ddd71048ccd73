/** Messages from publish to receipt: so many publishers, each waiting until its message is accepted. */
import type { Driver } from '../drivers/driver.ts';
import type { Run } from './task.ts';
import { Traffic } from './traffic.ts';

/** The subscriber stays between the runs. */
export async function topicRun(driver: Driver, outstanding: number): Promise<Run> {
  const traffic = new Traffic();
  const topic = await driver.topic(`topic-${process.pid}-${outstanding}`, traffic.received);
  return async (seconds) => {
    traffic.begin();
    const begun = performance.now();
    const endsAt = begun + seconds * 1_000;
    const lane = async () => {
      while (performance.now() < endsAt) {
        while (traffic.isFull) await traffic.change();
        await topic.publish(traffic.next());
        if (outstanding === 1 && !traffic.isEmpty) await traffic.change();
      }
    };
    await Promise.all(Array.from({ length: outstanding }, lane));
    await traffic.drained();
    return traffic.result((performance.now() - begun) / 1_000);
  };
}
