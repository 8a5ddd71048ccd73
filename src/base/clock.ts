/**
 * Time, passed in. Production gets `systemClock`, the simulator a virtual one.
 *
 * Timers are two-step (PROTOCOL.md 1.5, guard 1): after a stall Node may run a timer before it reads
 * the frames that already wait in the kernel, so a due timer first lets the event loop poll once. A
 * callback must still look at its own condition again before it acts.
 */

export interface Timer {
  /** Idempotent; after it the callback does not run. */
  cancel(): void;
}

export interface Clock {
  /** Milliseconds with a fraction, never backwards, from an arbitrary origin. */
  monotonic(): number;
  /** Milliseconds since 1970. It may jump. */
  wall(): number;
  /** Runs `act` once, `delayMs` from now or later. */
  setTimer(delayMs: number, act: () => void): Timer;
  /** Runs `act` after the current turn, when the frames that have already come were read. */
  defer(act: () => void): void;
  /** Runs `act` when the present callback is through with all that it set off, before the next one. */
  endOfTask(act: () => void): void;
}

export const systemClock: Clock = {
  monotonic: () => performance.now(),
  wall: () => Date.now(),
  setTimer(delayMs, act) {
    let cancelRest: (() => void) | undefined;
    const timeout = setTimeout(() => {
      cancelRest = afterPoll(act);
    }, delayMs);
    return {
      cancel() {
        clearTimeout(timeout);
        cancelRest?.();
      },
    };
  },
  defer: (act) => void afterPoll(act),
  endOfTask(act) {
    const { process } = globalThis as { process?: { nextTick?(act: () => void): void } };
    // After all promises that have been settled, so that what their callers do belongs to the task: ticks that
    // a callback asks for come before those, ticks that a promise asks for after them.
    const nextTick = process?.nextTick;
    if (nextTick !== undefined) queueMicrotask(() => nextTick(act));
    else afterPoll(act);
  },
};

/** Runs `act` when what has come in was read; what is returned cancels it. */
function afterPoll(act: () => void): () => void {
  // Browsers have no immediates.
  if (typeof setImmediate === 'undefined') {
    const timeout = setTimeout(act, 0);
    return () => clearTimeout(timeout);
  }
  const immediate = setImmediate(act);
  return () => clearImmediate(immediate);
}

/** Calls `act` every `everyMs` until cancelled; the next delay starts when `act` has returned. */
export function repeat(clock: Clock, everyMs: number, act: () => void): Timer {
  let stopped = false;
  let timer = clock.setTimer(everyMs, tick);
  function tick(): void {
    if (stopped) return;
    act();
    if (!stopped) timer = clock.setTimer(everyMs, tick);
  }
  return {
    cancel() {
      stopped = true;
      timer.cancel();
    },
  };
}
