/**
 * The calls that wait at a primary, when this process leaves: they are ended there while it can still be
 * reached, so that nothing is given to a process that is gone.
 */
import type { Clock } from '../base/clock.ts';
import { waitFor } from '../base/waiting.ts';
import type { Calls } from './calls.ts';

/** Past it the process goes without an answer, and its waits end with outcome `unknown`. */
const answerMs = 1_000;

/** Resolves when the waits have ended; undefined where there are none. It never rejects. */
export function endWaits(
  calls: Calls,
  leaving: AbortController,
  clock: Clock,
): Promise<unknown> | undefined {
  const isWaiting = calls.aborts.has(leaving.signal);
  leaving.abort();
  if (!isWaiting) return undefined;
  return waitFor(() => calls.working === 0, { clock, timeoutMs: answerMs });
}
