/** `grid.goOnAlone()`: somebody's word that a majority of the voters is gone for good, and what comes of it. */
import { abortedError, type CallOptions, checkedTimeoutMs } from '../base/call-options.ts';
import type { Clock } from '../base/clock.ts';
import { GridError } from '../base/errors.ts';
import { waitFor } from '../base/waiting.ts';
import type { Member } from './member.ts';

/** `member`: as which identity the process is a member at present. Resolves when it serves in another lineage. */
export async function goOnAlone(
  member: () => Member,
  clock: Clock,
  options: CallOptions | undefined,
): Promise<void> {
  const timeoutMs = checkedTimeoutMs(options);
  const signal = options?.signal;
  if (signal?.aborted === true) throw abortedError(signal, 'not-applied');
  const before = member().state.lineage.id;
  let refusal: string | undefined;
  let isTaken = false;
  member().goOnAlone((why) => {
    refusal = why;
    isTaken = why === undefined;
  });
  const isAlone = () => {
    if (refusal !== undefined) throw cannotGoAlone(refusal);
    // From the word on it may come about at any time.
    if (signal?.aborted === true) throw abortedError(signal, 'unknown');
    const { isReady, state } = member();
    return isTaken && isReady && state.lineage.id !== before;
  };
  if (await waitFor(isAlone, { clock, timeoutMs })) return;
  const found = isTaken ? 'it has not yet, and goes on trying' : 'it did not take the word';
  const message = `expected this member to go on alone within ${timeoutMs} ms, found that ${found}; see grid.events`;
  throw new GridError('GRID_TIMEOUT', message, { outcome: 'unknown' });
}

export function cannotGoAlone(why: string): GridError {
  const message = `expected a member that has lost a majority of the voters for good, found that ${why}`;
  return new GridError('GRID_REFUSED', message);
}
