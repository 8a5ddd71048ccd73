/**
 * `npm run bench`: the comparison with Redis, as programs in Node see both. It starts what it needs on
 * free ports of loopback, measures in turns, prints ratios of medians, and ends what it started.
 */
import { cells } from './cells.ts';
import { type Options, optionsOf, UsageError, usage } from './options.ts';
import { machine, versions, write } from './results.ts';
import { type Row, runRounds } from './rounds.ts';
import { summaryOf } from './summary.ts';
import { redisVersion, startMember, startRedis } from './systems.ts';
import { cellTable, ratioTable } from './table.ts';

const args = process.argv.slice(2);
try {
  const options = optionsOf(args);
  if (options === 'help') console.log(usage);
  else await compare(options);
  process.exit(0);
} catch (error) {
  const isUsage = error instanceof UsageError;
  console.error(isUsage ? `${error.message}\n\n${usage}` : error);
  process.exit(isUsage ? 2 : 1);
}

async function compare({ chosen, pace, name }: Options): Promise<void> {
  const at = new Date().toISOString();
  const redis = redisVersion();
  const isChosen = (cell: { name: string; group: string }) =>
    chosen.length === 0 || chosen.includes(cell.name) || chosen.includes(cell.group);
  const own = cells.filter(isChosen);
  const rows = await single(own, pace);
  const summaries = own.map((cell) => summaryOf(cell, rows));
  console.log(summaries.map(cellTable).join('\n\n'));
  console.log(`\n${ratioTable(summaries)}`);
  if (name === undefined) return;
  const command = ['npm run bench', ...(args.length > 0 ? ['--', ...args] : [])].join(' ');
  const about = { command, at, machine: machine(), versions: versions(redis), pace };
  console.log(`\n${write({ ...about, summaries, rows }, name)}`);
}

/** One member against one Redis. */
async function single(own: typeof cells, pace: Options['pace']): Promise<Row[]> {
  const [redis, member] = [await startRedis(), await startMember()];
  const addresses = { redisPort: redis.port, members: [member.address] };
  const rows: Row[] = [];
  await runRounds({ addresses, pids: [...redis.pids, ...member.pids] }, own, pace, (row) => {
    rows.push(row);
    const rate = Math.round(row.perSecond).toLocaleString('en');
    console.error(
      `round ${row.round + 1}  ${row.cell}  ${row.driver}  ${rate}/s  foreign ${row.foreignCores.toFixed(2)}`,
    );
  });
  await Promise.all([redis.end(), member.end()]);
  return rows;
}
