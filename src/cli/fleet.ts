/** Several member processes on one machine under one parent: it passes signals on and ends with them. */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { JoinOptions } from '../grid.ts';
import { note } from './terminal.ts';

const main = fileURLToPath(new URL(`./main${import.meta.url.slice(-3)}`, import.meta.url));
/** Options that each process gets anew. */
const own = /^--(members|listen|name|seed)(=|$)/;

/** Resolves when every process has ended; the first that fails ends them all. */
export async function startFleet(
  rawArgs: readonly string[],
  count: number,
  options: JoinOptions,
  isJson: boolean,
): Promise<void> {
  const shared = withoutOwn(rawArgs);
  const seeds = [...(options.seeds ?? [])];
  const children: ChildProcess[] = [];
  const ends: Promise<void>[] = [];
  const stop = (signal: NodeJS.Signals): void => {
    for (const child of children) child.kill(signal);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stop('SIGTERM'));
  for (let at = 0; at < count; at++) {
    const args = [...shared, ...argsOf(options, at)];
    for (const seed of seeds) args.push('--seed', seed);
    const child = fork(main, ['start', ...args], { stdio: 'inherit' });
    children.push(child);
    ends.push(endOf(child));
    const address = await Promise.race([addressOf(child), endOf(child).then(() => undefined)]);
    if (address === undefined) break;
    if (at === 0) seeds.push(address);
  }
  if (!isJson) note(`${children.length} members; Ctrl-C ends them`);
  await Promise.all(ends).catch(async (error: unknown) => {
    stop('SIGTERM');
    await Promise.allSettled(ends);
    throw error;
  });
  process.exit(0);
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

function endOf(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('exit', (status, signal) => {
      if (status === 0) resolve();
      else reject(new Error(`member process ${child.pid} ended with ${signal ?? status}`));
    });
  });
}
