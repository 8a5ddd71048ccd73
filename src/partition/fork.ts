/**
 * How a survivor goes on alone (PROTOCOL.md 2.8): the table of the new lineage, made of the old one and
 * of what the survivor holds.
 *
 * Rules
 * 1. The survivor comes with a new identity: nothing that was meant for the old one reaches it, and
 *    nothing that the old one promised binds it.
 * 2. Every partition goes on with the rank after the highest that is known, so that no version or fence
 *    of the old lineage outranks one of the new (rule 0.5).
 * 3. Only what was in sync is taken along. What it does not hold is lost, and treated as such.
 */
import type { MemberId, PartitionId, Version } from '../base/ids.ts';
import { partitionIdOf } from '../base/partition-id.ts';
import { forkedLineage } from './lineage.ts';
import { begunRow, lostRow, memberRow } from './meta-rows.ts';
import { atVersion, type MetaState, type NewMember, type PartitionRow } from './meta-state.ts';

export interface Fork {
  /** Of the new lineage. */
  readonly id: string;
  /** Who the survivor was, and who it is from now on. */
  readonly from: MemberId;
  readonly to: NewMember;
  /** The last version of a partition whose whole content it holds; undefined for all others. */
  readonly held: (partition: PartitionId) => number | undefined;
}

/** The highest rank that a fork or a merge brought: what begins here begins above it, as all else is by then. */
export function historyRank({ lineage, merges }: Pick<MetaState, 'lineage' | 'merges'>): number {
  return Math.max(0, ...[...lineage.branches, ...merges].map(({ rank }) => rank));
}

/** The highest rank of any row, and of any lineage that this one comes from. */
export function highestRank(state: MetaState): number {
  let highest = historyRank(state);
  for (const rows of state.groups) {
    for (const { rank, generation } of rows ?? []) highest = Math.max(highest, rank, generation);
  }
  return highest;
}

/** The state with which the new lineage begins. */
export function forkedState(state: MetaState, fork: Fork): MetaState {
  const rank = highestRank(state) + 1;
  const left: number[] = [];
  const groups = state.groups.map((rows, backups) =>
    rows?.map((row, index) => {
      const partition = partitionIdOf(backups, index, rows.length);
      const version = row.inSync.includes(fork.from) ? fork.held(partition) : undefined;
      left[partition] = version ?? 0;
      return version === undefined ? lostRow(row) : heldRow(row, fork.to.id, rank);
    }),
  );
  return {
    applied: state.applied,
    settings: state.settings,
    clusterId: state.clusterId,
    protocol: state.protocol,
    gridTime: state.gridTime,
    lineage: forkedLineage(state.lineage, {
      id: fork.id,
      survivor: fork.from,
      rank,
      left: Array.from(left, (version) => version ?? 0),
    }),
    merges: state.merges,
    yields: undefined,
    members: new Map([[fork.to.id, memberRow(fork.to, 'up', state.applied)]]),
    departed: new Set([...state.departed, ...state.members.keys()]),
    groups,
    structures: state.structures,
    structuresAt: state.applied,
  };
}

function heldRow(row: PartitionRow, holder: MemberId, rank: number): PartitionRow {
  return atVersion(begunRow(row, [holder], rank, [holder]), (row.version + 1) as Version);
}
