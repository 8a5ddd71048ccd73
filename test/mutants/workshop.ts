/**
 * A copy of the sources that may be broken: edits are made in it and taken back, and checks run in it.
 * The project itself is never touched.
 */
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { applyEdit, type Check, isTest, type Mutant, type NamedTest } from './mutant.ts';

const copied = ['src', 'test', 'scripts', 'package.json', 'tsconfig.json', '.mocharc.json'];
const bundled = 'scripts/bundled.mjs';
/** A test that fails is to fail for what was broken, also where the machine has much else to do. */
const patience = ['--timeout', '20000'];
/** A test that takes longer found something that stands still. */
const checkMsMax = 150_000;
const outputBytesMax = 64 * 1_024 * 1_024;

interface Ended {
  readonly isOk: boolean;
  readonly isLate: boolean;
  readonly output: string;
}

export class Workshop {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async open(): Promise<Workshop> {
    const folder = await mkdtemp(join(tmpdir(), 'shoal-mutants-'));
    for (const path of copied) await cp(path, join(folder, path), { recursive: true });
    await symlink(resolve('node_modules'), join(folder, 'node_modules'));
    return new Workshop(folder);
  }

  async close(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** Breaks the copy, and runs the checks until one notices: which one, and what it said. */
  async killerOf({ edits, checks }: Mutant): Promise<string | undefined> {
    const originals = new Map<string, string>();
    try {
      for (const edit of edits) {
        const path = join(this.#folder, edit.file);
        const text = await readFile(path, 'utf8');
        if (!originals.has(path)) originals.set(path, text);
        await writeFile(path, applyEdit(edit, text));
      }
      return await this.#firstThatNotices(checks);
    } finally {
      for (const [path, text] of originals) await writeFile(path, text);
    }
  }

  /** A mutant of the tests of the simulation, by its name. */
  async killerOfHooked(name: string): Promise<string | undefined> {
    const given = [bundled, 'test/mutants/hooked-command.ts', name];
    return found(await this.#run(given), 'simulation');
  }

  async #firstThatNotices(checks: readonly Check[]): Promise<string | undefined> {
    for (const check of checks) {
      const killer = isTest(check) ? await this.#test(check) : await this.#search(check);
      if (killer !== undefined) return killer;
    }
    return undefined;
  }

  async #search({ simulation, seed, othersMax = 0 }: Exclude<Check, NamedTest>) {
    const given = [simulation, String(seed), String(othersMax)];
    const ended = await this.#run([bundled, 'test/mutants/search-command.ts', ...given]);
    return found(ended, `simulation ${simulation}`);
  }

  async #test({ file, title }: NamedTest): Promise<string | undefined> {
    const mocha = join('node_modules', 'mocha', 'bin', 'mocha.js');
    const only = title === '' ? [] : ['-f', title];
    const command = [mocha, '--bail', ...patience, file, ...only];
    const first = await this.#run(command);
    // A machine that stood still meanwhile says nothing of the test: it has to stand still twice.
    const { isOk, isLate, output } = first.isLate ? await this.#run(command) : first;
    if (isOk) return undefined;
    const failed = output.match(/^\s+1\) (.+)$/m)?.[1] ?? 'does not even begin';
    return `${file}: ${isLate ? 'stands still' : failed}`;
  }

  #run(given: readonly string[]): Promise<Ended> {
    const options = { cwd: this.#folder, timeout: checkMsMax, maxBuffer: outputBytesMax };
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
}

/**
 * What a search printed. One that took too long was slow, since each of its worlds ends, and found nothing; one
 * that ended otherwise broke down, and proves nothing of the mutant.
 */
function found({ isOk, isLate, output }: Ended, where: string): string | undefined {
  if (isLate) return undefined;
  if (!isOk) throw new Error(`a search did not end well:\n${output.slice(-2_000)}`);
  const text = output.trim();
  return text === '' ? undefined : `${where}, ${text.split('\n')[0]}`;
}
