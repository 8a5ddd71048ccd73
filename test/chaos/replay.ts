/** Goes through the calls of a history in their order. */
import type { Answer, Call } from './calls.ts';
import type { HistoryEvent } from './history.ts';

/** One thing that was looked at. */
export interface Finding {
  readonly what: string;
  /** Empty where all is well. */
  readonly violations: readonly string[];
  /** How much there was to look at, and what came of it. */
  readonly figures: Readonly<Record<string, number>>;
}

export type EndCall = (answer: Answer) => void;

/** `moment`: the place of its beginning in the history. What is given back is told of its end. */
type BeginCall<On extends Call['on']> = (
  call: Extract<Call, { readonly on: On }>,
  by: string,
  moment: number,
) => EndCall;

export function replayCalls<On extends Call['on']>(
  events: readonly HistoryEvent[],
  on: On,
  begin: BeginCall<On>,
): void {
  const ends = new Map<number, EndCall>();
  events.forEach((event, moment) => {
    if (event.type === 'end') {
      ends.get(event.op)?.(event.answer);
    } else if (event.type === 'invoke' && event.call.on === on) {
      const call = event.call as Extract<Call, { readonly on: On }>;
      ends.set(event.op, begin(call, event.by, moment));
    }
  });
}

/** Without its end nothing can be said of what is there at the end. */
export function isComplete(events: readonly HistoryEvent[]): boolean {
  return events.at(-1)?.type === 'complete';
}
