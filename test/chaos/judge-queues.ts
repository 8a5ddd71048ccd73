/** The part of the judgement that is about queues. */
import { QueueHistory } from '../histories/queue-history.ts';
import type { QueueCall } from './calls.ts';
import type { HistoryEvent } from './history.ts';
import { type EndCall, type Finding, isComplete, replayCalls } from './replay.ts';

/** Every queue is emptied at the end. */
export function judgeQueues(events: readonly HistoryEvent[]): Finding {
  const queues = new Map<string, QueueHistory>();
  replayCalls(events, 'queue', (call) => {
    const queue = queues.get(call.name) ?? new QueueHistory();
    queues.set(call.name, queue);
    return call.item === undefined ? beginTake(queue) : beginPush(queue, call.item);
  });
  const figures = { queues: queues.size, pushed: 0, taken: 0, inVain: 0, inDoubt: 0 };
  const violations: string[] = [];
  for (const [name, queue] of queues) {
    const { pushed, taken, inVain } = queue.counts;
    figures.pushed += pushed;
    figures.taken += taken;
    figures.inVain += inVain;
    figures.inDoubt += queue.doubtful;
    violations.push(
      ...queue.violations(isComplete(events)).map((violation) => `${name}: ${violation}`),
    );
  }
  return { what: 'queues: every item taken once, in order, none lost', violations, figures };
}

function beginPush(queue: QueueHistory, item: NonNullable<QueueCall['item']>): EndCall {
  const end = queue.push(item);
  return (answer) => end(answer.how === 'ok' && answer.value === false ? 'failed' : answer.how);
}

function beginTake(queue: QueueHistory): EndCall {
  const end = queue.take();
  return (answer) => {
    if (answer.how === 'ok') {
      const item = answer.value as number | undefined;
      end('ok', item, item === undefined);
    } else {
      end(answer.how, undefined, answer.how === 'failed' && answer.isInVain);
    }
  };
}
