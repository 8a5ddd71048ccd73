/** What a fault is, and what faults have to work with. */
import type { Random } from '../../src/base/random.ts';
import type { Answer, Call, Caller } from './calls.ts';
import type { ClientProcess } from './client-process.ts';
import type { Draws } from './draws.ts';
import type { Fleet, Row, Used } from './fleet.ts';
import type { FaultNote, History, Outlook, Role } from './history.ts';
import type { MemberProcess } from './member-process.ts';
import type { Network } from './network.ts';
import type { RunClients } from './run-clients.ts';
import { until } from './waiting.ts';

/** Told what comes of a fault, beside what callers see. */
export interface Witness {
  /** Something that the fault is not to bring about. */
  amiss(what: string): void;
  /** Who was away is back. */
  back(): void;
  /** All who can reach each other have one view while it lasts. */
  oneView(): void;
  sees(by: string, outlook: Outlook): void;
}

/** Notes it in the history of a run. */
export function witnessOf(history: History, fault: number): Witness {
  return {
    amiss: (what) => history.note({ type: 'amiss', fault, what }),
    back: () => history.note({ type: 'back', fault }),
    oneView: () => history.note({ type: 'one-view', fault }),
    sees: (by, outlook) => history.note({ type: 'outlook', fault, by, ...outlook }),
  };
}

/** A fault as it was drawn; `act` carries it out, and resolves when nothing of it is left to undo. */
export interface Fault {
  readonly note: FaultNote;
  readonly act: (witness: Witness) => Promise<void>;
}

export interface Scene {
  readonly fleet: Fleet;
  readonly network: Network;
  readonly draws: Draws;
  readonly random: Random;
  readonly clients: RunClients;
  /** Has a member that is in the grid call and subscribe. */
  readonly begin: (process: MemberProcess) => Promise<void>;
  /** The same for a client. */
  readonly beginClient: (process: ClientProcess) => Promise<void>;
  /** One call more than callers make by themselves. */
  readonly call: (caller: Caller, call: Call) => Promise<Answer>;
}

const primaryMs = 30_000;

/** What a note says of members that are killed, stopped or cut off: who has to suffer with them. */
export function hit(
  { fleet, clients }: Pick<Scene, 'fleet' | 'clients'>,
  members: readonly number[],
): Required<Pick<FaultNote, 'afflicted' | 'lostWay'>> {
  const afflicted = members.map((member) => fleet.process(member).name);
  return { afflicted, lostWay: clients.connectedTo(members) };
}

/** What a note says of a member that is killed. */
export async function killed(
  scene: Pick<Scene, 'fleet' | 'clients'>,
  member: number,
): Promise<Pick<FaultNote, 'afflicted' | 'lostWay' | 'isKill'> & { readonly role: Role }> {
  return { ...hit(scene, [member]), role: await scene.fleet.roleOf(member), isKill: true };
}

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
