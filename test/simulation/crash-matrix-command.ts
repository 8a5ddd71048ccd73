/**
 * `npm run crash-matrix -- --seeds 20 [--seed 1] [--step grow]`: kills somebody at each of the 96 points of a move,
 * so many times each, and exits 1 at any violation.
 */
import { parseArgs } from 'node:util';
import { killPoints, runCrash } from './crash-matrix.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
    step: { type: 'string' },
  },
});

const first = Number(values.seed);
const seeds = Number(values.seeds);
const points = killPoints.filter(({ step }) => values.step === undefined || step === values.step);
const totals = { points: points.length, seeds, runs: 0, bad: 0, moved: 0, ok: 0, looks: 0 };
const startedAt = performance.now();

for (const point of points) {
  for (let seed = first; seed < first + seeds; seed++) {
    const { violations, ok, looks, hasMoved } = runCrash(point, seed);
    totals.runs++;
    totals.ok += ok;
    totals.looks += looks;
    if (hasMoved) totals.moved++;
    if (violations.length === 0) continue;
    totals.bad++;
    console.log(`${point.role} killed ${point.when} ${point.step}, seed ${seed}`);
    for (const violation of violations) console.log(`  ${violation}`);
  }
}

console.log(JSON.stringify({ ...totals, realMs: Math.round(performance.now() - startedAt) }));
if (totals.bad > 0 || totals.runs === 0) process.exitCode = 1;
