/**
 * How late the event loops of two members are while one copies a million entries of 100 bytes from the
 * other, and nothing else happens; and how long that takes.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { Asked } from '../cells.ts';
import { DriverChild } from '../driver-child.ts';
import type { Lateness } from '../lateness.ts';
import type { Finding } from '../summary.ts';
import { until } from '../systems.ts';
import type { Measurement } from './measurement.ts';

const entries = 1_000_000;
const copyMaxMs = 120_000;
const settleMs = 2_000;

export const copy: Measurement = {
  name: 'copy',
  needsRedis: false,
  async run() {
    const giver = await DriverChild.open('shoal-owner', { redisPort: 0, members: [] });
    await giver.fill('strings', entries);
    await pause(settleMs);
    const seeds = giver.address === undefined ? [] : [giver.address];
    await giver.watchLoop();
    const begun = performance.now();
    const taker = await DriverChild.open('shoal-owner', { redisPort: 0, members: seeds });
    await taker.watchLoop();
    await until(
      async () => (await entriesAt(taker.address)) === entries,
      'the copy to be whole',
      copyMaxMs,
    );
    const seconds = (performance.now() - begun) / 1_000;
    const [given, taken] = [await giver.tellLoop(), await taker.tellLoop()];
    await taker.close();
    await giver.close();
    return [
      ...latenessOf('giver', given),
      ...latenessOf('taker', taken),
      { name: 'copy', of: 'joining to whole', value: seconds, unit: 's' },
    ];
  },
};

function latenessOf(of: string, { p999Ms, maxMs }: Lateness): Finding[] {
  const asked = (goal: number): Asked => ({ goal, isLessBetter: true });
  return [
    { name: 'copy-late-p99.9', of, value: p999Ms, unit: 'ms', asked: asked(20) },
    { name: 'copy-late-max', of, value: maxMs, unit: 'ms', asked: asked(100) },
  ];
}

/** In all copies that the member has. */
async function entriesAt(address: string | undefined): Promise<number> {
  const response = await fetch(`http://${address}/v1/partitions`);
  const { partitions } = (await response.json()) as {
    partitions: { entriesHere?: number }[];
  };
  return partitions.reduce((sum, { entriesHere = 0 }) => sum + entriesHere, 0);
}
