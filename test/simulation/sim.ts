/**
 * `npm run sim -- --seeds 300 [--seed 1] [--faults-ms 15000] [--twice 0] [--trace]`: runs simulated
 * grids, each from its own seed, and exits 1 at any violation.
 */
import { parseArgs } from 'node:util';
import { type GridRunResult, runGrid } from './grid-run.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
    'faults-ms': { type: 'string', default: '15000' },
    /** How many of the seeds are run again, to compare the hashes. */
    twice: { type: 'string', default: '0' },
    trace: { type: 'boolean', default: false },
  },
});

const first = Number(values.seed);
const seeds = Number(values.seeds);
const faultsMs = Number(values['faults-ms']);
const totals = { ok: 0, failed: 0, unknown: 0, faults: 0, messages: 0, worldMs: 0 };
const faults = new Map<string, number>();
const queues = new Map<string, number>();
const clients = new Map<string, number>();
let bad = 0;
const startedAt = performance.now();

for (let seed = first; seed < first + seeds; seed++) {
  const result = runGrid(seed, { faultsMs, traceLinesMax: values.trace ? 4_000 : 0 });
  add(result);
  if (seed - first < Number(values.twice)) {
    const again = runGrid(seed, { faultsMs, traceLinesMax: 0 });
    if (again.hash !== result.hash) report(result, [`the second run gave ${again.hash}`]);
  }
  if (result.violations.length > 0) report(result, result.violations);
}

const realMs = performance.now() - startedAt;
console.log(
  JSON.stringify({
    seeds,
    bad,
    ...totals,
    worldMs: Math.round(totals.worldMs),
    realMs: Math.round(realMs),
    timesRealTime: Math.round(totals.worldMs / realMs),
    queues: Object.fromEntries(queues),
    clients: Object.fromEntries(clients),
    byFault: Object.fromEntries(faults),
  }),
);
process.exitCode = bad > 0 ? 1 : 0;

function add(result: GridRunResult): void {
  totals.ok += result.operations.ok;
  totals.failed += result.operations.failed;
  totals.unknown += result.operations.unknown;
  totals.messages += result.messages;
  totals.worldMs += result.worldMs;
  for (const [what, count] of Object.entries(result.queues)) {
    queues.set(what, (queues.get(what) ?? 0) + count);
  }
  for (const [what, count] of Object.entries(result.clients)) {
    clients.set(what, (clients.get(what) ?? 0) + count);
  }
  for (const [kind, count] of result.faults) {
    faults.set(kind, (faults.get(kind) ?? 0) + count);
    totals.faults += count;
  }
}

function report(result: GridRunResult, violations: readonly string[]): void {
  bad++;
  console.log(`seed ${result.seed} ${result.shape} ${JSON.stringify(result.operations)}`);
  for (const violation of violations) console.log(`  ${violation}`);
  console.log(`  replay: npm run sim -- --seed ${result.seed} --seeds 1 --faults-ms ${faultsMs}`);
  for (const line of result.trace) console.log(`    ${line}`);
}
