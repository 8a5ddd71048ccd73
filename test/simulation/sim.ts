/**
 * `npm run sim -- --seeds 300 [--seed 1] [--only grid] [--faults-ms 17000] [--without cut,edges] [--twice 0]
 * [--trace] [--no-shrink] [--jobs 1]`: runs simulated grids, each from its own seed, and exits 1 at any violation, or where
 * too little happened. A seed that fails is made smaller, and printed with the command that plays it again.
 */
import { parseArgs } from 'node:util';
import { faultKinds } from '../../src/testing/fault-kinds.ts';
import { isIn, type Share, shareOf, shareOut } from '../support/shares.ts';
import { shrink } from './shrink.ts';
import { names, replayOf, type Simulation, simulations } from './simulations.ts';
import { type Counted, shortfallsOfAll, Totals } from './totals.ts';
import { type RunOptions, type RunResult, type Trouble, troubles } from './trial.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
    /** One of the simulations, instead of all. */
    only: { type: 'string' },
    'faults-ms': { type: 'string', default: '17000' },
    /** What does not go wrong. */
    without: { type: 'string', default: '' },
    /** How many of the seeds are run again, to compare the hashes. */
    twice: { type: 'string', default: '0' },
    trace: { type: 'boolean', default: false },
    'no-shrink': { type: 'boolean', default: false },
    /** Processes that share the seeds. */
    jobs: { type: 'string', default: '1' },
    /** Which of them this is. */
    share: { type: 'string' },
  },
});

const first = Number(values.seed);
const seeds = Number(values.seeds);
const faultsMs = Number(values['faults-ms']);
const without = troublesOf(values.without);
const chosen = values.only === undefined ? names : names.filter((name) => name === values.only);
if (chosen.length === 0)
  throw new Error(`expected --only ${names.join('|')}, found ${values.only}`);

interface Report extends Counted {
  readonly name: Simulation;
  readonly bad: number;
  readonly realMs: number;
}

const jobs = Number(values.jobs);
const concluded: Totals[] = [];
if (jobs > 1 && values.share === undefined) await runShares();
else for (const name of chosen) runSeeds(name, shareOf(values.share));
complain(shortfallsOfAll(concluded));

/** Other processes run the seeds, and what they counted is looked at together. */
async function runShares(): Promise<void> {
  const reports: Report[] = [];
  await shareOut<Report>(jobs, (report) => reports.push(report));
  for (const name of chosen) {
    const totals = new Totals(name);
    const ofThis = reports.filter((report) => report.name === name);
    for (const report of ofThis) totals.merge(report);
    const bad = ofThis.reduce((sum, report) => sum + report.bad, 0);
    const realMs = Math.max(...ofThis.map((report) => report.realMs));
    if (totals.runs !== seeds) throw new Error(`${totals.runs} of ${seeds} runs of ${name} ended`);
    conclude(totals, bad, realMs);
  }
}

function runSeeds(name: Simulation, share: Share): void {
  const totals = new Totals(name);
  const startedAt = performance.now();
  let bad = 0;
  for (let at = 0; at < seeds; at++) {
    if (!isIn(share, at)) continue;
    const result = runOne(name, first + at);
    totals.add(result);
    const violations = [...result.violations];
    if (at < Number(values.twice)) {
      const { hash } = runOne(name, first + at);
      if (hash !== result.hash) violations.push(`the second run gave ${hash}`);
    }
    if (violations.length === 0) continue;
    bad++;
    report(name, result, violations);
  }
  const realMs = Math.round(performance.now() - startedAt);
  if (values.share === undefined) {
    conclude(totals, bad, realMs);
    return;
  }
  const { runs, worldMs, messages, counts } = totals;
  process.send?.({ name, bad, realMs, runs, worldMs, messages, counts } satisfies Report);
}

function conclude(totals: Totals, bad: number, realMs: number): void {
  const { name, shortfalls, worldMs, messages, counts } = totals;
  const figures = { name, seeds, bad, messages, jobs, realMs };
  const timesRealTime = Math.round(worldMs / realMs);
  console.log(JSON.stringify({ ...figures, timesRealTime, ...counts }));
  concluded.push(totals);
  complain(shortfalls);
  if (bad > 0) process.exitCode = 1;
}

function complain(shortfalls: readonly string[]): void {
  for (const shortfall of shortfalls) console.log(`too little happened: ${shortfall}`);
  if (shortfalls.length > 0) process.exitCode = 1;
}

/** A member that lost an invariant of its own throws: that ends its world, and not all others. */
function runOne(name: Simulation, seed: number): RunResult {
  const traceLinesMax = values.trace ? 4_000 : 0;
  const options: RunOptions = { faultsMs, traceLinesMax, without };
  try {
    return simulations[name](seed, options);
  } catch (error) {
    const violations = [String(error)];
    return {
      seed,
      violations,
      hash: '',
      worldMs: 0,
      messages: 0,
      counts: {},
      shape: '',
      trace: [],
    };
  }
}

function troublesOf(text: string): readonly Trouble[] {
  const known: readonly Trouble[] = [...troubles, ...faultKinds];
  return text.split(',').flatMap((word) => {
    const trouble = known.find((candidate) => candidate === word);
    if (trouble === undefined && word !== '') {
      throw new Error(`expected --without some of ${known.join(',')}, found ${word}`);
    }
    return trouble ?? [];
  });
}

function report(name: Simulation, result: RunResult, violations: readonly string[]): void {
  const { seed } = result;
  console.log(`${name} seed ${seed} ${result.shape}`);
  for (const violation of violations) console.log(`  ${violation}`);
  console.log(`  replay: ${replayOf(name, result, faultsMs, without)}`);
  for (const line of result.trace) console.log(`    ${line}`);
  if (values.trace || values['no-shrink'] || without.length > 0) return;
  const smaller = shrink(simulations[name], seed, faultsMs);
  if (smaller === undefined) return;
  console.log(`  smaller: ${replayOf(name, result, smaller.faultsMs, smaller.without)}`);
  console.log(`    ${smaller.violation}`);
}
