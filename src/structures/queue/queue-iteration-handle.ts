/**
 * `for await` over a queue: takes one item after the other, for as long as it is iterated over. An end of
 * the iteration ends the take that waits, which takes nothing then, or gives its item still. It ends too
 * when this process leaves the grid.
 */
import type { CallOptions } from '../../base/call-options.ts';
import { GridError } from '../../base/errors.ts';

/** How long one take waits; an iteration takes again. */
const takeMs = 30_000;

export function taken<T>(
  take: (options: CallOptions) => Promise<T>,
  leaving: AbortSignal | undefined,
): AsyncIterableIterator<T, undefined> {
  const end = new AbortController();
  const next = async (): Promise<IteratorResult<T, undefined>> => {
    while (!end.signal.aborted && leaving?.aborted !== true) {
      try {
        const value = await take({ timeout: takeMs, signal: end.signal });
        return { done: false, value };
      } catch (error) {
        if (!isInVain(error, leaving)) throw error;
      }
    }
    return { done: true, value: undefined };
  };
  const iterator: AsyncIterableIterator<T, undefined> = {
    next,
    async return() {
      end.abort();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]: () => iterator,
  };
  return iterator;
}

/** A take that waited and was given nothing. */
function isInVain(error: unknown, leaving: AbortSignal | undefined): boolean {
  if (!GridError.is(error) || error.outcome !== 'not-applied') return false;
  return error.code === 'GRID_TIMEOUT' || (error.code === 'GRID_CLOSED' && !!leaving?.aborted);
}
