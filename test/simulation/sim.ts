/**
 * `npm run sim -- --seeds 300 [--seed 1] [--only grid] [--faults-ms 15000] [--twice 0] [--trace]`: runs
 * simulated grids, each from its own seed, and exits 1 at any violation, or where too little happened.
 */
import { parseArgs } from 'node:util';
import { names, replayOf, type Simulation, simulations } from './simulations.ts';
import { Totals } from './totals.ts';
import type { RunResult } from './trial.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
    /** One of the simulations, instead of all. */
    only: { type: 'string' },
    'faults-ms': { type: 'string', default: '15000' },
    /** How many of the seeds are run again, to compare the hashes. */
    twice: { type: 'string', default: '0' },
    trace: { type: 'boolean', default: false },
  },
});

const first = Number(values.seed);
const seeds = Number(values.seeds);
const faultsMs = Number(values['faults-ms']);
const chosen = names.filter((name) => values.only === undefined || name === values.only);
if (chosen.length === 0)
  throw new Error(`expected --only ${names.join('|')}, found ${values.only}`);

for (const name of chosen) {
  const totals = new Totals(name);
  const startedAt = performance.now();
  let bad = 0;
  for (let seed = first; seed < first + seeds; seed++) {
    const result = simulations[name](seed, { faultsMs, traceLinesMax: values.trace ? 4_000 : 0 });
    totals.add(result);
    const violations = [...result.violations];
    if (seed - first < Number(values.twice)) {
      const { hash } = simulations[name](seed, { faultsMs, traceLinesMax: 0 });
      if (hash !== result.hash) violations.push(`the second run gave ${hash}`);
    }
    if (violations.length === 0) continue;
    bad++;
    report(name, result, violations);
  }
  const { shortfalls, worldMs, messages, counts } = totals;
  const realMs = Math.round(performance.now() - startedAt);
  const timesRealTime = Math.round(worldMs / realMs);
  console.log(JSON.stringify({ name, seeds, bad, messages, realMs, timesRealTime, ...counts }));
  for (const shortfall of shortfalls) console.log(`too little happened: ${shortfall}`);
  if (bad > 0 || shortfalls.length > 0) process.exitCode = 1;
}

function report(name: Simulation, result: RunResult, violations: readonly string[]): void {
  console.log(`${name} seed ${result.seed} ${result.shape}`);
  for (const violation of violations) console.log(`  ${violation}`);
  console.log(`  replay: ${replayOf(name, result, faultsMs)}`);
  for (const line of result.trace) console.log(`    ${line}`);
}
