#!/usr/bin/env node
/**
 * The command `shoal`. Exit status: 0 done, 1 failed, 2 wrong usage.
 */
import { stripVTControlCharacters } from 'node:util';
import { type CommandDef, defineCommand, renderUsage, runCommand } from 'citty';
import { GridError } from '../base/errors.ts';
import { isReaderGone, note, outliveReaders, print } from './terminal.ts';
import { UsageError } from './usage.ts';

/** Each command is loaded when it is asked for. */
const subCommands = {
  start: () => import('./start.ts').then(({ start }) => start),
  members: () => import('./members.ts').then(({ members }) => members),
  partitions: () => import('./partitions.ts').then(({ partitions }) => partitions),
  get: () => import('./map-commands.ts').then(({ get }) => get),
  set: () => import('./map-commands.ts').then(({ set }) => set),
  delete: () => import('./map-commands.ts').then(({ remove }) => remove),
  keys: () => import('./map-commands.ts').then(({ keys }) => keys),
  push: () => import('./queue-commands.ts').then(({ push }) => push),
  take: () => import('./queue-commands.ts').then(({ take }) => take),
  publish: () => import('./topic-commands.ts').then(({ publish }) => publish),
  subscribe: () => import('./topic-commands.ts').then(({ subscribe }) => subscribe),
  'accept-loss': () => import('./loss-command.ts').then(({ acceptLoss }) => acceptLoss),
  demo: () => import('./demo.ts').then(({ demo }) => demo),
};
type CommandName = keyof typeof subCommands;

/** What the demo starts; not for users. */
const demoMember = 'demo-member';

const shoal: CommandDef = defineCommand({
  meta: { name: 'shoal', description: 'An in-memory data grid inside Node.js processes' },
  subCommands,
});

async function run(argv: readonly string[]): Promise<void> {
  const [name, ...rest] = argv;
  if (name === demoMember) {
    const { runDemoMember } = await import('./demo/demo-member.ts');
    await runDemoMember(rest);
    return;
  }
  if (name === undefined || name === '--help' || name === '-h') {
    print(plain(await renderUsage(shoal)));
    return;
  }
  if (!Object.hasOwn(subCommands, name)) {
    const known = Object.keys(subCommands).join(', ');
    throw new UsageError(`no command '${name}'; there are ${known}`);
  }
  const command = await subCommands[name as CommandName]();
  if (rest.includes('--help') || rest.includes('-h')) {
    print(plain(await renderUsage(command, shoal)));
    return;
  }
  await runCommand(command, { rawArgs: rest });
}

/** Colours are for terminals. */
function plain(text: string): string {
  return process.stdout.isTTY ? text : stripVTControlCharacters(text);
}

function exitStatus(error: unknown): number {
  // An option that the grid refuses was given on the command line, or in a file that it names.
  return error instanceof UsageError || GridError.is(error, 'GRID_BAD_OPTION') ? 2 : 1;
}

outliveReaders();
run(process.argv.slice(2)).catch((error: unknown) => {
  if (isReaderGone(error)) process.exit(0);
  const isExpected = error instanceof UsageError || GridError.is(error);
  const text = error instanceof Error && !isExpected ? error.stack : undefined;
  note(`shoal: ${text ?? (error instanceof Error ? error.message : String(error))}`);
  process.exit(exitStatus(error));
});
