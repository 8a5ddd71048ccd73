/**
 * The processes of a comparison: started here, and ended whatever happens. Those of Node end when their
 * channel to this process closes; what knows no channel has a shell beside it that ends it.
 */
import { type ChildProcess, spawn } from 'node:child_process';

const started = new Set<ChildProcess>();

/** Keeps it until it has ended by itself. */
export function keep<Child extends ChildProcess>(child: Child): Child {
  started.add(child);
  child.once('exit', () => started.delete(child));
  return child;
}

export function endAll(): void {
  for (const child of started) child.kill('SIGKILL');
  started.clear();
}

process.on('exit', endAll);
for (const [signal, status] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const) {
  process.on(signal, () => process.exit(status));
}

/**
 * Runs the command in the background, in a new folder, prints its process id and the folder, and ends
 * both when nobody holds the input.
 */
const guard = `
  folder=$(mktemp -d) && cd "$folder" || exit
  "$@" >/dev/null & echo "$! $folder"
  exec 2>/dev/null; read -r _
  kill -KILL $!; wait $!; rm -r "$folder"`;

export interface Guarded {
  readonly pid: number;
  /** In which it runs; what it leaves there goes with it. */
  readonly folder: string;
  /** Resolves when it is gone. */
  end(): Promise<void>;
}

/** A program that is no Node program, as a child of this process that cannot outlive it. */
export async function startGuarded(command: string, args: readonly string[]): Promise<Guarded> {
  // Not among those that are killed: it must live a moment longer than this process, to end the other.
  const shell = spawn('sh', ['-c', guard, 'sh', command, ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
    detached: true,
  });
  const ended = new Promise<void>((resolve) => shell.once('exit', () => resolve()));
  const line = await new Promise<string>((resolve, reject) => {
    shell.stdout.once('data', (text) => resolve(`${text}`.trim()));
    void ended.then(() => reject(new Error(`${command} did not start`)));
  });
  shell.unref();
  const end = () => {
    shell.ref();
    shell.stdin.end();
    return ended;
  };
  const [pid, folder = ''] = line.split(' ', 2);
  return { pid: Number(pid), folder, end };
}

/** Resolves when it has ended; after a while it is killed. */
export async function ended(child: ChildProcess, patienceMs = 5_000): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const timer = setTimeout(() => child.kill('SIGKILL'), patienceMs);
  await new Promise((resolve) => child.once('exit', resolve));
  clearTimeout(timer);
}
