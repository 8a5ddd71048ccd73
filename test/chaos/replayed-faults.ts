/** The faults of a history with their times, and how calls fared while each lasted. */
import type { Answer, Call } from './calls.ts';
import type { FaultNote, HistoryEvent, Outlook } from './history.ts';

export interface ReplayedFault extends FaultNote {
  readonly begin: number;
  /** When nothing of it was left to undo; undefined where the run did not get so far. So the others. */
  healed: number | undefined;
  agreed: number | undefined;
  settled: number | undefined;
  equal: number | undefined;
  back: number | undefined;
  'one-view': number | undefined;
  readonly outlooks: SeenOutlook[];
  readonly amiss: string[];
}

export interface SeenOutlook extends Outlook {
  readonly t: number;
  readonly by: string;
}

export interface ReplayedCall {
  readonly by: string;
  readonly call: Call;
  readonly begin: number;
  readonly end: number;
  readonly answer: Answer;
}

const noTimes = {
  healed: undefined,
  agreed: undefined,
  settled: undefined,
  equal: undefined,
  back: undefined,
  'one-view': undefined,
};

export function faultsOf(events: readonly HistoryEvent[]): ReplayedFault[] {
  const faults = new Map<number, ReplayedFault>();
  for (const event of events) {
    if (event.type === 'fault') {
      const { t, type: _, fault, ...note } = event;
      faults.set(fault, { ...note, begin: t, ...noTimes, outlooks: [], amiss: [] });
    } else if ('fault' in event) {
      const fault = faults.get(event.fault);
      if (fault !== undefined) tell(fault, event);
    }
  }
  return [...faults.values()];
}

type Told = Exclude<Extract<HistoryEvent, { readonly fault: number }>, { readonly type: 'fault' }>;

function tell(fault: ReplayedFault, event: Told): void {
  if (event.type === 'amiss') fault.amiss.push(event.what);
  else if (event.type === 'outlook') fault.outlooks.push(event);
  else fault[event.type] = event.t;
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
