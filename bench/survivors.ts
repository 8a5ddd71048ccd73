/**
 * How much of what a call makes outlives a collection of the young generation, two members and a light client being
 * one process, and the processor time of a call. Beside it, what V8 gives where it takes no literal for long-lived
 * (docs/decisions/0023).
 *
 *   node --min-semi-space-size=2 --max-semi-space-size=2 --import tsx bench/survivors.ts [mix|sets|queue|topic]
 *   the same with --no-allocation-site-pretenuring
 */
import { setTimeout as pause } from 'node:timers/promises';
import { getHeapSpaceStatistics } from 'node:v8';
import { Grid, type GridClient } from '../src/index.ts';

const callers = 64;
const warmMs = 1_000;
const measuredMs = 3_000;
const sampleMs = 10;
const keys = Array.from({ length: 20_000 }, (_, index) => `key:${index}`);
const value = 'x'.repeat(100);
const anyKey = () => keys[Math.floor(Math.random() * keys.length)] as string;

/** Fills, many at the same time, and gives what one caller does again and again. */
type Workload = (grid: GridClient) => Promise<(caller: number) => Promise<unknown>>;

const ofMap =
  (readShare: number): Workload =>
  async (grid) => {
    const map = grid.map<string>('strings');
    for (let from = 0; from < keys.length; from += 2_000) {
      await map.setMany(keys.slice(from, from + 2_000).map((key) => [key, value] as const));
    }
    return () => (Math.random() < readShare ? map.get(anyKey()) : map.set(anyKey(), value));
  };

const workloads: Readonly<Record<string, Workload>> = {
  mix: ofMap(0.8),
  sets: ofMap(0),
  async queue(grid) {
    const queue = grid.queue<string>('items');
    for (let round = 0; round < 20; round++) {
      await Promise.all(keys.slice(0, 1_000).map((key) => queue.push(key)));
      await Promise.all(keys.slice(0, 1_000).map(() => queue.take()));
    }
    return (caller) => (caller % 2 === 0 ? queue.push(value) : queue.take());
  },
  async topic(grid) {
    const topic = grid.topic<string>('news', { retain: 10_000 });
    await topic.subscribe(() => {}, { buffer: 10_000 });
    for (let round = 0; round < 20; round++) {
      await Promise.all(keys.slice(0, 1_000).map((key) => topic.publish(key)));
    }
    return () => topic.publish(value);
  },
};

const name = process.argv[2] ?? 'mix';
const workload = workloads[name];
if (workload === undefined) {
  throw new Error(`expected one of ${Object.keys(workloads).join(', ')}, found ${name}`);
}
const first = await Grid.join({ name: 'first', listen: { port: 0 } });
const second = await Grid.join({
  name: 'second',
  listen: { port: 0 },
  seeds: [first.self.address],
});
while (!(await fetch(`http://${second.self.address}/safez`)).ok) await pause(50);
const grid = await Grid.connect([first, second].map(({ self }) => `ws://${self.address}`));
const call = await workload(grid);
let calls = 0;
for (let caller = 0; caller < callers; caller++) void goOn(caller);
await pause(warmMs);
const [callsBefore, usedBefore] = [calls, process.cpuUsage()];
const survived = await survivorsIn(measuredMs);
const used = process.cpuUsage(usedBefore);
const done = calls - callsBefore;
const bytes = (survived / done).toFixed(0);
const micros = ((used.user + used.system) / done).toFixed(1);
console.log(`${name}: ${bytes} bytes of a call outlive a collection, ${micros} µs a call`);
process.exit(0);

async function goOn(caller: number): Promise<void> {
  for (;;) {
    await call(caller);
    calls++;
  }
}

/** By how much the old generation grows; what a full collection takes away is not counted. */
async function survivorsIn(ms: number): Promise<number> {
  let [grown, before] = [0, oldBytes()];
  for (const endsAt = performance.now() + ms; performance.now() < endsAt; ) {
    await pause(sampleMs);
    const now = oldBytes();
    grown += Math.max(0, now - before);
    before = now;
  }
  return grown;
}

function oldBytes(): number {
  const spaces = getHeapSpaceStatistics();
  const old = spaces.filter(({ space_name: space }) => /^old_|^large_/.test(space));
  return old.reduce((sum, { space_used_size: bytesUsed }) => sum + bytesUsed, 0);
}
