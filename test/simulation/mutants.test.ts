/**
 * Breaks the code on purpose and expects the simulation to see it: a checker that has never failed checks
 * nothing. `npm run mutants` does the same to more rules, and takes longer.
 */
import { expect } from 'chai';
import { hookedMutants } from './hooked-mutants.ts';
import { findHooked } from './mutant.ts';

describe('the simulation finds', function () {
  this.timeout(120_000);

  for (const mutant of hookedMutants) {
    it(mutant.name, () => {
      const found = findHooked(mutant);
      if (process.env.VERBOSE !== undefined) console.log(found);
      expect(found).to.not.equal(undefined);
    });
  }
});
