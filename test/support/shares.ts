/**
 * A long program of the tests, shared out among processes: one for each `--jobs`, which is told its share, does it
 * and reports what it counted. What it prints goes where the first process prints.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';

/** Every `of`-th piece of the work, from the `at`-th on. */
export interface Share {
  readonly at: number;
  readonly of: number;
}

export const wholeShare: Share = { at: 0, of: 1 };

/** From `0/2`, as a process is told. */
export function shareOf(text: string | undefined): Share {
  if (text === undefined) return wholeShare;
  const [at = Number.NaN, of = Number.NaN] = text.split('/').map(Number);
  if (!(at >= 0 && at < of)) throw new Error(`expected --share 0/2, found ${text}`);
  return { at, of };
}

export function isIn({ at, of }: Share, piece: number): boolean {
  return piece % of === at;
}

/**
 * Runs this very program once for each job, each with its share, and resolves when all have ended. One that fails
 * makes this one fail.
 */
export async function shareOut<Report>(jobs: number, onReport: (report: Report) => void) {
  const [, program = '', ...given] = process.argv;
  const one = async (at: number) => {
    const args = [...given, '--share', `${at}/${jobs}`];
    const child = fork(program, args, { execArgv: [...process.execArgv, '--enable-source-maps'] });
    child.on('message', (message) => onReport(message as Report));
    const [code] = await once(child, 'exit');
    if (code !== 0) process.exitCode = 1;
  };
  await Promise.all(Array.from({ length: jobs }, (_, at) => one(at)));
}
