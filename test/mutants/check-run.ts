/** Runs one check in a folder with sources, broken or whole, and says what came of it. */
import { execFile } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Search } from '../simulation/mutant.ts';
import type { Simulation } from '../simulation/simulations.ts';
import { type Check, isTest, type NamedTest } from './mutant.ts';

/** What a check said of the sources. */
export type Verdict =
  | { readonly kind: 'passed'; readonly tookMs: number }
  /** `world`: that of a simulation which found it. */
  | { readonly kind: 'failed'; readonly by: string; readonly world?: Search }
  /** The check says nothing of the sources: it did not run, or ended where no rule is. */
  | { readonly kind: 'void'; readonly why: string };

export interface CheckPlace {
  readonly folder: string;
  /** A test that takes longer stands still; a search that does was slow, and found nothing. */
  readonly msMax: number;
}

interface Ended {
  readonly isOk: boolean;
  readonly isLate: boolean;
  readonly output: string;
}

/** What mocha writes of the tests that ran. */
interface Report {
  readonly stats: { readonly tests: number };
  readonly failures: readonly Failure[];
}

interface Failure {
  readonly fullTitle: string;
  readonly err: { readonly stack?: string; readonly message?: string };
}

const bundled = 'scripts/bundled.mjs';
const mocha = join('node_modules', 'mocha', 'bin', 'mocha.js');
const reportFile = 'mutants-report.json';
/** A test that fails is to fail for what was broken, also where the machine has much else to do. */
const patience = ['--timeout', '20000'];
const outOfTime = /^Timeout of \d+ms exceeded/;
const outputBytesMax = 64 * 1_024 * 1_024;
/** Names that are not there any more, and text that is no program: an edit that broke more than a rule. */
const brokenProgram = /\b(ReferenceError|SyntaxError): /;

export async function runCheck(check: Check, place: CheckPlace): Promise<Verdict> {
  if (isTest(check)) return runTest(check, place);
  const { simulation, seed, othersMax = 0 } = check;
  const given = [simulation, String(seed), String(othersMax)];
  const command = ['test/mutants/search-command.ts', ...given];
  return runSearch(command, simulation, place);
}

/** A search prints what it found, `seed 7: ...`, and nothing where it found nothing. */
export async function runSearch(
  command: readonly string[],
  simulation: Simulation,
  place: CheckPlace,
): Promise<Verdict> {
  const begunAt = performance.now();
  const { isOk, isLate, output } = await run([bundled, ...command], place);
  const tookMs = performance.now() - begunAt;
  // Each of its worlds ends.
  if (isLate) return { kind: 'passed', tookMs };
  if (!isOk) return { kind: 'void', why: `a search did not end well:\n${output.slice(-2_000)}` };
  const [found = ''] = output.trim().split('\n');
  if (found === '') return { kind: 'passed', tookMs };
  if (brokenProgram.test(found)) return { kind: 'void', why: found };
  const seed = Number(found.match(/^seed (\d+): /)?.[1]);
  return { kind: 'failed', by: `simulation ${simulation}, ${found}`, world: { simulation, seed } };
}

/** A machine that stood still meanwhile says nothing of the test: it has to run out of time twice. */
async function runTest(test: NamedTest, place: CheckPlace): Promise<Verdict> {
  const first = await tryTest(test, place);
  return first.isLate ? (await tryTest(test, place)).verdict : first.verdict;
}

async function tryTest(
  { file, title }: NamedTest,
  place: CheckPlace,
): Promise<{ readonly verdict: Verdict; readonly isLate: boolean }> {
  const only = title === '' ? [] : ['-f', title];
  const reporter = ['--reporter', 'json', '--reporter-option', `output=${reportFile}`];
  const command = [mocha, '--bail', ...patience, ...reporter, file, ...only];
  await rm(join(place.folder, reportFile), { force: true });
  const begunAt = performance.now();
  const { isLate, output } = await run(command, place);
  const tookMs = performance.now() - begunAt;
  if (isLate) return { verdict: { kind: 'failed', by: `${file}: stands still` }, isLate };
  const report = await reportIn(place.folder);
  if (report === undefined) {
    const why = `${file} does not load:\n${output.trim().slice(-2_000)}`;
    return { verdict: { kind: 'void', why }, isLate };
  }
  const message = report.failures[0]?.err.message ?? '';
  return { verdict: verdictOf(report, file, title, tookMs), isLate: outOfTime.test(message) };
}

function verdictOf({ stats, failures }: Report, file: string, title: string, tookMs: number) {
  const [failure] = failures;
  if (failure !== undefined) return failed(failure, file);
  if (stats.tests > 0) return { kind: 'passed', tookMs } as const;
  return { kind: 'void', why: `${file} has no test "${title}"` } as const;
}

function failed({ fullTitle, err }: Failure, file: string): Verdict {
  const said = `${err.stack ?? ''}${err.message ?? ''}`;
  if (brokenProgram.test(said)) return { kind: 'void', why: `${file}, ${fullTitle}: ${said}` };
  return { kind: 'failed', by: `${file}: ${fullTitle}` };
}

async function reportIn(folder: string): Promise<Report | undefined> {
  try {
    return JSON.parse(await readFile(join(folder, reportFile), 'utf8')) as Report;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function run(given: readonly string[], { folder, msMax }: CheckPlace): Promise<Ended> {
  const options = { cwd: folder, timeout: msMax, maxBuffer: outputBytesMax };
  return new Promise((resolve) => {
    execFile(process.execPath, given, options, (error, stdout, stderr) =>
      resolve({
        isOk: error === null,
        isLate: error?.killed === true,
        output: `${stdout}\n${error === null ? '' : stderr}`,
      }),
    );
  });
}
