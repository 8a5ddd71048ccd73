/** Waiting for a state that no event tells of: looked at every few milliseconds, never for ever. */
import { abortedError } from './call-options.ts';
import type { Clock } from './clock.ts';

const lookEveryMs = 20;

export interface Wait {
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** Whether the condition came true in time. Rejects where the signal aborts, or the condition throws. */
export function waitFor(condition: () => boolean, wait: Wait): Promise<boolean> {
  const { clock, timeoutMs, signal } = wait;
  const endsAt = clock.monotonic() + timeoutMs;
  return new Promise((resolve, reject) => {
    const look = (): void => {
      try {
        if (signal?.aborted === true) reject(abortedError(signal, 'not-applied'));
        else if (condition()) resolve(true);
        else if (clock.monotonic() >= endsAt) resolve(false);
        else clock.setTimer(lookEveryMs, look);
      } catch (error) {
        reject(error);
      }
    };
    look();
  });
}
