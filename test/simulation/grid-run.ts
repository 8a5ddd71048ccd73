/**
 * One run of maps, of a set and of queues in a simulated grid from a seed: form, load, faults, heal, converge, check.
 */
import type { Member } from '../../src/member/member.ts';
import { BurstWorkload, burstsName } from './burst-workload.ts';
import { Destruction } from './destruction.ts';
import { errandsName, QueueWorkload, queueName } from './queue-workload.ts';
import { SetWorkload, setName } from './set-workload.ts';
import { type RunOptions, type RunResult, Trial } from './trial.ts';
import { mapName, scratchName, Workload } from './workload.ts';

interface Load {
  readonly maps: Workload;
  /** Of a map in which each key is set once. */
  readonly set: SetWorkload;
  readonly queue: QueueWorkload;
  /** The queue that is destroyed. */
  readonly errands: QueueWorkload;
  readonly bursts: BurstWorkload;
}

export function runGrid(seed: number, options: RunOptions): RunResult {
  const trial = new Trial(seed, options);
  const { grid, random } = trial;
  const queueOptions = random.pick([{}, { capacity: 1 }, { capacity: 5 }]);
  const load = loadOf(trial, queueOptions);
  const { maps, set, queue, errands, bursts } = load;
  if (trial.settle('the cluster did not form')) {
    for (const name of [mapName, scratchName, setName, burstsName]) grid.define('map', name);
    for (const name of [queueName, errandsName]) grid.define('queue', name, queueOptions);
    trial.settle('the structures did not settle');
    for (const workload of [maps, set, queue, errands]) workload.start();
    if (random.below(3) === 0) bursts.start();
    trial.rest(1_000);
    trial.disturb();
    finish(trial, load);
  }
  const violations = [maps, set, queue, errands, bursts].flatMap((workload) =>
    workload.violations(),
  );
  return trial.result(violations, {
    maps: maps.counts,
    set: set.counts,
    queues: queue.counts,
    errands: errands.counts,
    bursts: bursts.counts,
  });
}

function loadOf({ grid, random, isTargeted }: Trial, queueOptions: object): Load {
  const maps = new Workload(grid, random, {
    callers: 6,
    keys: isTargeted ? 3 : 6,
    pauseMs: isTargeted ? 30 : random.pick([20, 60, 150]),
    timeoutMs: 4_000,
  });
  const queue = new QueueWorkload(grid, random, {
    name: queueName,
    pauseMs: random.pick([20, 60, 150]),
    pushers: 6,
    takers: 8,
    destruction: undefined,
  });
  const errands = new QueueWorkload(grid, random, {
    name: errandsName,
    pauseMs: random.pick([60, 150]),
    pushers: 2,
    takers: 3,
    destruction: new Destruction(grid, random, 'queue', errandsName, queueOptions),
  });
  const bursts = new BurstWorkload(grid, random);
  return { maps, set: new SetWorkload(grid, random), queue, errands, bursts };
}

/** The calm after the faults: calls succeed, end, and leave nothing behind. */
function finish(trial: Trial, { maps, set, queue, errands, bursts }: Load): void {
  const { grid, invariants } = trial;
  const okBefore = maps.calling.ended.ok;
  // A link that is half-open for data alone is found within 9 s.
  const goesOn = () => maps.calling.ended.ok > okBefore + 20;
  trial.expectWithin(12_000, 'operations do not succeed after the faults', goesOn);
  for (const workload of [maps, set, queue, errands, bursts]) workload.stop();
  const areRead = () => maps.open + set.open + bursts.open === 0;
  trial.expectWithin(20_000, 'calls of maps did not end', areRead);
  maps.readAll();
  set.readAll();
  bursts.readAll();
  trial.expectWithin(10_000, 'the last reads got no answer', areRead);
  trial.expectWithin(20_000, 'calls of queues did not end', () => queue.open + errands.open === 0);
  drain(trial, queue);
  drain(trial, errands);
  // Waits of calls without an answer last as long as they were to, and some seconds more.
  trial.rest(20_000);
  const most = Math.max(...grid.members.map(entriesOf));
  trial.expect(most <= queue.owed, `${most} records are left of a queue that owes ${queue.owed}`);
  invariants.check();
  invariants.checkQuiescent();
}

function drain(trial: Trial, queue: QueueWorkload): void {
  let isDrained = false;
  const [first] = trial.grid.processes;
  if (first !== undefined) {
    queue.drain(first, () => {
      isDrained = true;
    });
  }
  trial.expectWithin(20_000, 'a queue was not drained', () => isDrained);
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
