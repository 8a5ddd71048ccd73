/** How long a record lives: what an op says of it, what the map's options say, and the deadline it gives. */

/** What is not given is as the map's options say. */
export interface Life {
  readonly ttlMs?: number | undefined;
  /** The share of the time to live, 0 to 1, that chance may take off. */
  readonly jitter?: number | undefined;
}

export interface MapLife {
  /** 0 for ever. */
  readonly ttlMs: number;
  readonly jitter: number;
}

/** A deadline has six bytes; what lies beyond is for ever, more or less. */
const deadlineMax = 2 ** 48 - 1;

/** Reads what a map was created with. It was checked where it was given. */
export function mapLife(options: unknown): MapLife {
  const given = typeof options === 'object' && options !== null ? options : {};
  const { ttl, jitter } = given as { readonly ttl?: unknown; readonly jitter?: unknown };
  return {
    ttlMs: typeof ttl === 'number' ? ttl : 0,
    jitter: typeof jitter === 'number' ? jitter : 0,
  };
}

/** When a record expires that is written now; 0 for never. */
export function deadlineOf(
  life: Life,
  ofMap: MapLife,
  now: number,
  hash: number,
  sequence: number,
): number {
  const ttlMs = life.ttlMs ?? ofMap.ttlMs;
  if (ttlMs === 0) return 0;
  const jitter = life.jitter ?? ofMap.jitter;
  const shorterBy = jitter === 0 ? 0 : Math.floor(ttlMs * jitter * fractionOf(hash, sequence));
  return Math.min(deadlineMax, Math.floor(now) + Math.max(1, ttlMs - shorterBy));
}

/**
 * Chance of a kind, in [0, 1): from the key and the number of the write, so that a store stays
 * deterministic, and entries that were written at once are spread all the same.
 */
function fractionOf(hash: number, sequence: number): number {
  let mixed = hash ^ Math.imul(sequence | 0, 0x9e3779b1);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d);
  mixed = Math.imul(mixed ^ (mixed >>> 12), 0x297a2d39);
  return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
}
