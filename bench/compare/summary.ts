/** From rows to figures: the median of each driver, and its ratio to the best peer's. */
import type { Asked, Cell } from './cells.ts';
import { type DriverName, isPeer, isShoal } from './drivers/driver.ts';
import { median } from './latencies.ts';
import { foreignMax, type Row } from './rounds.ts';

export interface Figure {
  readonly driver: DriverName;
  /** How many runs count, of how many: those with little foreign load, if they are half of all at least. */
  readonly counted: number;
  readonly runs: number;
  /** Medians over the runs that count. */
  readonly perSecond: number;
  readonly p50Us: number;
  readonly p99Us: number;
  readonly driverCores: number;
  readonly systemCores: number;
  /** (most - least) / median of the rates. */
  readonly spread: number;
  readonly foreignCoresMax: number;
  readonly tries: number;
}

export interface Ratio {
  readonly driver: DriverName;
  readonly bestPeer: DriverName;
  readonly ratio: number;
}

/** What a run comes to: one line of the last table, one mark in the plot. */
export interface Finding {
  readonly name: string;
  /** Whose figure it is. */
  readonly of: string;
  readonly value: number;
  /** `x` for a ratio. */
  readonly unit: string;
  /** The other side of a ratio. */
  readonly against?: string;
  readonly asked?: Asked;
  /** One of each trial, where it is not a cell of drivers. */
  readonly trials?: readonly number[];
}

export interface CellSummary {
  readonly cell: string;
  readonly title: string;
  readonly figures: readonly Figure[];
  readonly ratios: readonly Ratio[];
  readonly asked?: Asked;
}

export function summaryOf(cell: Cell, rows: readonly Row[]): CellSummary {
  const own = rows.filter((row) => row.cell === cell.name);
  const present = cell.drivers.filter((name) => own.some(({ driver }) => driver === name));
  const figures = present.map((name) =>
    figureOf(
      name,
      own.filter(({ driver }) => driver === name),
    ),
  );
  const { name, title, asked } = cell;
  const summary = { cell: name, title, figures, ratios: ratiosOf(figures) };
  return asked === undefined ? summary : { ...summary, asked };
}

/** Which runs count is decided by what else was running, never by how quick they were. */
export function countedOf(rows: readonly Row[]): readonly Row[] {
  const calm = rows.filter(({ foreignCores }) => foreignCores <= foreignMax);
  return calm.length * 2 >= rows.length ? calm : rows;
}

function figureOf(driver: DriverName, all: readonly Row[]): Figure {
  const rows = countedOf(all);
  const of = (pick: (row: Row) => number) => rows.map(pick);
  const rates = of((row) => row.perSecond);
  const perSecond = median(rates);
  return {
    driver,
    counted: rows.length,
    runs: all.length,
    perSecond,
    p50Us: median(of((row) => row.p50Us)),
    p99Us: median(of((row) => row.p99Us)),
    driverCores: median(of((row) => row.driverCores)),
    systemCores: median(of((row) => row.systemCores)),
    spread: (Math.max(...rates) - Math.min(...rates)) / perSecond,
    foreignCoresMax: Math.max(...of((row) => row.foreignCores)),
    tries: all.reduce((sum, { tries }) => sum + tries, 0),
  };
}

function ratiosOf(figures: readonly Figure[]): Ratio[] {
  const peers = figures.filter(({ driver }) => isPeer(driver));
  const [best] = peers.toSorted((a, b) => b.perSecond - a.perSecond);
  if (best === undefined) return [];
  return figures
    .filter(({ driver }) => !isPeer(driver))
    .map(({ driver, perSecond }) => ({
      driver,
      bestPeer: best.driver,
      ratio: perSecond / best.perSecond,
    }));
}

/** The ratios, or the rates where there is no peer. Something is asked of Shoal alone. */
export function findingsOf({ cell, figures, ratios, asked }: CellSummary): Finding[] {
  const of = (driver: DriverName) => (asked === undefined || !isShoal(driver) ? {} : { asked });
  if (ratios.length === 0) {
    return figures.map(({ driver, perSecond }) => ({
      name: cell,
      of: driver,
      value: perSecond,
      unit: '/s',
      ...of(driver),
    }));
  }
  return ratios.map(({ driver, bestPeer, ratio }) => ({
    name: cell,
    of: driver,
    value: ratio,
    unit: 'x',
    against: bestPeer,
    ...of(driver),
  }));
}

/** What is met, of what is asked. */
export function verdictOf({ value, asked }: { value: number; asked?: Asked | undefined }): string {
  if (asked === undefined) return '';
  const { goal, thinFloor, coreFloor, isLessBetter = false } = asked;
  const meets = (limit: number) => (isLessBetter ? value <= limit : value >= limit);
  if (meets(goal)) return 'goal';
  const floors = [thinFloor, coreFloor].filter((floor) => floor !== undefined);
  if (floors.length === 0) return 'no goal';
  if (floors.every(meets)) return 'floors';
  return floors.some(meets) ? 'lower floor' : 'no floor';
}
