/** Members as processes of their own, started from the compiled command line. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';

const main = 'dist/cli/main.js';
const started = new Set<ChildProcess>();

/** Compiles where a source is newer than what was compiled. */
export function build(): void {
  const { status } = spawnSync('node', ['scripts/build-if-needed.mjs'], { stdio: 'inherit' });
  if (status !== 0) throw new Error(`the build ended with ${status}`);
}

export interface CommandResult {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command to its end. */
export function shoal(...args: string[]): Promise<CommandResult> {
  return startProgram(main, ...args).ended;
}

/** A program on its way, with what it has printed so far. */
export interface Program {
  readonly child: ChildProcess;
  readonly texts: { stdout: string; stderr: string };
  readonly ended: Promise<CommandResult>;
}

/** The command, or another file that Node runs. */
export function startProgram(file: string, ...args: string[]): Program {
  const child = spawn('node', [file, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  started.add(child);
  const texts = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => {
    texts.stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    texts.stderr += chunk;
  });
  const ended = new Promise<CommandResult>((resolve) => {
    child.once('close', (status) => {
      started.delete(child);
      resolve({ status, ...texts });
    });
  });
  return { child, texts, ended };
}

export function startShoal(...args: string[]): Program {
  return startProgram(main, ...args);
}

/** What was printed as one JSON object a line. */
export function jsonLines(text: string): Record<string, unknown>[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

export interface MemberProcess {
  readonly address: string;
  readonly id: string;
  readonly name: string;
  /** What it printed on its standard output, a line each. */
  readonly lines: readonly string[];
  /** Stops it where it stands, or lets it go on. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void;
  /** Resolves with its exit status, or the signal that ended it. */
  end(signal: NodeJS.Signals): Promise<number | NodeJS.Signals | null>;
}

/** `shoal start` with a free port; resolves when `members` of its processes serve. */
export async function startMember(args: readonly string[], members = 1): Promise<MemberProcess> {
  const given = ['start', '--listen', '127.0.0.1:0', '--json', ...args];
  const child = spawn('node', [main, ...given], { stdio: ['ignore', 'pipe', 'inherit'] });
  started.add(child);
  const ended = new Promise<number | NodeJS.Signals | null>((resolve) => {
    child.once('exit', (status, signal) => {
      started.delete(child);
      resolve(signal ?? status);
    });
  });
  const lines: string[] = [];
  await new Promise<void>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      lines.push(line);
      if (lines.length === members) resolve();
    });
    void ended.then((status) => reject(new Error(`ended with ${status} before it served`)));
  });
  const { address, id, name } = JSON.parse(lines[0]!) as Record<'address' | 'id' | 'name', string>;
  const end = (signal: NodeJS.Signals) => {
    child.kill(signal);
    return ended;
  };
  const signal = (which: NodeJS.Signals) => void child.kill(which);
  return { address, id, name, lines, signal, end };
}

/** Ends what a test that failed has left running. */
export function killStarted(): void {
  for (const child of started) child.kill('SIGKILL');
}
