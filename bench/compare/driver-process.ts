/** The process of one driver: it does what it is told, one thing after the other, and ends with its parent. */
import type { Addresses, Driver, DriverName, MapDriver } from './drivers/driver.ts';
import { openIoredis } from './drivers/ioredis.ts';
import { openWait } from './drivers/ioredis-wait.ts';
import { openNodeRedis } from './drivers/node-redis.ts';
import { openShoal } from './drivers/shoal.ts';
import type { FromDriver, ToDriver } from './messages.ts';
import { fillMap, mapRun } from './tasks/map-task.ts';
import { queueRun, wakeRun } from './tasks/queue-task.ts';
import type { Run, Task, TaskResult } from './tasks/task.ts';
import { topicRun } from './tasks/topic-task.ts';

let driver: MapDriver | Driver | undefined;
/** What was run once is run again with the same connections and the same compiled code. */
const runs = new Map<string, Run>();

process.on('message', (message: ToDriver) => {
  done(message).then(
    (result) => tell(result === undefined ? { told: 'done' } : { told: 'done', result }),
    (error: unknown) => tell({ told: 'failed', why: textOf(error) }),
  );
});
process.on('disconnect', () => process.exit(0));

function tell(message: FromDriver): void {
  process.send?.(message);
}

function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

async function done(message: ToDriver): Promise<TaskResult | undefined> {
  if (message.do === 'open') {
    driver = await opened(message.driver, message.addresses);
    return undefined;
  }
  if (driver === undefined) throw new Error(`expected 'open' first, found '${message.do}'`);
  switch (message.do) {
    case 'fill':
      await fillMap(driver.map(message.values), message.values);
      return undefined;
    case 'run': {
      const name = JSON.stringify(message.task);
      const run = runs.get(name) ?? (await runOf(driver, message.task));
      runs.set(name, run);
      return run(message.seconds);
    }
    case 'close':
      await driver.close();
      return undefined;
  }
}

function opened(name: DriverName, addresses: Addresses): Promise<MapDriver | Driver> {
  switch (name) {
    case 'shoal-client':
    case 'shoal-lite':
    case 'shoal-owner':
      return openShoal(name, addresses);
    case 'ioredis-auto':
    case 'ioredis-plain':
      return openIoredis(name, addresses);
    case 'ioredis-wait-each':
    case 'ioredis-wait-pipeline':
      return openWait(name, addresses);
    case 'node-redis':
      return openNodeRedis(addresses);
  }
}

async function runOf(from: MapDriver | Driver, task: Task): Promise<Run> {
  if (task.kind === 'map') return mapRun(from.map(task.values), task);
  if (!('topic' in from)) throw new Error(`expected a driver of more than maps for ${task.kind}`);
  switch (task.kind) {
    case 'topic':
      return topicRun(from, task.outstanding);
    case 'queue':
      return queueRun(from, task.outstanding);
    case 'wake':
      return wakeRun(from);
  }
}
