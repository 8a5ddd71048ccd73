/**
 * `npm run crash-matrix -- --seeds 20 [--seed 1] [--step grow] [--jobs 1]`: kills somebody at each of the 96 points of a move,
 * so many times each, and exits 1 at any violation.
 */
import { parseArgs } from 'node:util';
import { isIn, type Share, shareOf, shareOut } from '../support/shares.ts';
import { type KillPoint, killPoints, runCrash } from './crash-matrix.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
    step: { type: 'string' },
    /** Processes that share the runs. */
    jobs: { type: 'string', default: '1' },
    /** Which of them this is. */
    share: { type: 'string' },
  },
});

const first = Number(values.seed);
const seeds = Number(values.seeds);
const points = killPoints.filter(({ step }) => values.step === undefined || step === values.step);
const totals = { runs: 0, bad: 0, moved: 0, ok: 0, looks: 0 };
const startedAt = performance.now();
const jobs = Number(values.jobs);

if (jobs > 1 && values.share === undefined) await shareOut(jobs, merge);
else runPoints(shareOf(values.share));
if (values.share === undefined) {
  const realMs = Math.round(performance.now() - startedAt);
  console.log(JSON.stringify({ points: points.length, seeds, ...totals, jobs, realMs }));
  if (totals.runs !== points.length * seeds) process.exitCode = 1;
} else {
  process.send?.(totals);
}
if (totals.bad > 0 || totals.runs === 0) process.exitCode = 1;

function merge(report: typeof totals): void {
  totals.runs += report.runs;
  totals.bad += report.bad;
  totals.moved += report.moved;
  totals.ok += report.ok;
  totals.looks += report.looks;
}

function runPoints(share: Share): void {
  for (const [at, point] of points.entries()) {
    for (let seed = first; seed < first + seeds; seed++) {
      if (isIn(share, at * seeds + seed - first)) runPoint(point, seed);
    }
  }
}

function runPoint(point: KillPoint, seed: number): void {
  const { violations, ok, looks, hasMoved } = runCrash(point, seed);
  const bad = violations.length > 0 ? 1 : 0;
  merge({ runs: 1, bad, moved: hasMoved ? 1 : 0, ok, looks });
  if (bad === 0) return;
  console.log(`${point.role} killed ${point.when} ${point.step}, seed ${seed}`);
  for (const violation of violations) console.log(`  ${violation}`);
}
