/** `shoal demo`: three members as processes, real records, one killed with SIGKILL, everything checked. */

import { readFileSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import type { ArgsDef } from 'citty';
import { command } from './command.ts';
import { Demo, isFlawless, type Report, type Victim } from './demo/run.ts';
import { note, print, printJson } from './terminal.ts';
import { isOn, oneOf } from './usage.ts';

const args = {
  kill: { type: 'string', description: 'whom: leader or follower', valueHint: 'in turn' },
  json: { type: 'boolean', description: 'the report as one JSON object' },
} satisfies ArgsDef;

export const demo = command(
  'demo',
  'three members, one killed, every entry checked',
  args,
  async (given) => {
    const victim = oneOf(given, 'kill', ['leader', 'follower'] as const) ?? nextVictim();
    const run = new Demo();
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.once(signal, () => void run.end().then(() => process.exit(1)));
    }
    const report = await run.run(victim);
    if (isOn(given, 'json')) printJson({ flawless: isFlawless(report), ...report });
    else print(reportText(report));
    process.exit(isFlawless(report) ? 0 : 1);
  },
);

/** The meta leader every second time; a file among the temporary ones remembers whose turn it is. */
function nextVictim(): Victim {
  const path = join(tmpdir(), `shoal-demo-${userInfo().uid}`);
  let last = '';
  try {
    last = readFileSync(path, 'utf8');
  } catch {
    // The first run on this machine.
  }
  const next: Victim = last === 'leader' ? 'follower' : 'leader';
  try {
    writeFileSync(path, next);
  } catch {
    note(`whose turn it is cannot be remembered in ${path}`);
  }
  return next;
}

function reportText(report: Report): string {
  const count = (value: number) => value.toLocaleString('en');
  const { lost, doubled, invented, wrongEntries, staleReads } = report;
  const rows: readonly (readonly [string, string])[] = [
    ['killed', report.killed === 'leader' ? 'the meta leader' : 'a follower'],
    ['entries', `${count(report.entries)} of ${count(report.entriesExpected)}`],
    ['writes acknowledged', count(report.acknowledgedWrites)],
    ['writes of unknown outcome', count(report.unknownWrites)],
    ['acknowledged writes lost', count(lost)],
    ['increments counted twice', count(doubled)],
    ['wrong records or writes', count(invented + wrongEntries)],
    ['stale reads', count(staleReads)],
    ['longest time without a write', `${count(report.longestGapMs)} ms`],
    ['slowest write', `${count(report.slowestWriteMs)} ms`],
    ['safe again after', `${count(report.safeAfterMs)} ms`],
    ['records loaded', `${count(report.loadedPerSecond)} a second`],
    ['operations', `${count(report.operationsPerSecond)} a second`],
  ];
  const lines = rows.map(([what, value]) => `${what.padEnd(30)} ${value}`);
  const end = isFlawless(report)
    ? 'Nothing was lost and nothing doubled.'
    : 'SOMETHING WENT WRONG.';
  return ['', ...lines, '', end].join('\n');
}
