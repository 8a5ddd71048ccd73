/**
 * `npm run bench:migration [-- --name migration]`: two members with a million entries of 100 bytes
 * become three while a light client offers 30 % of the calls that the two can answer at most. What callers,
 * event loops and handovers see of that goes to bench/results.
 *
 * For a quick look while something is changed: `--offer 15000` offers so many calls a second without looking
 * for the most, and `--seconds 5` is how long it looks at the time before.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { Lateness } from './compare/lateness.ts';
import { plot } from './compare/plot/pictures.ts';
import { ended, keep } from './compare/processes.ts';
import { machine, write } from './compare/results.ts';
import type { Finding } from './compare/summary.ts';
import { CoresWatch } from './migration/cores.ts';
import {
  type CallFigures,
  entries,
  type FromCaller,
  type FromMember,
  type Handover,
  type ToCaller,
  type ToMember,
} from './migration/protocol.ts';

const { values } = parseArgs({
  options: {
    name: { type: 'string', default: 'migration' },
    offer: { type: 'string' },
    seconds: { type: 'string', default: '20' },
  },
});

const share = 0.3;
const floodSeconds = 5;
const warmUpMs = 5_000;
const beforeMs = Number(values.seconds) * 1_000;
const moveMaxMs = 180_000;
/** Primaries are level when none has moved for so long. */
const restMs = 2_000;

/** A process of the bench, and what it says. */
class Child<From extends { readonly kind: string }, To extends object> {
  readonly #child: ChildProcess;
  readonly #listeners = new Set<(message: From) => void>();

  constructor(file: string, args: readonly string[]) {
    this.#child = keep(fork(new URL(file, import.meta.url), [...args]));
    this.#child.on('message', (message: From) => {
      if (message.kind === 'failed') throw new Error(`${file}: ${JSON.stringify(message)}`);
      for (const listener of this.#listeners) listener(message);
    });
  }

  on(listener: (message: From) => void): void {
    this.#listeners.add(listener);
  }

  next<Kind extends From['kind']>(kind: Kind): Promise<Extract<From, { kind: Kind }>> {
    return new Promise((resolve) => {
      const listener = (message: From) => {
        if (message.kind !== kind) return;
        this.#listeners.delete(listener);
        resolve(message as Extract<From, { kind: Kind }>);
      };
      this.#listeners.add(listener);
    });
  }

  tell(message: To): void {
    this.#child.send(message);
  }

  async ask<Kind extends From['kind']>(message: To, kind: Kind) {
    const answer = this.next(kind);
    this.tell(message);
    return answer;
  }

  ended(): Promise<void> {
    return ended(this.#child, 10_000);
  }
}

type MemberChild = Child<FromMember, ToMember>;

async function loadMember(name: string): Promise<MemberChild> {
  const child: MemberChild = new Child('./migration/member.js', [name]);
  await child.next('loaded');
  return child;
}

async function join(child: MemberChild, seeds: readonly string[]) {
  const { address } = await child.ask({ kind: 'join', seeds }, 'ready');
  return { child, address };
}

const first = await join(await loadMember('ann'), []);
const second = await join(await loadMember('bob'), [first.address]);
// It takes a core for a second to read its program, which is nothing of what is measured.
const newcomer = await loadMember('cid');
const half = entries / 2;
console.log(`filling ${entries} entries`);
await Promise.all([
  first.child.ask({ kind: 'fill', from: 0, to: half }, 'done'),
  second.child.ask({ kind: 'fill', from: half, to: entries }, 'done'),
]);

const caller: Child<FromCaller, ToCaller> = new Child('./migration/caller.js', [
  `ws://${first.address}`,
  `ws://${second.address}`,
]);
await caller.next('ready');
const peakPerSecond = values.offer === undefined ? await peak() : Number(values.offer) / share;
const perSecond = Math.round(peakPerSecond * share);
console.log(`peak ${Math.round(peakPerSecond)} calls a second, offering ${perSecond}`);
caller.tell({ kind: 'offer', perSecond });
await pause(warmUpMs);
const all = [first.child, second.child, newcomer];
await watch(all);
const { figures: begun } = await caller.ask({ kind: 'cut' }, 'figures');
const begin = await reports(all);
const cores = new CoresWatch();
await watch(all);
await pause(beforeMs);
const { figures: before } = await caller.ask({ kind: 'cut' }, 'figures');
const quiet = await reports(all);
const othersBefore = cores.others(usedBetween([begun, ...begin], [before, ...quiet]));

await watch(all);
const beganAt = performance.now();
const isLevel = levelled(first.child);
await join(newcomer, [first.address]);
const copies = await isLevel;
await primariesLevelled(first.child);
const tookMs = performance.now() - beganAt;
const { figures: during } = await caller.ask({ kind: 'cut' }, 'figures');
const busy = await reports(all);
const othersDuring = cores.others(usedBetween([before, ...quiet], [during, ...busy]));
await pause(beforeMs / 2);
const { figures: after } = await caller.ask({ kind: 'cut' }, 'figures');
caller.tell({ kind: 'stop' });
await caller.ended();

const blocks = blocksOf(busy.flatMap(({ handovers }) => handovers)).sort((a, b) => a - b);
const blockMs = (of: number) => blocks[Math.min(blocks.length - 1, Math.floor(of * blocks.length))];
const late = (of: readonly { lateness: Lateness | undefined }[], what: 'p999Ms' | 'maxMs') =>
  Math.max(...of.map(({ lateness }) => lateness?.[what] ?? 0));

const findings: Finding[] = [
  ...ofCalls('before', before),
  ...ofCalls('during', during),
  ...ofCalls('after', after),
  found('p99', 'during by before', during.p99Ms / before.p99Ms, 'x', 2),
  found('longest wait', 'during', during.maxMs, 'ms', 500),
  found('handover block p99', 'during', blockMs(0.99) ?? 0, 'ms', 50),
  found('handover block p50', 'during', blockMs(0.5) ?? 0, 'ms'),
  found('handover block max', 'during', blockMs(1) ?? 0, 'ms'),
  found('handovers', 'during', blocks.length, ''),
  found('copies', 'during', copies, ''),
  found('joining to level', 'during', tookMs / 1_000, 's'),
  found('loop late p99.9', 'before', late(quiet, 'p999Ms'), 'ms'),
  found('loop late p99.9', 'during', late(busy, 'p999Ms'), 'ms', 20),
  found('loop late max', 'during', late(busy, 'maxMs'), 'ms', 100),
  found('peak', 'two members', peakPerSecond, '/s'),
  found('offered', 'all along', perSecond, '/s'),
  found('cores used by others', 'before', othersBefore, ''),
  found('cores used by others', 'during', othersDuring, ''),
];
for (const { name, of, value, unit, asked } of findings) {
  const goal = asked === undefined ? '' : `  (goal: at most ${asked.goal})`;
  console.log(`${name}, ${of}: ${value.toFixed(2)} ${unit}${goal}`);
}
const path = write(
  {
    command: `npm run bench:migration -- ${process.argv.slice(2).join(' ')}`,
    at: new Date().toISOString(),
    machine: machine(),
    versions: { node: process.version },
    findings,
    summaries: [],
    rows: [],
    failures: [],
    pace: { rounds: 1, seconds: beforeMs / 1_000 } as never,
  },
  values.name,
);
console.log(`${path}\n${plot()}`);
process.exit(0);

type Used = { readonly cpuMs: number };

/** Milliseconds of all processes of the bench, but for this one, which waits. */
function usedBetween(from: readonly Used[], to: readonly Used[]): number {
  const sum = (used: readonly Used[]) => used.reduce((ms, { cpuMs }) => ms + cpuMs, 0);
  return sum(to) - sum(from);
}

/** The most calls a second that the two answer; the first round warms up. */
async function peak(): Promise<number> {
  await caller.ask({ kind: 'flood', seconds: floodSeconds }, 'figures');
  const { figures } = await caller.ask({ kind: 'flood', seconds: floodSeconds }, 'figures');
  return figures.perSecond;
}

async function watch(members: readonly MemberChild[]): Promise<void> {
  await Promise.all(members.map((member) => member.ask({ kind: 'watch' }, 'done')));
}

function reports(members: readonly MemberChild[]) {
  return Promise.all(members.map((member) => member.ask({ kind: 'report' }, 'report')));
}

/** Resolves with the number of copies that were made, when none is left. */
function levelled(member: MemberChild): Promise<number> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('copies did not become level')), moveMaxMs);
    member.on((message) => {
      if (message.kind !== 'progress' || message.left > 0) return;
      clearTimeout(timer);
      resolve(message.made);
    });
  });
}

/** Resolves when copies are level and no primary moves any more. */
function primariesLevelled(member: MemberChild): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, restMs);
    member.on(({ kind }) => {
      if (kind === 'moved') timer.refresh();
    });
  });
}

/** How long each partition was served by nobody while it passed from one primary to the next. */
function blocksOf(handovers: readonly Handover[]): number[] {
  const stoppedAt = new Map<number, number>();
  const found: number[] = [];
  for (const { partition, at, kind } of handovers.toSorted((a, b) => a.at - b.at)) {
    const stopped = stoppedAt.get(partition);
    if (kind === 'stops') {
      stoppedAt.set(partition, at);
    } else if (stopped !== undefined) {
      found.push(at - stopped);
      stoppedAt.delete(partition);
    }
  }
  return found;
}

function ofCalls(of: string, figures: CallFigures): Finding[] {
  const { calls, p50Ms, p99Ms, p999Ms, maxMs, errors } = figures;
  return [
    found('calls', of, calls, ''),
    found('p50', of, p50Ms, 'ms'),
    found('p99', of, p99Ms, 'ms'),
    found('p99.9', of, p999Ms, 'ms'),
    found('max', of, maxMs, 'ms'),
    found('errors', of, errors, '', 0),
  ];
}

function found(name: string, of: string, value: number, unit: string, goal?: number): Finding {
  if (goal === undefined) return { name, of, value, unit };
  return { name, of, value, unit, asked: { goal, isLessBetter: true } };
}
