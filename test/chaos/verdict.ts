/** What a run comes to: the judgement of its history, and whether enough happened for that to say anything. */
import type { HistoryEvent } from './history.ts';
import { judge } from './judge.ts';
import { type Finding, isComplete } from './replay.ts';
import { stallsOf } from './stalls.ts';

/** How often something has to have happened, at least. */
export interface Least {
  readonly answers: number;
  /** By kind. */
  readonly faults: Readonly<Record<string, number>>;
}

export interface Verdict {
  readonly isWell: boolean;
  readonly findings: readonly Finding[];
}

/** `problems`: what went wrong beside the history, such as a member that ended by itself. */
export function verdictOf(
  events: readonly HistoryEvent[],
  least: Least,
  problems: readonly string[],
): Verdict {
  const findings = [
    ...judge(events),
    faultsOf(events, least),
    trafficOf(events, least),
    stallsOf(events),
    endOf(events, problems),
  ];
  return { isWell: findings.every(({ violations }) => violations.length === 0), findings };
}

function faultsOf(events: readonly HistoryEvent[], least: Least): Finding {
  const figures: Record<string, number> = {};
  for (const kind of Object.keys(least.faults)) figures[kind] = 0;
  const settled = new Set<number>();
  for (const event of events) if (event.type === 'settled') settled.add(event.fault);
  for (const event of events) {
    if (event.type !== 'fault' || !settled.has(event.fault)) continue;
    figures[event.kind] = (figures[event.kind] ?? 0) + 1;
  }
  const violations = Object.entries(least.faults)
    .filter(([kind, count]) => (figures[kind] ?? 0) < count)
    .map(
      ([kind, count]) =>
        `${kind}: expected ${count}, found ${figures[kind]} that the grid got over`,
    );
  return { what: 'the faults took place', violations, figures };
}

function trafficOf(events: readonly HistoryEvent[], { answers }: Least): Finding {
  const figures = { answers: 0, failed: 0, unknown: 0 };
  for (const event of events) {
    if (event.type === 'end') figures[event.answer.how === 'ok' ? 'answers' : event.answer.how]++;
  }
  const isEnough = figures.answers >= answers;
  return {
    what: 'there was traffic',
    violations: isEnough ? [] : [`expected ${answers} answers, found ${figures.answers}`],
    figures,
  };
}

function endOf(events: readonly HistoryEvent[], problems: readonly string[]): Finding {
  const unfinished = 'it did not come to its end, so nothing is said of what was there at the end';
  return {
    what: 'the run went to its end, and nothing else went wrong',
    violations: isComplete(events) ? problems : [...problems, unfinished],
    figures: {},
  };
}
