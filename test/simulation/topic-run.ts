/** One run of a topic in a simulated grid from a seed: form, publish, faults, heal, converge, check. */
import { seededRandom } from '../../src/base/random.ts';
import { drawSwarm, FaultPlan, type Swarm } from '../../src/testing/faults.ts';
import { lastOf, TopicChecker } from '../histories/topic-checker.ts';
import { ClientFaults } from './client-faults.ts';
import { clientCounts, describe, mayCrash } from './grid-run.ts';
import { drawShape, GridWorld } from './grid-world.ts';
import { TargetedFaults } from './targeted-faults.ts';
import { TopicWorkload, topicName } from './topic-workload.ts';

export interface TopicRunResult {
  readonly seed: number;
  readonly violations: readonly string[];
  readonly looks: TopicChecker['looks'];
  readonly subscriptions: number;
  readonly faults: number;
  readonly clients: Readonly<Record<string, number>>;
}

const convergeMs = 90_000;

export function runTopic(seed: number, faultsMs: number): TopicRunResult {
  const random = seededRandom(seed * 2 + 1);
  const drawn = drawSwarm(random);
  // A path that was clogged owes what it was handed long after it is well again, and topics hand it much.
  const kinds = drawn.kinds.filter((kind) => kind !== 'clog');
  const swarm: Swarm = { ...drawn, kinds: kinds.length > 0 ? kinds : ['crash', 'cut'] };
  const shape = drawShape(random);
  const { mode, quality } = swarm;
  const grid = new GridWorld(seed, shape, { mode, quality, traceLinesMax: 0 });
  const { world } = grid;
  const workload = new TopicWorkload(grid, random);
  const checker = new TopicChecker();
  const violations: string[] = [];
  const expectTrue = (isTrue: boolean, what: string) => {
    if (!isTrue) violations.push(`${world.now.toFixed(0)} ms: ${what}`);
  };

  expectTrue(grid.settle(convergeMs), 'the cluster did not form');
  grid.define('topic', topicName, { retain: random.pick([0, 10, 1_000]) });
  expectTrue(grid.settle(convergeMs), 'the topic did not settle');
  workload.start();
  world.runFor(500);
  const plan = new FaultPlan(world, swarm, { mayCrash: (name) => mayCrash(grid, name) });
  plan.inject(faultsMs);
  const targeted = new TargetedFaults(grid, seed, (name) => mayCrash(grid, name));
  if (random.below(2) === 0) targeted.inject();
  const clientFaults = new ClientFaults(grid, seed);
  clientFaults.inject();
  world.runFor(faultsMs);
  targeted.heal();
  clientFaults.heal();
  plan.heal();
  world.runFor(2_000);
  for (const process of grid.callers) if (!process.isUp) world.restart(process.name);
  expectTrue(grid.settle(convergeMs), `the grid did not converge: ${describe(grid)}`);
  // A link that is half-open for data alone is found within 9 s.
  world.runFor(12_000);
  workload.stop();
  world.runUntil(() => workload.open === 0, world.now + 10_000);
  const [first] = grid.processes;
  const acknowledged = workload.publishes.reduce(
    (most, { number = 0 }) => Math.max(most, number),
    0,
  );
  if (first !== undefined) {
    const all = workload.readAll(first);
    const isThere = () =>
      workload.subscriptions.every((record) => record.isOver || lastOf(record) >= acknowledged);
    world.runUntil(isThere, world.now + 15_000);
    world.runFor(2_000);
    checker.check(workload.publishes, workload.subscriptions, whoSawMost(workload, all));
  }
  return {
    seed,
    violations: [...violations, ...checker.violations],
    looks: checker.looks,
    subscriptions: workload.subscriptions.length,
    clients: clientCounts(grid),
    faults: [...world.counts.faults.values()].reduce((sum, count) => sum + count, 0),
  };
}

/** A topic that retains nothing has nothing to read at the end; its last subscribers say where it ends. */
function whoSawMost(workload: TopicWorkload, all: TopicWorkload['subscriptions'][number]) {
  const living = workload.subscriptions.filter((record) => !record.isOver);
  return living.reduce((most, record) => (lastOf(record) > lastOf(most) ? record : most), all);
}
