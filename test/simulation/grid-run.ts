/** One run of a simulated grid from a seed: form, load, faults, heal, converge, check. */
import { seededRandom } from '../../src/base/random.ts';
import type { Member } from '../../src/member/member.ts';
import { isMoving } from '../../src/partition/meta-state.ts';
import { drawSwarm, FaultPlan } from '../../src/testing/faults.ts';
import { checkLinearizable } from '../../src/testing/linearizability/check.ts';
import { mapEntryModel } from '../../src/testing/linearizability/map-entry-model.ts';
import { ClientFaults } from './client-faults.ts';
import { drawShape, GridWorld } from './grid-world.ts';
import { Invariants } from './invariants.ts';
import { QueueWorkload, queueName } from './queue-workload.ts';
import { TargetedFaults } from './targeted-faults.ts';
import { mapName, Workload } from './workload.ts';

export interface GridRunOptions {
  /** How long faults go on, in the world's time. */
  readonly faultsMs: number;
  readonly traceLinesMax: number;
  /** Whether there are targeted faults as well; each seed draws it where this is left out. */
  readonly isTargeted?: boolean;
}

export interface GridRunResult {
  readonly seed: number;
  /** Empty where everything held. */
  readonly violations: readonly string[];
  readonly hash: string;
  readonly worldMs: number;
  readonly operations: Readonly<Record<'ok' | 'failed' | 'unknown', number>>;
  readonly queues: Readonly<Record<string, number>>;
  readonly clients: Readonly<Record<string, number>>;
  readonly errors: ReadonlyMap<string, number>;
  readonly faults: ReadonlyMap<string, number>;
  readonly messages: number;
  readonly looks: Readonly<Record<string, number>>;
  readonly shape: string;
  readonly trace: readonly string[];
}

const convergeMs = 90_000;

export function runGrid(seed: number, options: GridRunOptions): GridRunResult {
  // A stream of its own, so that what the world draws does not change what is drawn here.
  const random = seededRandom(seed * 2 + 1);
  const swarm = drawSwarm(random);
  const shape = drawShape(random);
  const { mode, quality } = swarm;
  const { traceLinesMax, faultsMs } = options;
  const isTargeted = options.isTargeted ?? random.below(2) === 0;
  const grid = new GridWorld(seed, shape, { mode, quality, traceLinesMax });
  const invariants = new Invariants(grid);
  const workload = new Workload(grid, random, {
    clients: 6,
    keys: isTargeted ? 3 : 6,
    pauseMs: isTargeted ? 30 : random.pick([20, 60, 150]),
    timeoutMs: 4_000,
  });
  const targeted = new TargetedFaults(grid, seed, (name) => mayCrash(grid, name));
  const clientFaults = new ClientFaults(grid, seed);
  const queues = new QueueWorkload(grid, random, random.pick([20, 60, 150]));
  const queueOptions = random.pick([{}, { capacity: 1 }, { capacity: 5 }]);
  const violations: string[] = [];
  const expectTrue = (isTrue: boolean, what: string) => {
    if (!isTrue) violations.push(`${grid.world.now.toFixed(0)} ms: ${what}`);
    return isTrue;
  };
  const plan = new FaultPlan(grid.world, swarm, { mayCrash: (name) => mayCrash(grid, name) });

  if (expectTrue(grid.settle(convergeMs), 'the cluster did not form')) {
    grid.define('map', mapName);
    grid.define('queue', queueName, queueOptions);
    expectTrue(grid.settle(convergeMs), 'the structures did not settle');
    workload.start();
    queues.start();
    grid.world.runFor(1_000);
    plan.inject(faultsMs);
    if (isTargeted) targeted.inject();
    clientFaults.inject();
    const end = grid.world.now + faultsMs;
    while (grid.world.now < end && invariants.violations.length === 0) {
      grid.world.runFor(20);
      invariants.check();
    }
    targeted.heal();
    clientFaults.heal();
    plan.heal();
    finish(grid, workload, queues, invariants, expectTrue);
    violations.push(...queues.history.violations());
  }
  const history = workload.history.history();
  const verdict = checkLinearizable(mapEntryModel, history);
  if (verdict.verdict !== 'ok') violations.push(`${verdict.verdict}: ${verdict.explanation}`);
  violations.push(...invariants.violations);
  return {
    seed,
    violations,
    hash: grid.world.traceHash,
    worldMs: grid.world.now,
    operations: workload.ended,
    queues: { ...queues.ended, ...queues.history.counts },
    clients: clientCounts(grid),
    errors: workload.errors,
    faults: grid.world.counts.faults,
    messages: [...grid.world.counts.messages.values()].reduce((sum, count) => sum + count, 0),
    looks: invariants.looks,
    shape: JSON.stringify({ ...shape, limits: undefined, kinds: swarm.kinds, mode, isTargeted }),
    trace: violations.length > 0 ? grid.world.traceLines : [],
  };
}

/** What light clients went through. */
export function clientCounts({ world, clientLooks }: GridWorld): Record<string, number> {
  return { ...Object.fromEntries(world.counts.sockets), ...clientLooks.counts };
}

/** The calm after the faults: everything has to come back, without anybody's help. */
function finish(
  grid: GridWorld,
  workload: Workload,
  queues: QueueWorkload,
  invariants: Invariants,
  expectTrue: (isTrue: boolean, what: string) => boolean,
): void {
  grid.world.runFor(2_000);
  const okBefore = workload.ended.ok;
  for (const process of grid.callers) if (!process.isUp) grid.world.restart(process.name);
  expectTrue(grid.settle(convergeMs), `the grid did not converge: ${describe(grid)}`);
  // A link that is half-open for data alone is found within 9 s.
  grid.world.runUntil(() => workload.ended.ok > okBefore + 20, grid.world.now + 12_000);
  expectTrue(workload.ended.ok > okBefore + 20, 'operations do not succeed after the faults');
  workload.stop();
  queues.stop();
  grid.world.runUntil(() => workload.open === 0, grid.world.now + 10_000);
  for (const process of grid.callers) workload.readAll(process);
  const isRead = grid.world.runUntil(() => workload.open === 0, grid.world.now + 10_000);
  expectTrue(isRead, 'the last reads got no answer');
  finishQueues(grid, queues, expectTrue);
  grid.world.runFor(1_000);
  invariants.check();
  invariants.checkQuiescent();
}

/** Every call ends, every item can be taken, and nothing is kept for calls that have ended. */
function finishQueues(
  grid: GridWorld,
  queues: QueueWorkload,
  expectTrue: (isTrue: boolean, what: string) => boolean,
): void {
  const { world } = grid;
  const isOver = () => queues.open === 0;
  expectTrue(world.runUntil(isOver, world.now + 20_000), 'calls of the queue did not end');
  let isDrained = false;
  const [first] = grid.processes;
  if (first !== undefined) {
    queues.drain(first, () => {
      isDrained = true;
    });
  }
  expectTrue(
    world.runUntil(() => isDrained, world.now + 20_000),
    'the queue was not drained',
  );
  // Waits of calls without an answer last as long as they were to, and some seconds more.
  world.runFor(20_000);
  const left = grid.members.map((member) => entriesOf(member));
  const most = Math.max(...left);
  expectTrue(most <= queues.owed, `${most} records are left of the queue, ${queues.owed} expected`);
}

function entriesOf(member: Member): number {
  const row = member.router.structure('queue', queueName);
  let entries = 0;
  if (row === undefined) return entries;
  for (const { replica } of member.host.replicas()) {
    entries += replica.state.options.content.stores.get(row.id)?.entries ?? 0;
  }
  return entries;
}

/**
 * Whether the backups cover one more crash: whoever crashed before is a member again, each row keeps a copy in
 * sync on a process that is up, and the voters a majority. A harness that kills more proves nothing.
 */
export function mayCrash(grid: GridWorld, name: string): boolean {
  const newest = grid.newest;
  const client = grid.clients.find((process) => process.name === name);
  if (client !== undefined) return client.isUp;
  const victim = grid.processes.find((process) => process.name === name);
  if (newest === undefined || victim === undefined || !victim.isUp) return false;
  const { members } = newest.state;
  if (members.size !== grid.processes.length) return false;
  if (grid.processes.some((process) => !process.isUp || !members.has(process.id))) return false;
  const up = new Set(
    grid.processes
      .filter((process) => process.isUp && !process.isPaused && process.name !== name)
      .map((process) => process.id),
  );
  // A change of the voters counts from when any member has it in its log.
  for (const { meta } of grid.members) {
    const voters = meta.raft?.config.voters ?? [];
    const votes = voters.filter((id) => up.has(id)).length;
    if (voters.length > 0 && votes <= voters.length / 2) return false;
  }
  return (
    !isChanging(grid) &&
    newest.state.groups.every((rows) =>
      rows?.every((row) => row.inSync.length > 1 && row.inSync.some((id) => up.has(id))),
    )
  );
}

/** What a reader of a failed run wants to know first of each process. */
export function describe(grid: GridWorld): string {
  return grid.processes
    .map((process) =>
      process.isUp ? describeMember(process.name, process.program.member) : `${process.name} down`,
    )
    .join('\n  ');
}

function describeMember(name: string, member: Member): string {
  const { raft } = member.meta;
  const moving = member.state.groups.flatMap((rows) => rows ?? []).filter(isMoving);
  const replicas = [...member.host.replicas()].map(
    ({ partition, replica: { role, state } }) => `${partition} ${role} of term ${state.term}`,
  );
  return JSON.stringify({
    name,
    isReady: member.isReady,
    lacks: member.unsafeReason,
    role: raft?.role,
    term: raft?.term,
    voters: raft?.config.voters,
    log: `${raft?.commit} of ${raft?.lastIndex}, config at ${raft?.configIndex}`,
    members: [...member.state.members.values()].map(({ id, status }) => `${id} ${status}`),
    moving,
    replicas,
  });
}

/**
 * Whether a set in sync may shrink at any moment by a proposal that is on its way: then the copies that the
 * table shows cover nothing. A promotion may propose as well.
 */
function isChanging(grid: GridWorld): boolean {
  return grid.members.some((member) =>
    [...member.host.replicas()].some(
      ({ replica }) => replica.role === 'promotion' || replica.primary?.hasProposed === true,
    ),
  );
}
