/** SIGTERM and SIGINT as a graceful leave: the first begins it, further ones change nothing. */

const signals = ['SIGTERM', 'SIGINT'] as const;

/**
 * Leaves when a signal comes. Where nobody else in the process listens for it, the process then ends as
 * the signal would have ended it. Gives a function that takes the handlers away.
 */
export function leaveOnSignals(leave: () => Promise<unknown>): () => void {
  let isLeaving = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (isLeaving) return;
    isLeaving = true;
    const end = (): void => {
      remove();
      if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
    };
    // What could not be handed over was logged; the process ends either way.
    void leave().then(end, end);
  };
  const remove = (): void => {
    for (const signal of signals) process.removeListener(signal, onSignal);
  };
  for (const signal of signals) process.on(signal, onSignal);
  return remove;
}
