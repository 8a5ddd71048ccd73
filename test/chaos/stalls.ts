/** How long callers had to wait. */
import type { HistoryEvent } from './history.ts';
import type { Finding } from './replay.ts';
import { callsOf, isWaiting } from './replayed-faults.ts';

/** Figures only, in milliseconds: the longest time in which nobody was answered, and the slowest call. */
export function stallsOf(events: readonly HistoryEvent[]): Finding {
  const slowest = { map: 0, queue: 0, topic: 0 };
  let answeredAt: number | undefined;
  let longestGap = 0;
  for (const call of callsOf(events)) {
    if (call.answer.how !== 'ok') continue;
    longestGap = Math.max(longestGap, call.end - (answeredAt ?? call.end));
    answeredAt = call.end;
    const { on } = call.call;
    if (!isWaiting(call)) slowest[on] = Math.max(slowest[on], call.end - call.begin);
  }
  const figures = {
    longestGapMs: Math.round(longestGap),
    slowestMapCallMs: Math.round(slowest.map),
    slowestTryOfQueueMs: Math.round(slowest.queue),
    slowestPublishMs: Math.round(slowest.topic),
  };
  return { what: 'how long callers had to wait', violations: [], figures };
}
