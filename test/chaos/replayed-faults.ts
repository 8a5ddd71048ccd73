/** The faults of a history with their times, and how calls fared while each lasted. */
import type { Answer, Call } from './calls.ts';
import type { FaultNote, HistoryEvent } from './history.ts';

export interface ReplayedFault extends FaultNote {
  readonly begin: number;
  /** When nothing of it was left to undo; undefined where the run did not get so far. So the others. */
  healed: number | undefined;
  agreed: number | undefined;
  settled: number | undefined;
  equal: number | undefined;
  readonly amiss: string[];
}

export interface ReplayedCall {
  readonly by: string;
  readonly call: Call;
  readonly begin: number;
  readonly end: number;
  readonly answer: Answer;
}

export function faultsOf(events: readonly HistoryEvent[]): ReplayedFault[] {
  const faults = new Map<number, ReplayedFault>();
  for (const event of events) {
    if (event.type === 'fault') {
      const { t, kind, detail, afflicted = [], cutOff = [], isBlocking = false } = event;
      const note = { kind, detail, afflicted, cutOff, isBlocking };
      const times = { healed: undefined, agreed: undefined, settled: undefined, equal: undefined };
      faults.set(event.fault, { ...note, begin: t, ...times, amiss: [] });
    } else if ('fault' in event) {
      const fault = faults.get(event.fault);
      if (fault === undefined) continue;
      if (event.type === 'amiss') fault.amiss.push(event.what);
      else fault[event.type] = event.t;
    }
  }
  return [...faults.values()];
}

/** Those that ended. */
export function callsOf(events: readonly HistoryEvent[]): ReplayedCall[] {
  const begun = new Map<number, Pick<ReplayedCall, 'by' | 'call' | 'begin'>>();
  const calls: ReplayedCall[] = [];
  for (const event of events) {
    if (event.type === 'invoke') {
      begun.set(event.op, { by: event.by, call: event.call, begin: event.t });
    } else if (event.type === 'end') {
      const call = begun.get(event.op);
      begun.delete(event.op);
      if (call !== undefined) calls.push({ ...call, end: event.t, answer: event.answer });
    }
  }
  return calls;
}

/** Those of the calls that were under way between two moments. */
export function duringOf(calls: readonly ReplayedCall[], from: number, to: number): ReplayedCall[] {
  return calls.filter(({ begin, end }) => begin < to && end > from);
}

/** It waits for items or for room, and not for the grid. */
export function isWaiting({ call }: Pick<ReplayedCall, 'call'>): boolean {
  return call.on === 'queue' && (call.call === 'take' || call.call === 'push');
}
