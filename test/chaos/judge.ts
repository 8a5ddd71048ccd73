/** Looks through a history for anything that the grid does not allow: lost, doubled, out of order, unannounced. */
import type { HistoryEvent } from './history.ts';
import { judgeCounters, judgeMaps } from './judge-maps.ts';
import { judgeQueues } from './judge-queues.ts';
import { judgeTopics } from './judge-topics.ts';
import type { Finding } from './replay.ts';

export function judge(events: readonly HistoryEvent[]): Finding[] {
  return [judgeMaps(events), judgeCounters(events), judgeQueues(events), judgeTopics(events)];
}
