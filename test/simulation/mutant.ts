/** Code broken on purpose, and the first simulated world that shows it. */
import { expect } from 'chai';
import { type Simulation, simulations } from './simulations.ts';

export interface Mutant {
  readonly name: string;
  readonly simulation: Simulation;
  readonly owner: object;
  readonly member: string;
  /** What stands in the place of `before`. */
  readonly make: (before: (...given: never[]) => unknown) => unknown;
  /** A seed that found it when this was written; others are tried in case that the histories have changed since. */
  readonly seed: number;
  /** Violations of other kinds do not count: the checker that it is for has to see it. @default all */
  readonly violation?: RegExp;
}

const faultsMs = 8_000;
const othersMax = 60;

/** A test that the simulation sees it. */
export function itFinds(mutant: Mutant): void {
  const { name, owner, member, make } = mutant;
  it(name, () => {
    const before = Object.getOwnPropertyDescriptor(owner, member);
    expect(before, `${member} is there to be broken`).to.not.equal(undefined);
    const value = make(before?.value);
    Object.defineProperty(owner, member, { value, configurable: true, writable: true });
    try {
      const found = firstFinding(mutant);
      if (process.env.VERBOSE !== undefined) console.log(found);
      expect(found).to.not.equal(undefined);
    } finally {
      Object.defineProperty(owner, member, before ?? {});
    }
  });
}

/** The first seed that finds it, and what it found. */
function firstFinding({ simulation, seed: known, violation = /./ }: Mutant): string | undefined {
  const others = Array.from({ length: othersMax }, (_, index) => index + 1);
  for (const seed of [known, ...others.filter((other) => other !== known)]) {
    try {
      const { violations } = simulations[simulation](seed, { faultsMs, traceLinesMax: 0 });
      const found = violations.find((text) => violation.test(text));
      if (found !== undefined) return `seed ${seed}: ${found}`;
    } catch (error) {
      // A member that lost an invariant of its own was found as well.
      if (violation.test(String(error))) return `seed ${seed}: ${String(error)}`;
    }
  }
  return undefined;
}
