/** How long callers had to wait. */
import type { Call } from './calls.ts';
import type { HistoryEvent } from './history.ts';
import type { Finding } from './replay.ts';

interface Begun {
  readonly t: number;
  readonly call: Call;
}

/** Figures only, in milliseconds: the longest time in which nobody was answered, and the slowest call. */
export function stallsOf(events: readonly HistoryEvent[]): Finding {
  const open = new Map<number, Begun>();
  const slowest = { map: 0, queue: 0, topic: 0 };
  let answeredAt: number | undefined;
  let longestGap = 0;
  for (const event of events) {
    if (event.type === 'invoke') open.set(event.op, event);
    if (event.type !== 'end') continue;
    const begun = open.get(event.op);
    open.delete(event.op);
    if (begun === undefined || event.answer.how !== 'ok') continue;
    longestGap = Math.max(longestGap, event.t - (answeredAt ?? event.t));
    answeredAt = event.t;
    const { on } = begun.call;
    if (!mayWait(begun.call)) slowest[on] = Math.max(slowest[on], event.t - begun.t);
  }
  const figures = {
    longestGapMs: Math.round(longestGap),
    slowestMapCallMs: Math.round(slowest.map),
    slowestTryOfQueueMs: Math.round(slowest.queue),
    slowestPublishMs: Math.round(slowest.topic),
  };
  return { what: 'how long callers had to wait', violations: [], figures };
}

/** It waits for items or for room, and not for the grid. */
function mayWait(call: Call): boolean {
  return call.on === 'queue' && (call.call === 'take' || call.call === 'push');
}
