/** Breaks one method as the tests of the simulation do, by its name, and prints what found it. */
import { hookedMutants } from '../simulation/hooked-mutants.ts';
import { findHooked } from '../simulation/mutant.ts';

const name = process.argv[2];
const mutant = hookedMutants.find((candidate) => candidate.name === name);
if (mutant === undefined) throw new Error(`expected the name of a mutant, found ${name}`);
console.log(findHooked(mutant) ?? '');
