/** The process of one driver: it does what it is told, one thing after the other, and ends with its parent. */
import { openBareMap, openBareStores } from './drivers/bare.ts';
import type { Addresses, Driver, DriverName, MapDriver } from './drivers/driver.ts';
import { openIoredis } from './drivers/ioredis.ts';
import { openWait } from './drivers/ioredis-wait.ts';
import { openNodeRedis } from './drivers/node-redis.ts';
import { openShoal, openShoalBatches } from './drivers/shoal.ts';
import { LatenessWatch } from './lateness.ts';
import type { FromDriver, ToDriver } from './messages.ts';
import { everythingRun } from './tasks/everything-task.ts';
import { gapRun } from './tasks/gap-task.ts';
import { fillMap, mapRun } from './tasks/map-task.ts';
import { queueRun, wakeRun } from './tasks/queue-task.ts';
import type { Run, Task, TaskResult } from './tasks/task.ts';
import { topicRun } from './tasks/topic-task.ts';

let driver: MapDriver | Driver | undefined;
let watch: LatenessWatch | undefined;
/** What was run once is run again with the same connections and the same compiled code. */
const runs = new Map<string, Run>();

process.on('message', (message: ToDriver) => {
  done(message).then(tell, (error: unknown) => tell({ told: 'failed', why: textOf(error) }));
});
process.on('disconnect', () => process.exit(0));

function tell(message: FromDriver): void {
  process.send?.(message);
}

function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

async function done(message: ToDriver): Promise<FromDriver> {
  switch (message.do) {
    case 'open':
      driver = await opened(message.driver, message.addresses);
      return { told: 'opened', address: driver.address };
    case 'fill':
      await fillMap(theDriver().map(message.values), message.values, message.count);
      return { told: 'done' };
    case 'run':
      return { told: 'ran', result: await ran(message.task, message.seconds) };
    case 'watch-loop':
      watch = new LatenessWatch();
      return { told: 'done' };
    case 'tell-loop':
      if (watch === undefined) throw new Error("expected 'watch-loop' before 'tell-loop'");
      return { told: 'loop', lateness: watch.end() };
    case 'close':
      await theDriver().close();
      return { told: 'done' };
  }
}

function theDriver(): MapDriver | Driver {
  if (driver === undefined) throw new Error("expected 'open' first");
  return driver;
}

async function ran(task: Task, seconds: number): Promise<TaskResult> {
  const name = JSON.stringify(task);
  const run = runs.get(name) ?? (await runOf(theDriver(), task));
  runs.set(name, run);
  return run(seconds);
}

function opened(name: DriverName, addresses: Addresses): Promise<MapDriver | Driver> {
  switch (name) {
    case 'shoal-client':
    case 'shoal-lite':
    case 'shoal-owner':
      return openShoal(name, addresses);
    case 'shoal-client-batch':
    case 'shoal-lite-batch':
      return openShoalBatches(name, addresses);
    case 'ioredis-auto':
    case 'ioredis-plain':
    case 'ioredis-auto-unix':
    case 'ioredis-plain-unix':
      return openIoredis(name, addresses);
    case 'ioredis-wait-each':
    case 'ioredis-wait-pipeline':
    case 'ioredis-wait-each-unix':
    case 'ioredis-wait-pipeline-unix':
      return openWait(name, addresses);
    case 'bare-map':
      return openBareMap();
    case 'bare-store':
    case 'bare-pair':
    case 'bare-pair-batch':
      return openBareStores(name, addresses);
    case 'node-redis':
    case 'node-redis-unix':
      return openNodeRedis(name, addresses);
  }
}

async function runOf(from: MapDriver | Driver, task: Task): Promise<Run> {
  if (task.kind === 'map') return mapRun(from.map(task.values), task);
  if (task.kind === 'gap') return gapRun(from.map('strings'), task.outstanding);
  if (!('topic' in from)) throw new Error(`expected a driver of more than maps for ${task.kind}`);
  switch (task.kind) {
    case 'topic':
      return topicRun(from, task.outstanding);
    case 'queue':
      return queueRun(from, task.outstanding);
    case 'wake':
      return wakeRun(from);
    case 'everything':
      return everythingRun(from);
  }
}
