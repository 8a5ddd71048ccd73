/** `shoal start`: this process as a member, or several processes that form a grid on this machine. */
import type { ArgsDef } from 'citty';
import { destination, pino } from 'pino';
import { GridError } from '../base/errors.ts';
import type { JoinOptions } from '../grid.ts';
import { Grid } from '../index.ts';
import { command } from './command.ts';
import { startFleet } from './fleet.ts';
import { note, print, printJson } from './terminal.ts';
import {
  type Given,
  isOn,
  listenOf,
  oneOf,
  readText,
  textOf,
  UsageError,
  wholeOf,
} from './usage.ts';

const args = {
  listen: { type: 'string', description: 'where to listen', valueHint: '127.0.0.1:7400' },
  advertise: { type: 'string', description: 'where others reach it', valueHint: 'host:port' },
  seed: { type: 'string', description: 'another member; may be repeated', valueHint: 'host:port' },
  cluster: { type: 'string', description: 'name of the cluster', valueHint: 'shoal' },
  name: { type: 'string', description: 'name of the member', valueHint: 'host-pid' },
  backups: { type: 'string', description: 'copies beside the primary', valueHint: '1' },
  expect: { type: 'string', description: 'members that the first formation waits for' },
  'secret-file': { type: 'string', description: 'file with the secret of the cluster' },
  config: { type: 'string', description: 'JSON file with options of Grid.join' },
  preset: { type: 'string', description: 'timings: local, lan or wan', valueHint: 'lan' },
  members: { type: 'string', description: 'start so many processes', valueHint: '1' },
  json: { type: 'boolean', description: 'one JSON object a line' },
} satisfies ArgsDef;

const membersMax = 64;

export const start = command(
  'start',
  'run a member, or several',
  args,
  async (given, _words, rawArgs) => {
    const members = wholeOf(given, 'members', 1, membersMax) ?? 1;
    const options = joinOptions(given);
    if (members > 1) await startFleet(rawArgs, members, options, isOn(given, 'json'));
    else await runMember(options, isOn(given, 'json'));
  },
);

/** The command line over the file over the defaults. */
function joinOptions(given: Given): JoinOptions {
  const listen = textOf(given, 'listen');
  const secretFile = textOf(given, 'secret-file');
  const fromLine = {
    listen: listen === undefined ? undefined : listenOf(listen),
    advertise: textOf(given, 'advertise'),
    seeds: given.seed,
    cluster: textOf(given, 'cluster'),
    name: textOf(given, 'name'),
    backups: wholeOf(given, 'backups', 0, 3),
    expect: wholeOf(given, 'expect', 1, 1_000),
    preset: oneOf(given, 'preset', ['local', 'lan', 'wan']),
    secret: secretFile === undefined ? undefined : readText(secretFile, 'secret-file').trim(),
  };
  const isGiven = ([, value]: [string, unknown]) => value !== undefined;
  const config = textOf(given, 'config');
  const fromFile = config === undefined ? {} : readConfig(config);
  return { ...fromFile, ...Object.fromEntries(Object.entries(fromLine).filter(isGiven)) };
}

function readConfig(path: string): JoinOptions {
  try {
    return JSON.parse(readText(path, 'config')) as JoinOptions;
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`--config: expected JSON in ${path}, found ${String(error)}`);
  }
}

async function runMember(options: JoinOptions, isJson: boolean): Promise<void> {
  const logger = pino({ level: 'info', name: 'shoal' }, destination(2));
  // A fleet's parent that is gone would end this process no more.
  const orphaned = new AbortController();
  const abort = () => orphaned.abort();
  process.once('disconnect', abort);
  if (process.connected === false) abort();
  const { signal } = orphaned;
  const grid = await Grid.join({ logger, ...options, signal }).catch((error: unknown) => {
    throw signal.aborted ? parentGone(error) : error;
  });
  // Beside the handler of the grid, which leaves: the process then ends with status 0.
  for (const ending of ['SIGTERM', 'SIGINT'] as const) process.on(ending, () => {});
  process.on('SIGUSR2', () => void goOnAlone(grid));
  const { id, name, address } = grid.self;
  if (isJson) printJson({ event: 'listening', id, name, address });
  else print(`${name} serves at ${address}`);
  // To a parent that is gone it cannot be told, which is no error: the signal aborts.
  process.send?.({ address }, undefined, {}, () => {});
  const leave = () => void grid.leave().catch(() => {});
  if (signal.aborted) leave();
  else signal.addEventListener('abort', leave);
  await grid.closed;
  // Idempotent: it tells how the leaving went. What was not handed over is a failure.
  await grid.leave();
  process.exit(0);
}

/** Whoever may signal the process says that a majority is gone for good. */
async function goOnAlone(grid: Grid): Promise<void> {
  try {
    await grid.goOnAlone();
    note('goes on alone');
  } catch (error) {
    note(`does not go on alone: ${GridError.is(error) ? error.message : String(error)}`);
  }
}

function parentGone(cause: unknown): GridError {
  const message =
    'expected the process that started this one to live until it had joined, found that it has ended; start both anew';
  return new GridError('GRID_CLOSED', message, { cause });
}
