/** One run of a topic in a simulated grid from a seed: form, publish, faults, heal, converge, check. */
import type { FaultKind } from '../../src/testing/fault-kinds.ts';
import { lastOf, TopicChecker } from '../histories/topic-checker.ts';
import { TopicIncarnations } from '../histories/topic-incarnations.ts';
import { Destruction } from './destruction.ts';
import { rumoursName, TopicWorkload, topicName } from './topic-workload.ts';
import { type RunOptions, type RunResult, Trial } from './trial.ts';

/** A path that was clogged owes what it was handed long after it is well again, and topics hand it much. */
export const withoutInTopics: readonly FaultKind[] = ['clog'];

export function runTopic(seed: number, options: RunOptions): RunResult {
  const trial = new Trial(seed, {
    ...options,
    without: [...(options.without ?? []), ...withoutInTopics],
  });
  const { grid, random } = trial;
  const { bounds } = trial.invariants;
  const definition = { backups: grid.shape.backups, retain: random.pick([0, 10, 1_000]) };
  const news = new TopicWorkload(grid, random, {
    name: topicName,
    publishers: 4,
    definition,
    destruction: undefined,
    bounds,
  });
  const rumours = new TopicWorkload(grid, random, {
    name: rumoursName,
    publishers: 1,
    definition,
    destruction: new Destruction(grid, random, 'topic', rumoursName, definition),
    bounds,
  });
  const checker = new TopicChecker();
  const incarnations = new TopicIncarnations(rumours.incarnations);
  if (trial.settle('the cluster did not form')) {
    for (const name of [topicName, rumoursName]) grid.define('topic', name, definition);
    trial.settle('the topics did not settle');
    for (const workload of [news, rumours]) workload.start();
    trial.rest(500);
    trial.disturb();
    finish(trial, news, rumours, checker);
    incarnations.check(rumours.publishes, rumours.subscriptions);
  }
  const violations = [...checker.violations, ...incarnations.violations, ...rumours.violations];
  return trial.result(violations, {
    topics: { ...checker.looks, subscriptions: news.subscriptions.length },
    rumours: { ...incarnations.looks, subscriptions: rumours.subscriptions.length },
  });
}

function finish(
  trial: Trial,
  news: TopicWorkload,
  rumours: TopicWorkload,
  checker: TopicChecker,
): void {
  const { processes } = trial.grid;
  rumours.stopDestroying();
  // A link that is half-open for data alone is found within 9 s.
  trial.rest(12_000);
  for (const workload of [news, rumours]) workload.stop();
  trial.expectWithin(10_000, 'publishes did not end', () => news.open + rumours.open === 0);
  const [first] = processes;
  if (first === undefined) return;
  const all = news.readAll(first);
  trial.watch(15_000, () => news.isHeard);
  trial.expectWithin(15_000, 'a subscriber stays behind a restart', () => rumours.isHeard);
  trial.rest(2_000);
  checker.check(news.publishes, news.subscriptions, whoSawMost(news, all));
}

/** A topic that retains nothing has nothing to read at the end; its last subscribers say where it ends. */
function whoSawMost(workload: TopicWorkload, all: TopicWorkload['subscriptions'][number]) {
  const living = workload.subscriptions.filter((record) => !record.isOver);
  return living.reduce((most, record) => (lastOf(record) > lastOf(most) ? record : most), all);
}
