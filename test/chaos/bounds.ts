/** The times that a run has to keep: how long callers wait, when the cut off are refused, when all is well again. */
import { briefAbsences, killedClients, lastingCuts } from './fault-effects.ts';
import { gapsOf } from './gaps.ts';
import type { HistoryEvent } from './history.ts';
import type { Finding } from './replay.ts';
import {
  callsOf,
  duringOf,
  faultsOf,
  isWaiting,
  type ReplayedCall,
  type ReplayedFault,
} from './replayed-faults.ts';

/** From the cut, or from the beginning of the call where that is later. */
const refusalMaxMs = 3_000;
const convergeMaxMs = 10_000;
/** A cut that lasts so long has to show refusals, on each side. */
const refusalsFromMs = 5_000;

export function boundsOf(events: readonly HistoryEvent[]): Finding[] {
  const all = callsOf(events);
  const calls = all.filter((call) => !isWaiting(call));
  const faults = faultsOf(events);
  return [
    ...gapsOf(faults, calls),
    refusals(faults, calls),
    convergence(faults),
    briefAbsences(faults),
    lastingCuts(faults),
    killedClients(faults, all),
    amiss(faults),
  ];
}

/** Members that reach no majority say so, each of them. */
function refusals(faults: readonly ReplayedFault[], calls: readonly ReplayedCall[]): Finding {
  const violations: string[] = [];
  const figures = { cuts: 0, refused: 0, slowestMs: 0, limitMs: refusalMaxMs };
  for (const fault of faults) {
    const { kind, detail, begin, healed, cutOff = [] } = fault;
    if (cutOff.length === 0 || healed === undefined) continue;
    figures.cuts++;
    const during = duringOf(calls, begin, healed);
    for (const name of cutOff) {
      const own = during.filter(({ by }) => by === name);
      const refused = own.filter(isRefused).length;
      const slowestMs = Math.max(0, ...own.map((call) => cutOffMs(call, begin, healed)));
      figures.refused += refused;
      figures.slowestMs = Math.max(figures.slowestMs, slowestMs);
      const amiss = amissOfRefusals({ refused, slowestMs, cutMs: healed - begin });
      violations.push(...amiss.map((what) => `${kind}, ${detail}: ${name} ${what}`));
    }
  }
  return { what: 'members without a majority refuse within 3 s', violations, figures };
}

function amissOfRefusals(found: {
  readonly refused: number;
  readonly slowestMs: number;
  readonly cutMs: number;
}): string[] {
  const { refused, slowestMs, cutMs } = found;
  const amiss: string[] = [];
  if (slowestMs > refusalMaxMs) {
    amiss.push(`had a call wait ${slowestMs} ms where it had no majority`);
  }
  if (refused === 0 && cutMs >= refusalsFromMs) amiss.push('refused nothing with GRID_NO_QUORUM');
  return amiss;
}

function isRefused({ answer }: ReplayedCall): boolean {
  return answer.how !== 'ok' && answer.code === 'GRID_NO_QUORUM';
}

/** How long a call was under way while there was a cut. */
function cutOffMs({ begin, end }: ReplayedCall, cutAt: number, healedAt: number): number {
  return Math.round(Math.min(end, healedAt) - Math.max(begin, cutAt));
}

function convergence(faults: readonly ReplayedFault[]): Finding {
  const violations: string[] = [];
  const figures = { agreedMs: 0, wholeMs: 0, equalMs: 0, limitMs: convergeMaxMs };
  for (const { kind, detail, healed, agreed, settled, equal } of faults) {
    if (healed === undefined || agreed === undefined || settled === undefined) continue;
    figures.agreedMs = Math.max(figures.agreedMs, Math.round(agreed - healed));
    figures.wholeMs = Math.max(figures.wholeMs, Math.round(settled - healed));
    if (equal === undefined) continue;
    const ms = Math.round(equal - healed);
    figures.equalMs = Math.max(figures.equalMs, ms);
    if (ms > convergeMaxMs) {
      violations.push(`${kind}, ${detail}: one view and equal copies after ${ms} ms`);
    }
  }
  return { what: 'one view and equal copies within 10 s of healing', violations, figures };
}

function amiss(faults: readonly ReplayedFault[]): Finding {
  const violations = faults.flatMap(({ kind, detail, amiss: found }) =>
    found.map((what) => `${kind}, ${detail}: ${what}`),
  );
  return { what: 'no fault had an effect that it is not to have', violations, figures: {} };
}
