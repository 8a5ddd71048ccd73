/** How a call ends that cannot go on. */
import { GridError, type GridErrorCode, type Outcome } from '../base/errors.ts';
import type { Refusal } from '../wire/op-messages.ts';

/** The error that a refusal means where sending again cannot help. */
export function finalError(reason: Refusal, outcome: Outcome): GridError | undefined {
  switch (reason) {
    case 'lost':
      return new GridError(
        'GRID_PARTITION_LOST',
        'expected a copy of the key’s partition, found none left; restore what was in it, or accept the loss with grid.acceptLoss()',
        { outcome },
      );
    case 'stale':
    case 'result-gone':
      return new GridError(
        'GRID_INDETERMINATE',
        'expected the result of an operation that was retried, found that it is no longer kept; read before writing again',
        { outcome: 'unknown' },
      );
    case 'no-structure':
      return new GridError(
        'GRID_CLOSED',
        'expected a structure that exists, found that it was destroyed meanwhile; call again',
        { outcome },
      );
    default:
      return undefined;
  }
}

/** No answer in time; `found` is what was in the way. */
export function lateError(
  code: GridErrorCode,
  waitedMs: number,
  found: string,
  outcome: Outcome,
): GridError {
  const advice =
    outcome === 'unknown' ? 'it may have happened: read before writing again' : 'try again';
  const message = `expected an answer within ${Math.round(waitedMs)} ms, found ${found}; ${advice}`;
  return new GridError(code, message, { outcome });
}

export function overloadedError(found: number, most: number): GridError {
  const text = `expected at most ${most} calls that wait, found ${found}; end some before making more`;
  return new GridError('GRID_OVERLOADED', text);
}
