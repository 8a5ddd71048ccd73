/** Several member processes on one machine under one parent: it passes signals on and ends with them. */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { JoinOptions } from '../grid.ts';
import { note } from './terminal.ts';

const main = fileURLToPath(new URL(`./main${import.meta.url.slice(-3)}`, import.meta.url));
/** Options that each process gets anew. */
const own = /^--(members|listen|name|seed)(=|$)/;

/** An exit status, or the signal that ended the process. */
type End = number | NodeJS.Signals;

/** The first process that fails ends them all, as a signal does; this one ends when all have ended. */
export async function startFleet(
  rawArgs: readonly string[],
  count: number,
  options: JoinOptions,
  isJson: boolean,
): Promise<void> {
  const shared = withoutOwn(rawArgs);
  const seeds = [...(options.seeds ?? [])];
  const children: ChildProcess[] = [];
  const ends: Promise<End>[] = [];
  let isEnding = false;
  let status = 0;
  const endAll = (): void => {
    isEnding = true;
    for (const child of children) child.kill('SIGTERM');
  };
  const onEnd = ({ pid }: ChildProcess, end: End): void => {
    // Who was told to end before it served ends by the signal.
    if (end === 0 || (isEnding && typeof end === 'string')) return;
    // Who ends with a status has said why.
    if (typeof end === 'string') note(`shoal: member process ${pid} ended by ${end}`);
    if (status === 0) status = typeof end === 'number' ? end : 1;
    endAll();
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, endAll);
  for (let at = 0; at < count && !isEnding; at++) {
    const args = [...shared, ...argsOf(options, at)];
    for (const seed of seeds) args.push('--seed', seed);
    const child = fork(main, ['start', ...args], { stdio: 'inherit' });
    children.push(child);
    const end = endOf(child);
    ends.push(end);
    void end.then((how) => onEnd(child, how));
    const address = await Promise.race([addressOf(child), end.then(() => undefined)]);
    if (address === undefined) break;
    if (at === 0) seeds.push(address);
  }
  if (!isJson && !isEnding) note(`${children.length} members; Ctrl-C ends them`);
  await Promise.all(ends);
  process.exit(status);
}

/** Consecutive ports, or any free ones; names with a number. */
function argsOf({ listen = {}, name }: JoinOptions, at: number): string[] {
  const { host = '127.0.0.1', port = 7_400 } = listen;
  const args = ['--listen', `${host}:${port === 0 ? 0 : port + at}`];
  return name === undefined ? args : [...args, '--name', `${name}-${at + 1}`];
}

function withoutOwn(rawArgs: readonly string[]): string[] {
  const kept: string[] = [];
  for (let at = 0; at < rawArgs.length; at++) {
    const arg = rawArgs[at] ?? '';
    if (!own.test(arg)) kept.push(arg);
    else if (!arg.includes('=')) at++;
  }
  return kept;
}

function addressOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('message', (message) => resolve((message as { address: string }).address));
  });
}

function endOf(child: ChildProcess): Promise<End> {
  return new Promise((resolve) => {
    child.once('error', ({ message }) => {
      note(`shoal: expected to start a process, found ${message}`);
      resolve(1);
    });
    child.once('exit', (status, signal) => resolve(signal ?? status ?? 1));
  });
}
