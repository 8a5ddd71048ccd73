/** The options that every call that waits takes as its last argument. */
import { type Duration, durationMs } from './duration.ts';
import { GridError, type Outcome } from './errors.ts';

export interface CallOptions {
  /** Ends the call when it aborts; a write on its way may take effect all the same. */
  readonly signal?: AbortSignal;
  /** How long the call may take, over 0 and at most 24 days. @default '10s' */
  readonly timeout?: Duration;
}

export const defaultTimeoutMs = 10_000;
/** The longest that a timer of JavaScript waits. */
const timeoutMaxMs = 2 ** 31 - 1;
const names: readonly string[] = ['signal', 'timeout'];

/** Checks the options and gives the milliseconds that the call may take. */
export function checkedTimeoutMs(options: CallOptions | undefined): number {
  if (options === undefined) return defaultTimeoutMs;
  if (typeof options !== 'object' || options === null) {
    throw badOption(`Options are an object, found ${options === null ? 'null' : typeof options}.`);
  }
  for (const name of Object.keys(options)) {
    if (!names.includes(name)) throw noSuchOption(name, names);
  }
  checkSignal(options.signal);
  if (options.timeout === undefined) return defaultTimeoutMs;
  const timeoutMs = durationMs(options.timeout, 'timeout');
  if (timeoutMs > 0 && timeoutMs <= timeoutMaxMs) return timeoutMs;
  throw badOption(`timeout is over 0 and at most 24 days, found ${options.timeout}.`);
}

export function noSuchOption(name: string, allowed: readonly string[]): GridError {
  return badOption(`No such option here: ${name}. Allowed are ${allowed.join(', ')}.`);
}

function checkSignal(signal: unknown): void {
  if (signal === undefined || signal instanceof AbortSignal) return;
  throw badOption(`signal is an AbortSignal, found a value of type ${typeof signal}.`);
}

/** What a call ends with whose signal aborted; `cause` is the signal's reason. */
export function abortedError(signal: AbortSignal, outcome: Outcome): GridError {
  const message =
    outcome === 'not-applied'
      ? 'The call was aborted by its signal and had no effect'
      : 'The call was aborted by its signal when it was on its way; a write may have taken effect';
  return new GridError('GRID_TIMEOUT', message, { cause: signal.reason, outcome });
}

function badOption(message: string): GridError {
  return new GridError('GRID_BAD_OPTION', message);
}
