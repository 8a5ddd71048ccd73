/**
 * Full load for minutes: three members, a light client and a lite member, each of these with a map, a queue
 * and a topic at once. After the first two minutes memory is to grow by 1 MB a minute at most in each
 * process, and no log is to tell of anything unhandled.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { DriverChild } from '../driver-child.ts';
import { residentBytes } from '../load.ts';
import type { Finding } from '../summary.ts';
import { type MemberProcess, safe, startMember } from '../systems.ts';
import type { Measurement } from './measurement.ts';

const sampleEveryMs = 5_000;
/** As long as it may grow at its will. */
const firstMinutes = 2;
const mb = 1e6;

interface Sample {
  readonly minutes: number;
  readonly megabytes: number;
}

interface Watched {
  readonly of: string;
  readonly pid: number;
  readonly samples: Sample[];
}

export const soak: Measurement = {
  name: 'soak',
  needsRedis: false,
  isLong: true,
  async run({ minutes }) {
    const first = await startMember();
    const members = [first];
    for (let count = 0; count < 2; count++) members.push(await startMember([first.address]));
    await safe(members);
    const addresses = { redisPort: 0, members: members.map(({ address }) => address) };
    const drivers = [
      await DriverChild.open('shoal-client', addresses),
      await DriverChild.open('shoal-lite', addresses),
    ];
    await drivers[0]?.fill('strings');
    const watched: Watched[] = [
      ...members.map(({ pids }, at) => ({
        of: `member ${at + 1}`,
        pid: pids[0] ?? 0,
        samples: [],
      })),
      ...drivers.map(({ name, pid }) => ({ of: name, pid, samples: [] })),
      { of: 'the bench itself', pid: process.pid, samples: [] },
    ];
    const running = Promise.all(
      drivers.map((driver) => driver.run({ kind: 'everything' }, minutes * 60)),
    );
    const results = await sampledWhile(running, watched);
    for (const driver of drivers) await driver.close();
    checkLogs(members);
    await Promise.all(members.map((member) => member.end()));
    const rates = results.map(({ perSecond }, at): Finding => {
      return { name: 'soak-load', of: drivers[at]?.name ?? '', value: perSecond, unit: '/s' };
    });
    return [...rates, ...watched.map((each) => growthOf(each, minutes))];
  },
};

async function sampledWhile<Result>(
  running: Promise<Result>,
  watched: readonly Watched[],
): Promise<Result> {
  const begun = performance.now();
  let isOver = false;
  const ended = running.finally(() => {
    isOver = true;
  });
  while (!isOver) {
    await Promise.race([ended, pause(sampleEveryMs)]);
    const minutes = (performance.now() - begun) / 60_000;
    if (isOver) break;
    for (const { pid, samples } of watched) {
      samples.push({ minutes, megabytes: residentBytes(pid) / mb });
    }
    const line = watched.map(({ of, samples }) => `${of} ${samples.at(-1)?.megabytes.toFixed(0)}`);
    console.error(`soak  ${minutes.toFixed(1)} min  MB: ${line.join('  ')}`);
  }
  return ended;
}

/** The slope of the line that fits the samples best. */
export function slopeOf(samples: readonly Sample[]): number {
  const meanOf = (pick: (sample: Sample) => number) =>
    samples.reduce((sum, sample) => sum + pick(sample), 0) / samples.length;
  const at = meanOf(({ minutes }) => minutes);
  const size = meanOf(({ megabytes }) => megabytes);
  const both = meanOf(({ minutes, megabytes }) => (minutes - at) * (megabytes - size));
  return both / meanOf(({ minutes }) => (minutes - at) ** 2);
}

function growthOf({ of, samples }: Watched, minutes: number): Finding {
  // A shorter run is to see that it works.
  const from = Math.min(firstMinutes, minutes / 2);
  const counted = samples.filter((sample) => sample.minutes >= from);
  return {
    name: 'soak-growth',
    of,
    value: slopeOf(counted),
    unit: 'MB/min',
    trials: samples.map(({ megabytes }) => megabytes),
    asked: { goal: 1, isLessBetter: true },
  };
}

function checkLogs(members: readonly MemberProcess[]): void {
  const bad = members.flatMap(({ log }) => log).filter((line) => /unhandled|uncaught/i.test(line));
  if (bad.length > 0) throw new Error(`logs tell of what nobody handled:\n${bad.join('\n')}`);
}
