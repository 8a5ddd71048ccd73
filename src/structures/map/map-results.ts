/** What comes out of a map, decoded for its user. */
import { GridError } from '../../base/errors.ts';
import type { Key } from '../../wire/key.ts';
import { decodeKey } from '../../wire/key.ts';
import { decodeValue } from '../../wire/value.ts';

/** The type is the user's word for what was put in. */
export function valueOut<V>(bytes: Uint8Array, from = 0, to = bytes.length): V {
  try {
    return decodeValue(bytes, from, to) as V;
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
export function valueOrNothing<V>(bytes: Uint8Array, from = 0, to = bytes.length): V | undefined {
  return from === to ? undefined : valueOut<V>(bytes, from, to);
}

export function isYes(bytes: Uint8Array, from = 0): boolean {
  return bytes[from] === 1;
}

function undecodable(what: string, cause: unknown): GridError {
  return new GridError(
    'GRID_BAD_VALUE',
    `The grid holds a ${what} here that no version of shoal known to this one has written`,
    { cause },
  );
}
