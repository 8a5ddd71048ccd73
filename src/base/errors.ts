/**
 * The one error class of the grid.
 *
 * Callers branch on `code`, never on the message, and decide about a retry from `outcome`: after a
 * failure in a distributed write the question is not only what went wrong but whether the write
 * may have happened all the same.
 */

const brand = Symbol.for('shoal.error');

/** What is known about the operation that failed. */
export type Outcome =
  /** It had no effect anywhere: safe to send again. */
  | 'not-applied'
  /** It may or may not have taken effect. */
  | 'unknown';

/** Every code; each has a section in docs/errors.md. Codes are never reused. */
export const errorCodes = [
  'GRID_BAD_OPTION',
  'GRID_BAD_KEY',
  'GRID_BAD_VALUE',
  'GRID_TOO_LARGE',
  'GRID_CLOSED',
  'GRID_TIMEOUT',
  'GRID_OVERLOADED',
  'GRID_NO_QUORUM',
  'GRID_PARTITION_LOST',
  'GRID_INDETERMINATE',
  'GRID_REFUSED',
  'GRID_FORBIDDEN',
  'GRID_NO_PROCESSOR',
  'GRID_PROCESSOR_FAILED',
  'GRID_LOADER_FAILED',
  'GRID_QUEUE_FULL',
  'GRID_UNREACHABLE',
] as const;

export type GridErrorCode = (typeof errorCodes)[number];

export interface GridErrorOptions extends ErrorOptions {
  /** @default 'not-applied' */
  readonly outcome?: Outcome;
  readonly keys?: readonly unknown[];
}

export class GridError extends Error {
  readonly code: GridErrorCode;
  readonly outcome: Outcome;
  /** Of a call on several keys that failed in part: those that were not, or perhaps, changed. */
  readonly keys: readonly unknown[] | undefined;

  /** `message` says what was expected, what was found and what to do. */
  constructor(code: GridErrorCode, message: string, options: GridErrorOptions = {}) {
    super(message, options);
    this.name = 'GridError';
    this.code = code;
    this.outcome = options.outcome ?? 'not-applied';
    this.keys = options.keys;
  }

  // A brand and not `instanceof`: an application may load two copies of this package.
  get [brand](): true {
    return true;
  }

  static is(value: unknown, code?: GridErrorCode): value is GridError {
    if (typeof value !== 'object' || value === null || !(brand in value)) return false;
    return code === undefined || (value as GridError).code === code;
  }
}
