/**
 * Where copies go: a pure function from the table to the assignments that are next (PROTOCOL.md 3.5).
 * Repair first, copies on distinct members and level within one; then primaries are levelled by
 * handovers among copies that are in sync, which move nothing.
 */

import type { MemberId, PartitionId } from '../base/ids.ts';
import { partitionIdOf } from '../base/partition-id.ts';
import { lightest } from './meta-machine.ts';
import {
  type Assignment,
  copiesWanted,
  isEligible,
  isServing,
  type MetaState,
  type PartitionRow,
} from './meta-state.ts';

/** Handovers that the levelling of primaries has under way at a time. */
const handoversMax = 8;

export interface PlacementOptions {
  /** Partitions whose backup is alive and silent: they get another copy before it is pruned. */
  readonly slow: ReadonlySet<PartitionId>;
  /** Whether primaries may be levelled now: not while members come and go. */
  readonly isCalm: boolean;
  /** Whether a handover has gone on for too long and is to be given up. */
  isOverdue(partition: PartitionId, row: PartitionRow): boolean;
}

interface Loads {
  readonly copies: Map<MemberId, number>;
  readonly primaries: Map<MemberId, number>;
  handovers: number;
}

export function plan(state: MetaState, options: PlacementOptions): Assignment[] {
  const loads = loadsOf(state);
  const eligible = [...state.members.values()].filter(isEligible).map(({ id }) => id);
  const assignments: Assignment[] = [];
  eachRow(state, (row, partition, backups) => {
    if (row.primary === undefined || !isServing(state.members.get(row.primary))) return;
    const learner = nextLearner(state, row, partition, backups, eligible, loads, options.slow);
    const transferTo = nextTransfer(state, row, partition, eligible, loads, options);
    if (learner === row.learner && transferTo === row.transferTo) return;
    assignments.push({ partition, version: row.version, learner, transferTo });
  });
  return assignments;
}

function nextLearner(
  state: MetaState,
  row: PartitionRow,
  partition: PartitionId,
  backups: number,
  eligible: readonly MemberId[],
  loads: Loads,
  slow: ReadonlySet<PartitionId>,
): MemberId | undefined {
  if (row.learner !== undefined && eligible.includes(row.learner)) return row.learner;
  const staying = row.inSync.filter((id) => state.members.get(id)?.status === 'up').length;
  const isShort = staying < copiesWanted(state, backups);
  if (!isShort && !slow.has(partition)) return undefined;
  const learner = lightest(eligible, loads.copies, (id) => !row.inSync.includes(id));
  if (learner !== undefined) add(loads.copies, learner, 1);
  return learner;
}

function nextTransfer(
  state: MetaState,
  row: PartitionRow,
  partition: PartitionId,
  eligible: readonly MemberId[],
  loads: Loads,
  options: PlacementOptions,
): MemberId | undefined {
  const isTarget = (id: MemberId) => id !== row.primary && eligible.includes(id);
  if (row.transferTo !== undefined) {
    const holds = isTarget(row.transferTo) && row.inSync.includes(row.transferTo);
    return holds && !options.isOverdue(partition, row) ? row.transferTo : undefined;
  }
  if (row.primary === undefined) return undefined;
  const target = lightest(row.inSync, loads.primaries, isTarget);
  if (target === undefined) return undefined;
  const isLeaving = state.members.get(row.primary)?.status === 'leaving';
  if (!isLeaving && !(options.isCalm && mayLevel(row, target, loads))) return undefined;
  add(loads.primaries, target, 1);
  add(loads.primaries, row.primary, -1);
  loads.handovers++;
  return target;
}

function mayLevel(row: PartitionRow, target: MemberId, loads: Loads): boolean {
  if (row.learner !== undefined || row.primary === undefined) return false;
  if (loads.handovers >= handoversMax) return false;
  const own = loads.primaries.get(row.primary) ?? 0;
  return own - (loads.primaries.get(target) ?? 0) > 1;
}

function loadsOf(state: MetaState): Loads {
  const loads: Loads = { copies: new Map(), primaries: new Map(), handovers: 0 };
  eachRow(state, (row) => {
    for (const id of row.inSync) add(loads.copies, id, 1);
    if (row.learner !== undefined) add(loads.copies, row.learner, 1);
    // A primary that is on its way counts where it goes.
    const primary = row.transferTo ?? row.primary;
    if (primary !== undefined) add(loads.primaries, primary, 1);
    if (row.transferTo !== undefined) loads.handovers++;
  });
  return loads;
}

function add(load: Map<MemberId, number>, id: MemberId, by: number): void {
  load.set(id, (load.get(id) ?? 0) + by);
}

function eachRow(
  state: MetaState,
  visit: (row: PartitionRow, partition: PartitionId, backups: number) => void,
): void {
  const partitions = state.settings?.partitions ?? 0;
  for (let backups = 0; backups < state.groups.length; backups++) {
    const rows = state.groups[backups];
    if (rows === undefined) continue;
    for (let index = 0; index < rows.length; index++) {
      visit(rows[index] as PartitionRow, partitionIdOf(backups, index, partitions), backups);
    }
  }
}
