/** The compared systems: redis-server from the path, and members as `shoal start` runs them. */
import { type ChildProcess, fork, spawnSync } from 'node:child_process';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { ended, keep, startGuarded } from './processes.ts';

const startMaxMs = 15_000;
const logLinesMax = 1_000;
const socketName = 'redis.sock';

/** A system that runs, and the processes that it is made of. */
export interface Running {
  readonly pids: readonly number[];
  end(): Promise<void>;
}

export interface RedisProcess extends Running {
  readonly port: number;
  /** The path of its unix socket. */
  readonly socket: string;
}

export interface MemberProcess extends Running {
  readonly address: string;
  readonly id: string;
  /** What it has logged, a line each, the first thousand. */
  readonly log: readonly string[];
}

/** The first line of `redis-server --version`. */
export function redisVersion(): string {
  const { status, stdout } = spawnSync('redis-server', ['--version'], { encoding: 'utf8' });
  if (status === 0) return stdout.trim();
  throw new Error(
    'expected redis-server on the path, found none: the comparison needs it. Install it, for instance by `apt-get install redis-server`, or compare without it: `npm run bench -- local`.',
  );
}

interface RedisOptions {
  /** The port of the one that it copies; it has the copy when it is given back. */
  readonly replicaOf?: number;
}

/** Without persistence, on loopback, on a port that was free, and on a unix socket. */
export async function startRedis({ replicaOf }: RedisOptions = {}): Promise<RedisProcess> {
  const port = await freePort();
  const plain = ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
  const quiet = ['--loglevel', 'warning', '--daemonize', 'no'];
  const unix = ['--unixsocket', socketName];
  // A copy over the network alone, at once: by default it waits five seconds for other replicas.
  const copying = ['--repl-diskless-sync', 'yes', '--repl-diskless-sync-delay', '0'];
  const replica = replicaOf === undefined ? [] : ['--replicaof', `127.0.0.1 ${replicaOf}`];
  const args = [...plain, ...quiet, ...unix, ...copying, ...replica];
  const { pid, folder, end } = await startGuarded('redis-server', args);
  await until(() => accepts(port), `redis-server to answer on port ${port}`);
  if (replicaOf !== undefined) await until(() => hasCopy(port), 'the replica to have its copy');
  return { port, socket: join(folder, socketName), pids: [pid], end };
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as { port: number };
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

/** Asks again and again; what it waits for in vain is named. */
export async function until(
  is: () => Promise<boolean>,
  what: string,
  waitMaxMs = startMaxMs,
): Promise<void> {
  const endsAt = performance.now() + waitMaxMs;
  while (!(await is())) {
    if (performance.now() > endsAt) throw new Error(`waited ${waitMaxMs} ms in vain for ${what}`);
    await pause(20);
  }
}

async function hasCopy(port: number): Promise<boolean> {
  const redis = new Redis({ host: '127.0.0.1', port, lazyConnect: true });
  await redis.connect();
  const text = await redis.info('replication');
  redis.disconnect();
  return text.includes('master_link_status:up');
}

/** Resolves when every copy is in sync, as each of the members sees it. */
export async function safe(members: readonly MemberProcess[]): Promise<void> {
  for (const { address } of members) {
    await until(async () => (await fetch(`http://${address}/safez`)).ok, `${address} to be safe`);
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
  const child = keep(fork('dist/cli/main.js', args, { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] }));
  const log = logOf(child);
  const line = await firstLine(child);
  const { address, id } = JSON.parse(line) as Record<'address' | 'id', string>;
  const end = () => {
    child.kill('SIGKILL');
    return ended(child);
  };
  return { address, id, log, pids: [child.pid ?? 0], end };
}

export interface BareProcess extends Running {
  /** Of its local socket. */
  readonly path: string;
}

/** One store, without another. */
export async function startBareStore(): Promise<BareProcess> {
  return (await openBareStore()).running;
}

/** Two stores that keep each other's sets. */
export async function startBarePair(): Promise<readonly BareProcess[]> {
  const stores = await Promise.all([openBareStore(), openBareStore()]);
  const [first, second] = stores;
  await Promise.all([first.connect(second.running.path), second.connect(first.running.path)]);
  return stores.map(({ running }) => running);
}

interface BareStore {
  readonly running: BareProcess;
  /** Resolves when it has reached the other one. */
  connect(path: string): Promise<unknown>;
}

async function openBareStore(): Promise<BareStore> {
  const store = keep(fork(new URL('./bare-store.js', import.meta.url)));
  const path = await pathOf(store);
  const end = () => {
    if (store.connected) store.disconnect();
    return ended(store);
  };
  return {
    running: { path, pids: [store.pid ?? 0], end },
    connect(other) {
      const isConnected = pathOf(store);
      store.send({ path: other });
      return isConnected;
    },
  };
}

/** It tells it when it listens, and when it has reached the other one. */
function pathOf(store: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    store.once('message', (message) => resolve((message as { path: string }).path));
    store.once('exit', (status) => reject(new Error(`a bare store ended with ${status}`)));
  });
}

function logOf(child: ChildProcess): string[] {
  const lines: string[] = [];
  if (child.stderr === null) throw new Error('expected a pipe from the member');
  createInterface({ input: child.stderr }).on('line', (line) => {
    if (lines.length < logLinesMax) lines.push(line);
  });
  return lines;
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
