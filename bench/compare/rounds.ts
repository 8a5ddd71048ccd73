/**
 * Runs cells in turns: in each round every driver has a new process, and runs each cell once, one driver
 * after the other, in an order that is another in each round. So what changes on the machine with time
 * falls on all of them.
 */
import type { Cell } from './cells.ts';
import { DriverChild } from './driver-child.ts';
import {
  type Addresses,
  type DriverName,
  holdsOwn,
  isBare,
  isPeer,
  isShoal,
  type ValueKind,
} from './drivers/driver.ts';
import { type Load, loadBetween, probeMs, quiet, sample } from './load.ts';
import type { Task, TaskResult } from './tasks/task.ts';

export interface Pace {
  readonly rounds: number;
  /** Of one cell of one driver. */
  readonly seconds: number;
  /** The first time in a process, and every other time. */
  readonly firstWarmUpSeconds: number;
  readonly warmUpSeconds: number;
  /** How often a cell is run where there is foreign load, and how long it is waited before for less. */
  readonly triesMax: number;
  readonly quietWaitMaxMs: number;
  /** What waiting and further tries may take with the cells of a stage: on a machine that is never quiet it is to end. */
  readonly patienceMs: number;
}

/** One run of a cell by a driver: the try with the least foreign load. */
export interface Row extends TaskResult {
  readonly cell: string;
  readonly driver: DriverName;
  readonly round: number;
  readonly driverCores: number;
  readonly systemCores: number;
  readonly foreignCores: number;
  /** Of the foreign load: that of the drivers whose turn it is not. */
  readonly idleDriverCores: number;
  readonly tries: number;
}

export interface Stage {
  readonly addresses: Addresses;
  /** The compared systems' processes. */
  readonly pids: readonly number[];
}

/** A try with more foreign load than this, in cores, is made again, and left out where enough others are better. */
export const foreignMax = 0.2;

/** What did not come to its end, and why. */
export interface Failure {
  readonly what: string;
  readonly why: string;
}

/** Who is told while it runs. */
export interface Listener {
  row(row: Row): void;
  failure(failure: Failure): void;
}

/** A driver that fails is told of, and out of the round; the others go on. */
export async function runRounds(
  stage: Stage,
  cells: readonly Cell[],
  pace: Pace,
  listener: Listener,
): Promise<void> {
  const names = [...new Set(cells.flatMap(({ drivers }) => drivers))];
  const patience = { leftMs: pace.patienceMs };
  await fillSystems(stage, cells);
  for (let round = 0; round < pace.rounds; round++) {
    const drivers = new Set(await openAll(names, stage, valuesIn(cells)));
    const tried = async (what: string, driver: DriverChild, act: () => Promise<void>) => {
      await act().catch(async (error: unknown) => {
        listener.failure({ what: `${what}, ${driver.name}, round ${round + 1}`, why: `${error}` });
        drivers.delete(driver);
        await driver.kill();
      });
    };
    for (const driver of drivers) {
      await tried('warm-up', driver, () => warmUp(driver, cells, pace));
    }
    for (const [at, cell] of cells.entries()) {
      const turns = [...drivers].filter(({ name }) => cell.drivers.includes(name));
      for (const driver of rotated(turns, round + at)) {
        await tried(cell.name, driver, async () =>
          listener.row(await runCell({ stage, drivers, driver, cell, round, pace, patience })),
        );
      }
    }
    for (const driver of drivers) await tried('closing', driver, () => driver.close());
  }
}

function rotated<Item>(items: readonly Item[], by: number): Item[] {
  const at = by % Math.max(1, items.length);
  return [...items.slice(at), ...items.slice(0, at)];
}

async function openAll(
  names: readonly DriverName[],
  stage: Stage,
  values: ReadonlySet<ValueKind>,
): Promise<DriverChild[]> {
  const drivers: DriverChild[] = [];
  for (const name of names) {
    const driver = await DriverChild.open(name, stage.addresses);
    if (holdsOwn(name)) await fill(driver, values);
    drivers.push(driver);
  }
  return drivers;
}

function valuesIn(cells: readonly Cell[]): ReadonlySet<ValueKind> {
  return new Set(cells.flatMap(({ task }) => (task.kind === 'map' ? [task.values] : [])));
}

async function fill(driver: DriverChild, values: ReadonlySet<ValueKind>): Promise<void> {
  for (const kind of values) await driver.fill(kind);
}

/** Each system once, with what its cells are of, by the first driver of each that is here. */
async function fillSystems(stage: Stage, cells: readonly Cell[]): Promise<void> {
  if (stage.pids.length === 0) return;
  for (const is of [isShoal, isPeer, isBare]) {
    const own = cells.filter(({ drivers }) => drivers.some(is));
    const values = valuesIn(own);
    const name = own[0]?.drivers.find(is);
    if (name === undefined || values.size === 0) continue;
    const driver = await DriverChild.open(name, stage.addresses);
    await fill(driver, values);
    await driver.close();
  }
}

/** Each kind of task once, maps with reads and writes and much outstanding, before anything is measured. */
async function warmUp(driver: DriverChild, cells: readonly Cell[], pace: Pace): Promise<void> {
  const tasks = new Map<string, Task>();
  for (const { task, drivers } of cells) {
    if (!drivers.includes(driver.name)) continue;
    if (task.kind !== 'map') tasks.set(task.kind, task);
    else
      tasks.set(`map of ${task.values}`, { ...task, reads: 0.5, outstanding: warmUpOutstanding });
  }
  for (const task of tasks.values()) await driver.run(task, pace.firstWarmUpSeconds);
}

/** As many as the drivers with connections of their own have. */
const warmUpOutstanding = 64;

interface Turn {
  readonly stage: Stage;
  /** All that are there. */
  readonly drivers: ReadonlySet<DriverChild>;
  /** Whose turn it is. */
  readonly driver: DriverChild;
  readonly cell: Cell;
  readonly round: number;
  readonly pace: Pace;
  readonly patience: { leftMs: number };
}

async function runCell(turn: Turn): Promise<Row> {
  const { driver, cell, pace, patience } = turn;
  await driver.run(cell.task, pace.warmUpSeconds);
  let best = await tryCell(turn);
  let tries = 1;
  while (best.foreignCores > foreignMax && tries < pace.triesMax && patience.leftMs > 0) {
    tries++;
    const begun = performance.now();
    const row = await tryCell(turn);
    patience.leftMs -= performance.now() - begun;
    if (row.foreignCores < best.foreignCores) best = row;
  }
  return { ...best, tries };
}

/** Until there is little foreign load; one look costs no patience. */
async function awaitQuiet(measured: readonly number[], { pace, patience }: Turn): Promise<void> {
  const begun = performance.now();
  await quiet(measured, Math.min(pace.quietWaitMaxMs, Math.max(0, patience.leftMs)));
  patience.leftMs -= Math.max(0, performance.now() - begun - probeMs);
}

async function tryCell(turn: Turn): Promise<Omit<Row, 'tries'>> {
  const { stage, drivers, driver, cell, round, pace } = turn;
  const measured = [...stage.pids, driver.pid, process.pid];
  const idle = [...drivers].filter((each) => each !== driver).map(({ pid }) => pid);
  await awaitQuiet(measured, turn);
  const [from, idleFrom] = [sample(measured), sample(idle)];
  const result = await driver.run(cell.task, pace.seconds);
  const load = loadBetween(from, sample(measured));
  return {
    cell: cell.name,
    driver: driver.name,
    round,
    ...result,
    driverCores: load.cores.get(driver.pid) ?? 0,
    systemCores: sumOf(load, stage.pids),
    foreignCores: load.foreign,
    idleDriverCores: sumOf(loadBetween(idleFrom, sample(idle)), idle),
  };
}

function sumOf({ cores }: Load, pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + (cores.get(pid) ?? 0), 0);
}
