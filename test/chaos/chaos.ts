/**
 * `npm run chaos -- --clients-only [--kills 10] [--cuts 10] [--seed 1] [--operations 1000] [--preset lan]`:
 * real processes, real faults, real callers; then everything that was seen is checked. It exits 1 where
 * anything was lost, doubled, out of order or unannounced, and where too little happened to say so.
 *
 * `npm run chaos -- --check FILE`: checks the history of an earlier run again.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runClientsOnly } from './clients-only.ts';
import { readHistory, writeHistory } from './history-file.ts';
import { reportText } from './report.ts';
import { type Least, type Verdict, verdictOf } from './verdict.ts';

const { values } = parseArgs({
  options: {
    'clients-only': { type: 'boolean', default: false },
    kills: { type: 'string', default: '10' },
    cuts: { type: 'string', default: '10' },
    /** Chooses the faults. */
    seed: { type: 'string' },
    /** Answers between two faults. */
    operations: { type: 'string', default: '1000' },
    preset: { type: 'string', default: 'lan' },
    /** Where history and logs go. */
    out: { type: 'string', default: 'chaos-results' },
    check: { type: 'string' },
  },
});

const verdict = values.check === undefined ? await run() : await check(values.check);
console.log(reportText(verdict));
process.exit(verdict.isWell ? 0 : 1);

async function run(): Promise<Verdict> {
  const seed = values.seed === undefined ? Date.now() % 1_000_000 : whole('seed');
  const [kills, cuts, operations] = [whole('kills'), whole('cuts'), whole('operations')];
  const { preset } = values;
  if (preset !== 'lan' && preset !== 'local') throw new Error(`--preset: lan or local`);
  const folder = join(values.out, `seed-${seed}`);
  mkdirSync(folder, { recursive: true });
  console.log(`seed ${seed}: ${kills} kills of owners and ${cuts} cuts of clients`);
  const startedAt = performance.now();
  const say = (line: string) => {
    console.log(`${((performance.now() - startedAt) / 1_000).toFixed(1).padStart(6)} s  ${line}`);
  };
  const { history, problems, reconnects } = await runClientsOnly({
    seed,
    kills,
    cuts,
    operations,
    preset,
    folder,
    say,
  });
  const least: Least = { answers: (kills + cuts) * operations, faults: { kill: kills, cut: cuts } };
  const path = join(folder, 'history.jsonl.gz');
  await writeHistory(path, { seed, least, problems }, history.events);
  say(`the clients lost all connections ${reconnects} times; the history is in ${path}`);
  return verdictOf(history.events, least, problems);
}

async function check(path: string): Promise<Verdict> {
  const { head, events } = await readHistory(path);
  console.log(`seed ${String(head.seed)}, ${events.length} events`);
  return verdictOf(events, head.least as Least, head.problems as string[]);
}

function whole(option: 'kills' | 'cuts' | 'seed' | 'operations'): number {
  const value = Number(values[option]);
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new Error(`--${option}: expected a whole number, found ${values[option]}`);
  }
  return value;
}
