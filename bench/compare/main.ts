/**
 * `npm run bench`: the comparison with Redis, as programs in Node see both. It starts what it needs on
 * free ports of loopback, measures in turns, prints ratios of medians, and ends what it started.
 */
import { cells, needsRedis } from './cells.ts';
import { measurements } from './measurements/all.ts';
import { type Options, optionsOf, UsageError, usage } from './options.ts';
import { plot } from './plot.ts';
import { machine, versions, write } from './results.ts';
import { runCells } from './stages.ts';
import { findingsOf, summaryOf } from './summary.ts';
import { redisVersion } from './systems.ts';
import { cellTable, findingTable } from './table.ts';

const args = process.argv.slice(2);
try {
  const options = optionsOf(args);
  if (options === 'help') console.log(usage);
  else if (options === 'plot') console.log(plot());
  else await compare(options);
  process.exit(0);
} catch (error) {
  const isUsage = error instanceof UsageError;
  console.error(isUsage ? `${error.message}\n\n${usage}` : error);
  process.exit(isUsage ? 2 : 1);
}

async function compare({ chosen, pace, name }: Options): Promise<void> {
  const at = new Date().toISOString();
  const own = cells.filter(
    (cell) => chosen.length === 0 || chosen.includes(cell.name) || chosen.includes(cell.group),
  );
  const other = measurements.filter((each) =>
    chosen.length === 0 ? each.isLong !== true : chosen.includes(each.name),
  );
  const isNeeded = [...own.map(needsRedis), ...other.map((each) => each.needsRedis)].includes(true);
  const redis = isNeeded ? redisVersion() : undefined;
  const rows = await runCells(own, pace);
  const summaries = own.map((cell) => summaryOf(cell, rows));
  const findings = summaries.flatMap(findingsOf);
  for (const measurement of other) findings.push(...(await measurement.run(pace)));
  for (const summary of summaries) console.log(`${cellTable(summary)}\n`);
  console.log(findingTable(findings));
  if (name === undefined) return;
  const command = ['npm run bench', ...(args.length > 0 ? ['--', ...args] : [])].join(' ');
  const about = { command, at, machine: machine(), versions: versions(redis), pace };
  console.log(`\n${write({ ...about, findings, summaries, rows }, name)}\n${plot()}`);
}
