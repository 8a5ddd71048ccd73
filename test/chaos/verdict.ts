/** What a run comes to: the judgement of its history, and whether enough happened for that to say anything. */
import { boundsOf } from './bounds.ts';
import type { Answer } from './calls.ts';
import type { HistoryEvent } from './history.ts';
import { judge } from './judge.ts';
import { type Finding, isComplete } from './replay.ts';
import { faultsOf } from './replayed-faults.ts';
import { stallsOf } from './stalls.ts';

/** How often something has to have happened, at least. */
export interface Least {
  readonly answers: number;
  /** All kinds together. */
  readonly faultsInAll: number;
  /** By kind. */
  readonly faults: Readonly<Record<string, number>>;
  /** The cards of the deck: the report says how often each was dealt. */
  readonly cards?: readonly string[];
  /** Whether each of them has to be dealt. */
  readonly isEachDealt?: boolean;
  /** Whether the times are kept that members promise to callers on members. */
  readonly isTimed: boolean;
  /** Errors that callers may get, at most; any number where it is left out. */
  readonly errorsMax?: number;
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
    faultsMet(events, least),
    ...(least.cards === undefined ? [] : [cardsDealt(events, least.cards, least.isEachDealt)]),
    trafficOf(events, least),
    stallsOf(events),
    ...(least.isTimed ? boundsOf(events) : []),
    endOf(events, problems),
  ];
  return { isWell: findings.every(({ violations }) => violations.length === 0), findings };
}

function faultsMet(events: readonly HistoryEvent[], least: Least): Finding {
  const met = faultsOf(events).filter(({ settled }) => settled !== undefined);
  const figures: Record<string, number> = { all: met.length };
  for (const kind of Object.keys(least.faults)) figures[kind] = 0;
  for (const { kind } of met) {
    if (least.cards === undefined) figures[kind] = (figures[kind] ?? 0) + 1;
  }
  const violations = Object.entries({ all: least.faultsInAll, ...least.faults })
    .filter(([kind, count]) => (figures[kind] ?? 0) < count)
    .map(
      ([kind, count]) => `${kind}: expected ${count}, found ${figures[kind]} that were got over`,
    );
  return { what: 'the faults took place', violations, figures };
}

/** Those that were got over. */
function cardsDealt(
  events: readonly HistoryEvent[],
  cards: readonly string[],
  isEachDealt = false,
): Finding {
  const figures = Object.fromEntries(cards.map((card) => [card, 0]));
  for (const { kind, settled } of faultsOf(events)) {
    if (settled !== undefined && kind in figures) figures[kind] = (figures[kind] ?? 0) + 1;
  }
  const missing = cards.filter((card) => isEachDealt && figures[card] === 0);
  return {
    what: isEachDealt ? 'every card was dealt' : 'the cards as they were dealt',
    violations: missing.map((card) => `${card}: expected once at least, found never`),
    figures,
  };
}

function trafficOf(events: readonly HistoryEvent[], { answers, errorsMax }: Least): Finding {
  const figures = { answers: 0, inVain: 0, refused: 0, unknown: 0 };
  for (const event of events) if (event.type === 'end') figures[endingOf(event.answer)]++;
  const errors = figures.refused + figures.unknown;
  const violations: string[] = [];
  if (figures.answers < answers) {
    violations.push(`expected ${answers} answers, found ${figures.answers}`);
  }
  if (errors > (errorsMax ?? Number.POSITIVE_INFINITY)) {
    violations.push(`expected ${errorsMax} errors, found ${errors}`);
  }
  return { what: 'there was traffic', violations, figures };
}

/** A queue that stays empty, or full, is no error of the grid. */
function endingOf(answer: Answer): 'answers' | 'inVain' | 'refused' | 'unknown' {
  if (answer.how === 'ok') return 'answers';
  if (answer.how === 'unknown') return 'unknown';
  return answer.isInVain === true || answer.code === 'GRID_QUEUE_FULL' ? 'inVain' : 'refused';
}

function endOf(events: readonly HistoryEvent[], problems: readonly string[]): Finding {
  const unfinished = 'it did not come to its end, so nothing is said of what was there at the end';
  return {
    what: 'the run went to its end, and nothing else went wrong',
    violations: isComplete(events) ? problems : [...problems, unfinished],
    figures: {},
  };
}
