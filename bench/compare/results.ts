/** A run as a file in bench/results, with all that is needed to judge it and to make it again. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { join } from 'node:path';
import type { Failure, Pace, Row } from './rounds.ts';
import type { CellSummary, Finding } from './summary.ts';

const folder = 'bench/results';

export interface Results {
  readonly command: string;
  readonly at: string;
  readonly machine: Readonly<Record<string, string | number>>;
  readonly versions: Readonly<Record<string, string>>;
  readonly pace: Pace;
  readonly findings: readonly Finding[];
  readonly summaries: readonly CellSummary[];
  readonly failures: readonly Failure[];
  readonly rows: readonly Row[];
}

export function machine(): Results['machine'] {
  const cores = cpus();
  return {
    processor: cores[0]?.model ?? 'unknown',
    cores: cores.length,
    memoryGib: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
  };
}

export function versions(redis: string | undefined): Results['versions'] {
  const packageOf = (path: string) =>
    (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version;
  return {
    shoal: packageOf('package.json'),
    commit: commit(),
    node: process.version,
    ioredis: packageOf('node_modules/ioredis/package.json'),
    'node-redis': packageOf('node_modules/redis/package.json'),
    ...(redis === undefined ? {} : { redis }),
  };
}

/** Of the sources that were built; with a plus where they are not those of the commit. */
function commit(): string {
  try {
    const git = (...args: string[]) => execFileSync('git', args, { encoding: 'utf8' }).trim();
    const isChanged = git('status', '--porcelain', '--', 'src', 'bench').length > 0;
    return `${git('rev-parse', '--short', 'HEAD')}${isChanged ? '+' : ''}`;
  } catch {
    return 'unknown';
  }
}

/** Gives the path. A file that is there is never written over. */
export function write(results: Results, name: string): string {
  mkdirSync(folder, { recursive: true });
  const stem = join(folder, `${results.at.slice(0, 10)}-${name}`);
  let path = `${stem}.json`;
  for (let count = 2; existsSync(path); count++) path = `${stem}-${count}.json`;
  const { rows, ...rest } = results;
  // One row a line: thousands of them are to be compared by eye and by diff.
  const lines = rows.map((row) => `    ${JSON.stringify(row, rounded)}`).join(',\n');
  const head = JSON.stringify(rest, rounded, 2).slice(0, -2);
  writeFileSync(path, `${head},\n  "rows": [\n${lines}\n  ]\n}\n`);
  return path;
}

function rounded(_key: string, value: unknown): unknown {
  return typeof value === 'number' ? Number(value.toPrecision(5)) : value;
}
