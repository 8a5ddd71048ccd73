/** Resident bytes a key: half a million entries of 100 bytes under keys of 12, in fresh processes. */
import { setTimeout as pause } from 'node:timers/promises';
import { DriverChild } from '../driver-child.ts';
import type { Addresses, DriverName } from '../drivers/driver.ts';
import { median } from '../latencies.ts';
import { residentBytes } from '../load.ts';
import type { Finding } from '../summary.ts';
import { type Running, startMember, startRedis } from '../systems.ts';
import { type Measurement, trialsOf } from './measurement.ts';

const entries = 500_000;
/** After the filling, until what is collected when nothing happens is collected. */
const settleMs = 5_000;

export const memory: Measurement = {
  name: 'memory',
  needsRedis: true,
  async run(pace) {
    const shoal: number[] = [];
    const redis: number[] = [];
    for (let trial = 0; trial < trialsOf(pace); trial++) {
      const member = await startMember();
      const members = { redisPort: 0, members: [member.address] };
      shoal.push(await bytesOfKey(member, 'shoal-client', members));
      const server = await startRedis();
      const servers = { redisPort: server.port, members: [] };
      redis.push(await bytesOfKey(server, 'ioredis-plain', servers));
      console.error(`memory  shoal ${shoal.at(-1)?.toFixed(0)}  redis ${redis.at(-1)?.toFixed(0)}`);
    }
    const bytes = (of: string, trials: readonly number[]): Finding => {
      return { name: 'memory', of, value: median(trials), unit: 'bytes/key', trials };
    };
    const ratio: Finding = {
      name: 'memory',
      of: 'shoal-owner',
      value: median(shoal) / median(redis),
      unit: 'x',
      against: 'redis',
      trials: shoal.map((bytesOfShoal, trial) => bytesOfShoal / (redis[trial] ?? Number.NaN)),
      asked: { goal: 1, coreFloor: 1.3, isLessBetter: true },
    };
    return [ratio, bytes('shoal-owner', shoal), bytes('redis', redis)];
  },
};

/** What the one process of the system grew by. */
async function bytesOfKey(
  system: Running,
  filler: DriverName,
  addresses: Addresses,
): Promise<number> {
  const [pid = 0] = system.pids;
  const driver = await DriverChild.open(filler, addresses);
  const before = residentBytes(pid);
  await driver.fill('strings', entries);
  await driver.close();
  await pause(settleMs);
  const grownBytes = residentBytes(pid) - before;
  await system.end();
  return grownBytes / entries;
}
