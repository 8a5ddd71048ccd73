/**
 * Real processes, real faults, real callers; then everything that was seen is checked. It exits 1 where
 * anything was lost, doubled, out of order or unannounced, where a time was not kept, and where too little
 * happened to say so.
 *
 * `npm run chaos -- --minutes 10 [--seed 1] [--network namespaces|proxies] [--only kill,bridge]`: five members
 * and clients, faults of every kind.
 * `npm run chaos -- --rolling-restart`: each of five members hands over and starts again, under load.
 * `npm run chaos -- --clients-only [--kills 10] [--cuts 10]`: clients alone; owners are killed, connections cut.
 * `npm run chaos -- --crash-points 20`: somebody is killed at a step of a move, so many times.
 * `npm run chaos -- --check FILE`: looks through the history of an earlier run again.
 */
import { join } from 'node:path';
import { runClientsOnly, runCrashPoints } from './clients-only.ts';
import { checkAgain, conclude } from './conclusion.ts';
import { kindsOf } from './deck.ts';
import { placesNeeded, runFully } from './full-run.ts';
import { namespacesHere, runInside } from './inside-namespaces.ts';
import { NamespaceNetwork } from './namespace-network.ts';
import { whyNoNamespaces } from './namespaces.ts';
import type { Network } from './network.ts';
import { type ChaosOptions, readOptions } from './options.ts';
import { ProxiedNetwork } from './proxied-network.ts';
import type { Least, Verdict } from './verdict.ts';

const args = process.argv.slice(2);
const options = readOptions(args);
const restarts = ['rolling restart', 'hasty restart'];
const startedAt = performance.now();

process.exit(await main());

async function main(): Promise<number> {
  if (options.mode === 'check') return statusOf(await checkAgain(options.check));
  if (options.mode === 'clients-only') return statusOf(await clientsOnly());
  if (options.mode === 'crash-points') return statusOf(await crashPoints());
  const here = namespacesHere();
  if (here !== undefined) return statusOf(await full(new NamespaceNetwork(here)));
  const why = options.network === 'proxies' ? 'that was asked for' : whyNoNamespaces();
  if (why === '') {
    const { seed } = options;
    return runInside(placesNeeded, [...args, '--seed', `${seed}`]);
  }
  if (options.network === 'namespaces')
    throw new Error(`no network namespaces can be made: ${why}`);
  console.log(
    `without network namespaces, on loopback through proxies, no packet is lost (${why})`,
  );
  return statusOf(await full(await ProxiedNetwork.of(placesNeeded)));
}

function statusOf({ isWell }: Verdict): number {
  return isWell ? 0 : 1;
}

async function clientsOnly(): Promise<Verdict> {
  const { seed, kills, cuts, operations, preset } = options;
  const title = `seed ${seed}: ${kills} kills of owners and ${cuts} cuts of clients`;
  console.log(title);
  const folder = join(options.out, `clients-seed-${seed}`);
  const run = await runClientsOnly({ seed, kills, cuts, operations, preset, folder, say });
  say(`the clients lost all connections ${run.reconnects} times`);
  const least: Least = {
    answers: (kills + cuts) * operations,
    faultsInAll: kills + cuts,
    faults: { kill: kills, cut: cuts },
    isTimed: false,
  };
  const { history, problems } = run;
  return conclude({ seed, title, least, problems, events: history.events, folder });
}

async function crashPoints(): Promise<Verdict> {
  const { seed, points, operations, preset } = options;
  const title = `seed ${seed}: ${points} kills at the steps of moves`;
  console.log(title);
  const folder = join(options.out, `crash-points-seed-${seed}`);
  const run = await runCrashPoints({ seed, points, operations, preset, folder, say });
  const faults = { 'crash point': points };
  const least: Least = {
    answers: points * operations,
    faultsInAll: points,
    faults,
    isTimed: false,
  };
  const { history, problems } = run;
  return conclude({ seed, title, least, problems, events: history.events, folder });
}

async function full(network: Network): Promise<Verdict> {
  const { seed, ms, operations, mode } = options;
  const isRolling = mode === 'rolling-restart';
  const kinds = isRolling ? restarts : (options.kinds ?? kindsOf(network, ms));
  const faultsMax = isRolling ? restarts.length : (options.faults ?? Number.POSITIVE_INFINITY);
  const what = isRolling ? 'rolling restarts' : `${ms / 1_000} s of faults`;
  const title = `seed ${seed}: ${what}, over ${network.name}`;
  console.log(title);
  const folder = join(options.out, `${mode}-seed-${seed}`);
  const least = leastOf(network, options);
  const faultsLeast = least.faultsInAll;
  const { history, problems } = await runFully({
    seed,
    network,
    ms,
    faultsLeast,
    faultsMax,
    isEachDealt: least.isEachDealt ?? false,
    kinds,
    operations,
    folder,
    say,
  });
  return conclude({ seed, title, least, problems, events: history.events, folder });
}

/**
 * Of a whole run: fifteen thousand answers a minute, and of ten minutes sixty faults and every card. A run of a
 * minute and a half has fewer faults in a row, and may be on a machine that does something else: it is asked for ten
 * thousand.
 */
function leastOf(network: Network, { mode, ms, kinds, faults, operations }: ChaosOptions): Least {
  const minutes = ms / 60_000;
  if (mode === 'rolling-restart') {
    return {
      answers: 5 * operations,
      faultsInAll: restarts.length,
      faults: Object.fromEntries(restarts.map((kind) => [kind, 1])),
      isTimed: true,
      errorsMax: 0,
    };
  }
  const isWhole = mode === 'full' && kinds === undefined && faults === undefined;
  if (!isWhole) return { answers: 1_000, faultsInAll: 1, faults: {}, isTimed: true };
  const isLong = minutes >= 10;
  return {
    answers: (isLong ? 15_000 : 10_000) * minutes,
    faultsInAll: Math.floor(isLong ? Math.max(60, 5 * minutes) : 4 * minutes),
    faults: {},
    cards: kindsOf(network, ms),
    isEachDealt: isLong,
    isTimed: true,
  };
}

function say(line: string): void {
  console.log(`${((performance.now() - startedAt) / 1_000).toFixed(1).padStart(6)} s  ${line}`);
}
