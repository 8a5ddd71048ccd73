/**
 * One run of a map whose entries expire, in a simulated grid from a seed in which no two clocks run alike:
 * form, load, faults, heal, converge, check.
 */
import type { Member } from '../../src/member/member.ts';
import { ExpiryWorkload, leasesName, ttlMsMax } from './expiry-workload.ts';
import { GridClock } from './grid-clock.ts';
import { type RunOptions, type RunResult, Trial } from './trial.ts';

/** How far the rates of two clocks are apart, at most. */
const rateSpread = 0.02;

export function runExpiry(seed: number, options: RunOptions): RunResult {
  const trial = new Trial(seed, options);
  const { grid, random } = trial;
  const clock = new GridClock(grid);
  const ofMap = random.pick([
    undefined,
    { ttlMs: 1_500, jitter: 0 },
    { ttlMs: 3_000, jitter: 0.2 },
  ]);
  const workload = new ExpiryWorkload(grid, random, clock, ofMap);
  for (const { name } of grid.callers) {
    grid.world.setRate(name, 1 + (random.next() - 0.5) * rateSpread);
  }
  if (trial.settle('the cluster did not form')) {
    const { ttlMs: ttl, jitter } = ofMap ?? {};
    grid.define('map', leasesName, ofMap === undefined ? {} : { ttl, jitter });
    trial.settle('the map did not settle');
    clock.start();
    workload.start();
    trial.rest(1_000);
    trial.disturb();
    finish(trial, workload);
    clock.stop();
  }
  return trial.result([...clock.violations, ...workload.violations()], {
    expiry: { ...workload.calling.ended, ...workload.seen, looksAtClocks: clock.looks },
  });
}

/** The calm after the faults: calls go on and end, and what has expired is kept nowhere. */
function finish(trial: Trial, workload: ExpiryWorkload): void {
  const { grid, invariants } = trial;
  const { calling } = workload;
  const okBefore = calling.ended.ok;
  // A link that is half-open for data alone is found within 9 s.
  trial.expectWithin(12_000, 'operations do not succeed', () => calling.ended.ok > okBefore + 20);
  trial.rest(2_000);
  calling.stop();
  trial.expectWithin(20_000, 'calls did not end', () => calling.open === 0);
  workload.readAll();
  trial.expectWithin(10_000, 'the last reads got no answer', () => calling.open === 0);
  const [first] = grid.processes;
  if (first !== undefined) workload.expireAll(first);
  trial.rest(ttlMsMax);
  workload.readAll();
  trial.expectWithin(10_000, 'the very last reads got no answer', () => calling.open === 0);
  const left = Math.max(...grid.members.map(entriesOf));
  trial.expect(left === 0, `${left} records are kept that have expired`);
  invariants.check();
  invariants.checkQuiescent();
}

function entriesOf(member: Member): number {
  const row = member.router.structure('map', leasesName);
  let entries = 0;
  if (row === undefined) return entries;
  for (const { replica } of member.host.replicas()) {
    entries += replica.state.options.content.stores.get(row.id)?.entries ?? 0;
  }
  return entries;
}
