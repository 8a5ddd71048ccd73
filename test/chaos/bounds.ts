/** The times that a run has to keep: how long callers wait, when the cut off are refused, when all is well again. */
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

/** Of callers that the fault itself does not stop or cut off. */
const stallMaxMs = 5_000;
/** Of clients, which may first have to find out that their connection leads nowhere. */
const clientStallMaxMs = 9_000;
/** From the cut, or from the beginning of the call where that is later. */
const refusalMaxMs = 3_000;
const convergeMaxMs = 10_000;
/** A cut that lasts so long has to show refusals. */
const refusalsFromMs = 5_000;
/** What the machine itself may be late. */
const graceMs = 500;

export function boundsOf(events: readonly HistoryEvent[]): Finding[] {
  const calls = callsOf(events).filter((call) => !isWaiting(call));
  const faults = faultsOf(events);
  return [stalls(faults, calls), refusals(faults, calls), convergence(faults), amiss(faults)];
}

function stalls(faults: readonly ReplayedFault[], calls: readonly ReplayedCall[]): Finding {
  const violations: string[] = [];
  const figures: Record<string, number> = {};
  const cases = faults.flatMap((fault) => [false, true].map((of) => ({ fault, isOfClients: of })));
  for (const { fault, isOfClients } of cases) {
    const { kind, detail, isBlocking = false } = fault;
    const ms = slowestDuring(fault, calls, isOfClients);
    const name = `${kind}${isOfClients ? ' (clients)' : ''} ms`;
    figures[name] = Math.max(figures[name] ?? 0, ms);
    const most = isOfClients ? clientStallMaxMs : stallMaxMs;
    if (isBlocking || ms <= most + graceMs) continue;
    violations.push(`${kind}, ${detail}: a call took ${ms} ms, allowed are ${most}`);
  }
  return { what: 'nobody waits for long who is not hit by the fault', violations, figures };
}

function slowestDuring(
  { begin, equal = Number.POSITIVE_INFINITY, afflicted = [] }: ReplayedFault,
  calls: readonly ReplayedCall[],
  isOfClients: boolean,
): number {
  const times = duringOf(calls, begin, equal)
    .filter(({ by }) => isClient(by) === isOfClients && !afflicted.includes(by))
    .map((call) => call.end - call.begin);
  return Math.round(Math.max(0, ...times));
}

/** The names of clients say how they are connected. */
function isClient(name: string): boolean {
  return /^(direct|gateway) /.test(name);
}

/** Members that reach no majority say so. */
function refusals(faults: readonly ReplayedFault[], calls: readonly ReplayedCall[]): Finding {
  const violations: string[] = [];
  const figures = { cuts: 0, refused: 0, slowestMs: 0 };
  for (const fault of faults) {
    const { kind, detail, begin, healed, cutOff = [] } = fault;
    if (cutOff.length === 0 || healed === undefined) continue;
    const ofCutOff = duringOf(calls, begin, healed).filter(({ by }) => cutOff.includes(by));
    const refused = ofCutOff.filter(isRefused).length;
    const slowest = Math.max(0, ...ofCutOff.map((call) => cutOffMs(call, begin, healed)));
    figures.cuts++;
    figures.refused += refused;
    figures.slowestMs = Math.max(figures.slowestMs, slowest);
    if (slowest > refusalMaxMs + graceMs) {
      violations.push(`${kind}, ${detail}: a call waited ${slowest} ms where it had no majority`);
    }
    if (refused === 0 && healed - begin >= refusalsFromMs) {
      violations.push(`${kind}, ${detail}: nobody was refused with GRID_NO_QUORUM`);
    }
  }
  return { what: 'members without a majority refuse within 3 s', violations, figures };
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
  const figures = { agreedMs: 0, wholeMs: 0, equalMs: 0 };
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
