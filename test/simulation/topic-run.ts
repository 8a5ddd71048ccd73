/** One run of a topic in a simulated grid from a seed: form, publish, faults, heal, converge, check. */
import { lastOf, TopicChecker } from '../histories/topic-checker.ts';
import { TopicWorkload, topicName } from './topic-workload.ts';
import { type RunOptions, type RunResult, Trial } from './trial.ts';

export function runTopic(seed: number, options: RunOptions): RunResult {
  // A path that was clogged owes what it was handed long after it is well again, and topics hand it much.
  const trial = new Trial(seed, { ...options, without: ['clog'] });
  const { grid, random } = trial;
  const workload = new TopicWorkload(grid, random);
  const checker = new TopicChecker();
  if (trial.settle('the cluster did not form')) {
    grid.define('topic', topicName, { retain: random.pick([0, 10, 1_000]) });
    trial.settle('the topic did not settle');
    workload.start();
    grid.world.runFor(500);
    trial.disturb();
    finish(trial, workload, checker);
  }
  const subscriptions = workload.subscriptions.length;
  return trial.result(checker.violations, { topics: { ...checker.looks, subscriptions } });
}

function finish(trial: Trial, workload: TopicWorkload, checker: TopicChecker): void {
  const { world, processes } = trial.grid;
  // A link that is half-open for data alone is found within 9 s.
  world.runFor(12_000);
  workload.stop();
  trial.expectWithin(10_000, 'publishes did not end', () => workload.open === 0);
  const [first] = processes;
  if (first === undefined) return;
  const all = workload.readAll(first);
  const acknowledged = workload.publishes.reduce(
    (most, { number = 0 }) => Math.max(most, number),
    0,
  );
  const isThere = () =>
    workload.subscriptions.every((record) => record.isOver || lastOf(record) >= acknowledged);
  world.runUntil(isThere, world.now + 15_000);
  world.runFor(2_000);
  checker.check(workload.publishes, workload.subscriptions, whoSawMost(workload, all));
}

/** A topic that retains nothing has nothing to read at the end; its last subscribers say where it ends. */
function whoSawMost(workload: TopicWorkload, all: TopicWorkload['subscriptions'][number]) {
  const living = workload.subscriptions.filter((record) => !record.isOver);
  return living.reduce((most, record) => (lastOf(record) > lastOf(most) ? record : most), all);
}
