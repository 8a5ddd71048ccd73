/**
 * The longest time that a writer waited from one answer to the next while one of three members was killed
 * by SIGKILL: a follower of the meta group, and its leader.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { DriverChild } from '../driver-child.ts';
import type { Finding } from '../summary.ts';
import { type MemberProcess, safe, startMember } from '../systems.ts';
import type { TaskResult } from '../tasks/task.ts';
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
      let failures = 0;
      for (let trial = 0; trial < trialsOf(pace); trial++) {
        const { longestGapMs = Number.NaN, failed = 0 } = await killed(victim);
        trials.push(longestGapMs);
        failures += failed;
        console.error(`failover  ${victim} killed  ${longestGapMs.toFixed(0)} ms`);
      }
      findings.push({
        name: `failover-${victim}`,
        of: 'writes failed',
        value: failures,
        unit: '',
        asked: { goal: 0, isLessBetter: true },
      });
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

async function killed(victim: 'follower' | 'leader'): Promise<TaskResult> {
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
  const result = await running;
  await driver.close();
  await Promise.all(members.map((member) => member.end()));
  return result;
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
