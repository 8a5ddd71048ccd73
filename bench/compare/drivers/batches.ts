/** Sets that leave together and are waited for together, as a program does that has many to make at once. */

/** In a closed loop of as many lanes it is all of them. */
export const together = 64;

export interface TextSet {
  readonly key: string;
  readonly text: string;
}

interface Waiting extends TextSet {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/**
 * Collects 64 sets before they leave; fewer leave where no more come within a turn, as at the end of a run. One
 * batch is on its way at a time.
 */
export function inBatches(
  send: (batch: readonly TextSet[]) => Promise<unknown>,
): (key: string, text: string) => Promise<void> {
  let waiting: Waiting[] = [];
  let isUnderWay = false;
  const flush = (): void => {
    if (isUnderWay || waiting.length === 0) return;
    const batch = waiting;
    waiting = [];
    isUnderWay = true;
    const outcome = send(batch).finally(() => {
      isUnderWay = false;
      setImmediate(flush);
    });
    outcome.then(
      () => {
        for (const each of batch) each.resolve();
      },
      (error: Error) => {
        for (const each of batch) each.reject(error);
      },
    );
  };
  return (key, text) =>
    new Promise((resolve, reject) => {
      waiting.push({ key, text, resolve, reject });
      if (waiting.length === together) flush();
      else if (waiting.length === 1) setImmediate(flush);
    });
}
