/**
 * The longest time that a writer waited from one answer to the next while one of three members was killed
 * by SIGKILL: a follower of the meta group, and its leader.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { DriverChild } from '../driver-child.ts';
import type { Finding } from '../summary.ts';
import { type MemberProcess, safe, startMember } from '../systems.ts';
import { type Measurement, trialsOf } from './measurement.ts';

const writers = 128;
const killAfterMs = 1_500;
const seconds = 9;

export const failover: Measurement = {
  name: 'failover',
  needsRedis: false,
  async run(pace) {
    const findings: Finding[] = [];
    for (const [victim, goal] of [
      ['follower', 3_000],
      ['leader', 5_000],
    ] as const) {
      const trials: number[] = [];
      for (let trial = 0; trial < trialsOf(pace); trial++) {
        trials.push(await gapMs(victim));
        console.error(`failover  ${victim} killed  ${trials.at(-1)?.toFixed(0)} ms`);
      }
      findings.push({
        name: `failover-${victim}`,
        of: 'shoal-client',
        value: Math.max(...trials),
        unit: 'ms',
        trials,
        asked: { goal, isLessBetter: true },
      });
    }
    return findings;
  },
};

async function gapMs(victim: 'follower' | 'leader'): Promise<number> {
  const first = await startMember();
  const members = [first];
  for (let count = 0; count < 2; count++) members.push(await startMember([first.address]));
  await safe(members);
  const addresses = { redisPort: 0, members: members.map(({ address }) => address) };
  const driver = await DriverChild.open('shoal-client', addresses);
  const task = { kind: 'gap', outstanding: writers } as const;
  await driver.run(task, 1);
  const running = driver.run(task, seconds);
  await pause(killAfterMs);
  await (await chosen(members, victim)).end();
  const { longestGapMs = Number.NaN, failed = 0 } = await running;
  if (failed > 0) throw new Error(`${failed} writes failed while the ${victim} was killed`);
  await driver.close();
  await Promise.all(members.map((member) => member.end()));
  return longestGapMs;
}

async function chosen(
  members: readonly MemberProcess[],
  victim: 'follower' | 'leader',
): Promise<MemberProcess> {
  const response = await fetch(`http://${members[0]?.address}/v1/members`);
  const { leader } = (await response.json()) as { leader?: string };
  const found = members.findLast(({ id }) => (id === leader) === (victim === 'leader'));
  if (leader === undefined || found === undefined) throw new Error(`expected a ${victim} to kill`);
  return found;
}
