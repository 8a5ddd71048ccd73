/** The part of the judgement that is about topics. */
import {
  type PublishRecord,
  type SubscriptionRecord,
  TopicChecker,
} from '../histories/topic-checker.ts';
import type { HistoryEvent } from './history.ts';
import { type Finding, isComplete, replayCalls } from './replay.ts';

/** The last subscription of each topic is made when all is quiet, from the first message on. */
export function judgeTopics(events: readonly HistoryEvent[]): Finding {
  const subscriptions = subscriptionsOf(events);
  const publishes = publishesOf(events);
  const figures = { topics: 0, published: 0, subscriptions: 0, messages: 0, owed: 0, gaps: 0 };
  const violations: string[] = [];
  for (const [topic, records] of subscriptions) {
    const all = isComplete(events) ? records.at(-1) : undefined;
    if (all === undefined) continue;
    const checker = new TopicChecker();
    checker.check(publishes.get(topic) ?? [], records, all);
    figures.topics++;
    figures.published += checker.looks.acknowledged;
    figures.subscriptions += records.length;
    figures.messages += checker.looks.messages;
    figures.owed += checker.looks.owed;
    figures.gaps += checker.looks.gaps;
    violations.push(...checker.violations.map((violation) => `${topic}: ${violation}`));
  }
  return {
    what: 'topics: one order for all, nothing lost or repeated without a gap',
    violations,
    figures,
  };
}

function publishesOf(events: readonly HistoryEvent[]): ReadonlyMap<string, PublishRecord[]> {
  const publishes = new Map<string, PublishRecord[]>();
  replayCalls(events, 'topic', ({ name, message }, _by, begunAt) => {
    const record: PublishRecord = { value: message, begunAt, end: undefined, number: undefined };
    listOf(publishes, name).push(record);
    return (answer) => {
      record.end = answer.how;
      if (answer.how === 'ok') record.number = answer.value as number;
    };
  });
  return publishes;
}

function subscriptionsOf(
  events: readonly HistoryEvent[],
): ReadonlyMap<string, SubscriptionRecord[]> {
  const byTopic = new Map<string, SubscriptionRecord[]>();
  const byNumber = new Map<number, SubscriptionRecord>();
  events.forEach((event, moment) => {
    if (event.type === 'subscribe') {
      const { by, from, topic } = event;
      const record: SubscriptionRecord = {
        subscriber: by,
        from,
        seen: [],
        inForceAt: undefined,
        isOver: false,
      };
      byNumber.set(event.subscription, record);
      listOf(byTopic, topic).push(record);
    } else if ('subscription' in event) {
      const record = byNumber.get(event.subscription);
      if (record !== undefined) note(record, event, moment);
    }
  });
  return byTopic;
}

function note(record: SubscriptionRecord, event: HistoryEvent, moment: number): void {
  if (event.type === 'in-force') record.inForceAt = moment;
  if (event.type === 'over') record.isOver = true;
  if (event.type === 'gap') record.seen.push({ kind: 'gap', gap: event.gap });
  if (event.type === 'message') {
    const { sequence, message } = event;
    record.seen.push({ kind: 'message', sequence, value: message });
  }
}

function listOf<T>(lists: Map<string, T[]>, name: string): T[] {
  const present = lists.get(name) ?? [];
  lists.set(name, present);
  return present;
}
