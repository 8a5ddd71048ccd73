/** The options of a subscription, checked before anything is sent. */
import { type CallOptions, checkedTimeoutMs } from '../../base/call-options.ts';
import { GridError } from '../../base/errors.ts';
import type { OverflowPolicy, SubscribeOptions } from '../../grid-topic.ts';
import { bufferDefault } from './subscriber.ts';
import type { From } from './topic-reader.ts';

export interface SubscribePlan {
  readonly from: From;
  readonly buffer: number;
  readonly onOverflow: OverflowPolicy;
  readonly call: CallOptions;
  readonly timeoutMs: number;
  readonly hooks: Pick<SubscribeOptions, 'onGap' | 'onError'>;
}

const bufferMax = 1_000_000;
const policies: readonly unknown[] = ['drop-oldest', 'drop-newest', 'close'];

export function checkSubscribeOptions(options: SubscribeOptions = {}): SubscribePlan {
  if (typeof options !== 'object' || options === null) {
    throw bad(`Options are an object, found ${options === null ? 'null' : typeof options}.`);
  }
  const { from = 'now', buffer = bufferDefault, onOverflow = 'drop-oldest' } = options;
  const { onGap, onError, signal, timeout, ...others } = options;
  const call = {
    ...otherOptions(others),
    ...given('signal', signal),
    ...given('timeout', timeout),
  };
  const timeoutMs = checkedTimeoutMs(call);
  if (from !== 'now' && from !== 'earliest' && !isWhole(from, 1, Number.MAX_SAFE_INTEGER)) {
    throw bad(`from is 'now', 'earliest' or a whole number from 1, found ${String(from)}.`);
  }
  if (!isWhole(buffer, 1, bufferMax)) {
    throw bad(`buffer is a whole number from 1 to ${bufferMax}, found ${String(buffer)}.`);
  }
  if (!policies.includes(onOverflow)) {
    const found = String(onOverflow);
    throw bad(`onOverflow is 'drop-oldest', 'drop-newest' or 'close', found ${found}.`);
  }
  checkFunction('onGap', onGap);
  checkFunction('onError', onError);
  const hooks = { ...given('onGap', onGap), ...given('onError', onError) };
  return { from, buffer, onOverflow, call, timeoutMs, hooks };
}

/** What is left once those of a subscription are taken away: the options of a call, or a mistake. */
function otherOptions(others: object): object {
  const known = ['from', 'buffer', 'onOverflow'];
  return Object.fromEntries(Object.entries(others).filter(([name]) => !known.includes(name)));
}

function given<Name extends string, Value>(
  name: Name,
  value: Value | undefined,
): { readonly [N in Name]?: Value } {
  return (value === undefined ? {} : { [name]: value }) as { readonly [N in Name]?: Value };
}

function isWhole(value: unknown, min: number, max: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max;
}

function checkFunction(name: string, value: unknown): void {
  if (value !== undefined && typeof value !== 'function') {
    throw bad(`${name} is a function, found ${typeof value}.`);
  }
}

function bad(message: string): GridError {
  return new GridError('GRID_BAD_OPTION', message);
}
