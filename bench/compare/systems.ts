/** The compared systems: redis-server from the path, and members as `shoal start` runs them. */
import { type ChildProcess, fork, spawnSync } from 'node:child_process';
import { connect, createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { ended, type Guarded, keep, startGuarded } from './processes.ts';

const startMaxMs = 15_000;

/** A system that runs, and the processes that it is made of. */
export interface Running {
  readonly pids: readonly number[];
  end(): Promise<void>;
}

export interface RedisProcess extends Running {
  readonly port: number;
}

export interface MemberProcess extends Running {
  readonly address: string;
  readonly id: string;
  readonly child: ChildProcess;
}

/** The first line of `redis-server --version`. */
export function redisVersion(): string {
  const { status, stdout } = spawnSync('redis-server', ['--version'], { encoding: 'utf8' });
  if (status === 0) return stdout.trim();
  throw new Error(
    'expected redis-server on the path, found none: the comparison needs it. Install it, for instance by `apt-get install redis-server`, or compare without it: `npm run bench -- local`.',
  );
}

/** Without persistence, on loopback, on a port that was free. */
export async function startRedis(args: readonly string[] = []): Promise<RedisProcess> {
  const port = await freePort();
  const plain = ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
  const quiet = ['--loglevel', 'warning', '--daemonize', 'no', '--dir', '/tmp'];
  const guarded = await startGuarded('redis-server', [...plain, ...quiet, ...args]);
  await listening(port, guarded);
  return { port, pids: [guarded.pid], end: guarded.end };
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as { port: number };
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

async function listening(port: number, guarded: Guarded): Promise<void> {
  const endsAt = performance.now() + startMaxMs;
  while (!(await accepts(port))) {
    if (performance.now() > endsAt) {
      await guarded.end();
      throw new Error(`redis-server does not answer on port ${port}; see what it says above`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  return new Promise((resolve) => {
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
  }).then((is) => {
    socket.destroy();
    return is === true;
  });
}

/** `shoal start` from what was built, with its own defaults beside what is given. */
export async function startMember(seeds: readonly string[] = []): Promise<MemberProcess> {
  const args = ['start', '--listen', '127.0.0.1:0', '--json'];
  for (const seed of seeds) args.push('--seed', seed);
  const child = keep(
    fork('dist/cli/main.js', args, { stdio: ['ignore', 'pipe', 'ignore', 'ipc'] }),
  );
  const line = await firstLine(child);
  const { address, id } = JSON.parse(line) as Record<'address' | 'id', string>;
  const end = () => {
    child.kill('SIGKILL');
    return ended(child);
  };
  return { address, id, child, pids: [child.pid ?? 0], end };
}

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    if (child.stdout === null) throw new Error('expected a pipe from the member');
    createInterface({ input: child.stdout }).once('line', resolve);
    child.once('exit', (status, signal) => {
      reject(new Error(`the member ended with ${signal ?? status} before it served`));
    });
  });
}
