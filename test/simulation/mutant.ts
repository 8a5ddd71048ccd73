/** Code broken on purpose, and the first simulated world that shows it. */
import { assert } from '../../src/base/assert.ts';
import { type Simulation, simulations } from './simulations.ts';

/** Where to look for a world that shows that something is broken. */
export interface Search {
  readonly simulation: Simulation;
  /** A seed that found it when this was written; others are tried in case that the histories have changed since. */
  readonly seed: number;
  /** How many others. @default 25 */
  readonly othersMax?: number;
  /** Violations of other kinds do not count: the checker that it is for has to see it. @default all */
  readonly violation?: RegExp;
}

export interface HookedMutant extends Search {
  readonly name: string;
  readonly owner: object;
  readonly member: string;
  /** What stands in the place of `before`. */
  readonly make: (before: (...given: never[]) => unknown) => unknown;
}

const faultsMs = 8_000;
const usualOthersMax = 25;

/** Breaks it, and says what was found; undefined where nothing was. */
export function findHooked(mutant: HookedMutant): string | undefined {
  const { owner, member, make } = mutant;
  const before = Object.getOwnPropertyDescriptor(owner, member);
  assert(before !== undefined, `${member} is there to be broken`);
  const value = make(before.value);
  Object.defineProperty(owner, member, { value, configurable: true, writable: true });
  try {
    return search(mutant);
  } finally {
    Object.defineProperty(owner, member, before);
  }
}

/** The first seed that finds something, and what it found. */
export function search({
  simulation,
  seed: known,
  othersMax = usualOthersMax,
  violation = /./,
}: Search): string | undefined {
  const others = Array.from({ length: othersMax }, (_, index) => index + 1);
  for (const seed of [known, ...others.filter((other) => other !== known)]) {
    const found = findingsOf(simulation, seed).find((text) => violation.test(text));
    if (found !== undefined) return `seed ${seed}: ${found}`;
  }
  return undefined;
}

/** A member that lost an invariant of its own was found as well. */
function findingsOf(simulation: Simulation, seed: number): readonly string[] {
  try {
    return simulations[simulation](seed, { faultsMs, traceLinesMax: 0 }).violations;
  } catch (error) {
    return [String(error)];
  }
}
