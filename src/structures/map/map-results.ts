/** What comes out of a map, decoded for its user. */
import { GridError } from '../../base/errors.ts';
import type { Key } from '../../wire/key.ts';
import { decodeKey } from '../../wire/key.ts';
import { decodeValue } from '../../wire/value.ts';

/** The type is the user's word for what was put in. */
export function valueOut<V>(bytes: Uint8Array): V {
  try {
    return decodeValue(bytes) as V;
  } catch (cause) {
    throw undecodable('value', cause);
  }
}

export function keyOut<K>(bytes: Uint8Array): K {
  try {
    return decodeKey(bytes) as Key as K;
  } catch (cause) {
    throw undecodable('key', cause);
  }
}

/** Results of no bytes stand for no value. */
export function valueOrNothing<V>(result: Uint8Array): V | undefined {
  return result.length === 0 ? undefined : valueOut<V>(result);
}

export function isYes(result: Uint8Array): boolean {
  return result[0] === 1;
}

function undecodable(what: string, cause: unknown): GridError {
  return new GridError(
    'GRID_BAD_VALUE',
    `The grid holds a ${what} here that no version of shoal known to this one has written`,
    { cause },
  );
}
