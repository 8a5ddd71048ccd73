/** Numbers in a map: what `increment` makes of a stored value. */
import { GridError } from '../../base/errors.ts';
import { defaultLimits } from '../../base/limits.ts';
import { decodeValue, encodeValue } from '../../wire/value.ts';

/** The encoding of the stored number (0 where none is stored) plus `by`. */
export function addedNumber(stored: Uint8Array | undefined, by: number): Uint8Array {
  const sum = (stored === undefined ? 0 : numberOf(stored)) + by;
  if (!(Math.abs(sum) <= Number.MAX_SAFE_INTEGER)) {
    throw new GridError(
      'GRID_BAD_VALUE',
      `increment gives a number between -(2^53 - 1) and 2^53 - 1, and this would give ${sum}. ` +
        'Count in larger units, or keep a bigint and change it with update.',
    );
  }
  return encodeValue(sum, defaultLimits);
}

function numberOf(stored: Uint8Array): number {
  const value = decoded(stored);
  if (typeof value === 'number') return value;
  const found = value === null ? 'null' : `a value of type ${typeof value}`;
  throw new GridError(
    'GRID_BAD_VALUE',
    `increment needs a stored number or an absent key, and found ${found}. Set a number first.`,
  );
}

function decoded(stored: Uint8Array): unknown {
  try {
    return decodeValue(stored);
  } catch (cause) {
    throw new GridError('GRID_BAD_VALUE', 'increment found bytes that are not a value', { cause });
  }
}
