/** The end of a run: its history, report and picture in a folder, and its verdict on the terminal. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HistoryEvent } from './history.ts';
import { readHistory, writeHistory } from './history-file.ts';
import { plotOf } from './plot.ts';
import { reportText } from './report.ts';
import { type Least, type Verdict, verdictOf } from './verdict.ts';

export interface Conclusion {
  readonly seed: number;
  /** What was run, in a line. */
  readonly title: string;
  readonly least: Least;
  readonly problems: readonly string[];
  readonly events: readonly HistoryEvent[];
  readonly folder: string;
}

/** Leaves all that a reader needs to check it. */
export async function conclude(conclusion: Conclusion): Promise<Verdict> {
  const { seed, title, least, problems, events, folder } = conclusion;
  mkdirSync(folder, { recursive: true });
  const path = join(folder, 'history.jsonl.gz');
  await writeHistory(path, { seed, title, least, problems }, events);
  const verdict = verdictOf(events, least, problems);
  const text = reportText(verdict);
  writeFileSync(join(folder, 'plot.svg'), plotOf(events, title));
  writeFileSync(join(folder, 'report.txt'), `${title}\n${text}\n`);
  writeFileSync(join(folder, 'report.json'), JSON.stringify({ seed, title, ...verdict }, null, 2));
  console.log(text);
  console.log(`\nhistory, report and plot are in ${folder}; to check the history again:`);
  console.log(`  npm run chaos -- --check ${path}`);
  return verdict;
}

/** Judges the history of an earlier run, from nothing but its file. */
export async function checkAgain(path: string): Promise<Verdict> {
  const { head, events } = await readHistory(path);
  const { title, least, problems } = head as unknown as Conclusion;
  console.log(`${title}: ${events.length} events`);
  const verdict = verdictOf(events, least, problems);
  console.log(reportText(verdict));
  return verdict;
}
