/** Runs one search of a simulation on the sources beside it, and prints what it found. */
import { search } from '../simulation/mutant.ts';
import { names } from '../simulation/simulations.ts';

const [name, seed, othersMax] = process.argv.slice(2);
const simulation = names.find((candidate) => candidate === name);
if (simulation === undefined) throw new Error(`expected one of ${names}, found ${name}`);
console.log(search({ simulation, seed: Number(seed), othersMax: Number(othersMax) }) ?? '');
