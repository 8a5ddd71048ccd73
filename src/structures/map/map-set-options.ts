/** What a call that writes values is given beside them, checked before anything is sent. */
import { type CallOptions, noSuchOption } from '../../base/call-options.ts';
import { durationMs } from '../../base/duration.ts';
import { GridError } from '../../base/errors.ts';
import type { SetOptions } from '../../grid.ts';
import type { Life } from './map-life.ts';

export interface CheckedSetOptions {
  /** Undefined where the map's options decide. */
  readonly life: Life | undefined;
  /** The others, not checked here. */
  readonly call: CallOptions | undefined;
}

const names: readonly string[] = ['signal', 'timeout', 'ttl', 'jitter'];
const nothingGiven: CheckedSetOptions = { life: undefined, call: undefined };

export function checkedSetOptions(options: SetOptions | undefined): CheckedSetOptions {
  if (options === undefined) return nothingGiven;
  if (typeof options !== 'object' || options === null) return { life: undefined, call: options };
  const { ttl, jitter, ...call } = options;
  for (const name of Object.keys(call)) {
    if (name !== 'signal' && name !== 'timeout') throw noSuchOption(name, names);
  }
  if (ttl === undefined && jitter === undefined) return { life: undefined, call };
  const ttlMs = ttl === undefined ? undefined : checkedTtlMs(ttl);
  return { life: { ttlMs, jitter: checkedJitter(jitter) }, call };
}

/** Over 0: an entry that is to go at once is deleted. */
function checkedTtlMs(ttl: unknown): number {
  const ttlMs = durationMs(ttl, 'ttl');
  if (ttlMs > 0) return ttlMs;
  const expected = 'ttl is a duration over 0; delete what is to go at once';
  throw new GridError('GRID_BAD_OPTION', `${expected}. Found ${ttl}.`);
}

function checkedJitter(jitter: unknown): number | undefined {
  if (jitter === undefined) return undefined;
  if (typeof jitter === 'number' && jitter >= 0 && jitter <= 1) return jitter;
  const found = typeof jitter === 'number' ? `${jitter}` : `a value of type ${typeof jitter}`;
  throw new GridError(
    'GRID_BAD_OPTION',
    `jitter is the share of ttl, from 0 to 1, that chance may take off. Found ${found}.`,
  );
}
