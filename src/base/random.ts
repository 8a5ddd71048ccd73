/** Chance, passed in. Production gets `systemRandom`, the simulator a generator with a seed. */
import { customRandom, urlAlphabet } from 'nanoid';

export interface Random {
  /** A fraction in [0, 1). */
  next(): number;
  /** A whole number in [0, bound). */
  below(bound: number): number;
  /** One of the items; the list is not empty. */
  pick<T>(items: readonly T[]): T;
  /** The items in a new, random order. */
  shuffle<T>(items: readonly T[]): T[];
  /** A name that nobody else will draw: 16 letters of nanoid's alphabet. */
  id(): string;
}

/** Builds the rest from `next`. */
export function randomFrom(next: () => number): Random {
  const below = (bound: number) => Math.floor(next() * bound);
  const bytes = (size: number) => Uint8Array.from({ length: size }, () => below(256));
  const id = customRandom(urlAlphabet, 16, bytes);
  return {
    next,
    below,
    pick: (items) => items[below(items.length)] as (typeof items)[number],
    shuffle(items) {
      const shuffled = [...items];
      for (let last = shuffled.length - 1; last > 0; last--) {
        const other = below(last + 1);
        [shuffled[last], shuffled[other]] = [
          shuffled[other] as (typeof items)[number],
          shuffled[last] as (typeof items)[number],
        ];
      }
      return shuffled;
    },
    id,
  };
}

/** The same numbers for the same seed on every platform (mulberry32). */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return randomFrom(() => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  });
}

function secureFraction(): number {
  const word = new Uint32Array(1);
  crypto.getRandomValues(word);
  return (word[0] as number) / 4_294_967_296;
}

export const systemRandom: Random = randomFrom(secureFraction);
