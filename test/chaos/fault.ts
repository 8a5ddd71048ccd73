/** What a fault is, and what faults have to work with. */
import type { Random } from '../../src/base/random.ts';
import type { Draws } from './draws.ts';
import type { Fleet, Row, Used } from './fleet.ts';
import type { FaultNote } from './history.ts';
import type { MemberProcess } from './member-process.ts';
import type { Network } from './network.ts';
import { until } from './waiting.ts';

/** Told what the fault is not to bring about, beside what callers see. */
export type Amiss = (what: string) => void;

/** A fault as it was drawn; `act` carries it out, and resolves when nothing of it is left to undo. */
export interface Fault {
  readonly note: FaultNote;
  readonly act: (amiss: Amiss) => Promise<void>;
}

export interface Scene {
  readonly fleet: Fleet;
  readonly network: Network;
  readonly draws: Draws;
  readonly random: Random;
  /** Has a member that is in the grid call and subscribe. */
  readonly begin: (process: MemberProcess) => Promise<void>;
}

const primaryMs = 30_000;

/** The row of something in use; it has a primary that runs. */
export async function usedRow(
  { fleet, draws, random }: Pick<Scene, 'fleet' | 'draws' | 'random'>,
  isFit: (row: Row) => boolean = () => true,
): Promise<{ readonly row: Row; readonly owner: number; readonly what: string }> {
  let used: Used = draws.used(random);
  let row = await fleet.rowOf(used);
  await until(
    async () => {
      if (row.primary !== undefined && isFit(row)) return true;
      used = draws.used(random);
      row = await fleet.rowOf(used);
      return false;
    },
    () => `a row that is fit for the fault; the last was that of ${used.on} ${used.key}`,
    primaryMs,
  );
  return { row, owner: row.primary as number, what: `${used.on} ${used.key}` };
}
