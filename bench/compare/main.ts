/**
 * `npm run bench`: the comparison with Redis, as programs in Node see both. It starts what it needs on
 * free ports of loopback, measures in turns, prints ratios of medians, and ends what it started.
 */
import { cells, needsRedis } from './cells.ts';
import { measurements } from './measurements/all.ts';
import { type Options, optionsOf, UsageError, usage } from './options.ts';
import { plot } from './plot/pictures.ts';
import { machine, versions, write } from './results.ts';
import type { Failure, Listener, Row } from './rounds.ts';
import { runCells } from './stages.ts';
import { findingsOf, summaryOf } from './summary.ts';
import { redisVersion } from './systems.ts';
import { cellTable, findingTable, rowLine } from './table.ts';

const args = process.argv.slice(2);
try {
  const options = optionsOf(args);
  if (options === 'help') console.log(usage);
  else if (options === 'plot') console.log(plot());
  else process.exitCode = await compare(options);
  process.exit();
} catch (error) {
  const isUsage = error instanceof UsageError;
  console.error(isUsage ? `${error.message}\n\n${usage}` : error);
  process.exit(isUsage ? 2 : 1);
}

/** Gives the status to end with: 1 where something did not come to its end. */
async function compare({ chosen, pace, name }: Options): Promise<number> {
  const own = cells.filter(
    (cell) => chosen.length === 0 || chosen.includes(cell.name) || chosen.includes(cell.group),
  );
  const other = measurements.filter((each) =>
    chosen.length === 0 ? each.isLong !== true : chosen.includes(each.name),
  );
  const isNeeded = [...own.map(needsRedis), ...other.map((each) => each.needsRedis)].includes(true);
  const about = aboutRun(pace, isNeeded ? redisVersion() : undefined);
  const [rows, failures]: [Row[], Failure[]] = [[], []];
  const listener: Listener = {
    row(row) {
      rows.push(row);
      console.error(rowLine(row));
    },
    failure(failure) {
      failures.push(failure);
      console.error(`failed: ${failure.what}: ${failure.why}`);
    },
  };
  await runCells(own, pace, listener);
  const summaries = own.map((cell) => summaryOf(cell, rows));
  const findings = summaries.flatMap(findingsOf);
  for (const measurement of other) {
    const { name: what } = measurement;
    const found = await measurement.run(pace).catch((error: unknown) => {
      listener.failure({ what, why: `${error}` });
      return [];
    });
    findings.push(...found);
  }
  for (const summary of summaries) console.log(`${cellTable(summary)}\n`);
  console.log(findingTable(findings));
  for (const { what, why } of failures) console.log(`failed: ${what}: ${why}`);
  if (name !== undefined) {
    const path = write({ ...about, findings, summaries, failures, rows }, name);
    console.log(`\n${path}\n${plot()}`);
  }
  return failures.length > 0 ? 1 : 0;
}

/** Before it begins: the sources may change while it runs. */
function aboutRun(pace: Options['pace'], redis: string | undefined) {
  const command = ['npm run bench', ...(args.length > 0 ? ['--', ...args] : [])].join(' ');
  const at = new Date().toISOString();
  return { command, at, machine: machine(), versions: versions(redis), pace };
}
