/**
 * How a lineage takes over a whole copy of a partition that it has lost, from a member that comes from another
 * one, as a fork takes along what its survivor held (PROTOCOL.md 2.8).
 *
 * Rules
 * 1. The content goes on above all versions of both histories (rule 0.5).
 * 2. By which histories it came, and up to which version, is noted with the lineage: so it stays known what it
 *    has in common with a third one.
 */
import type { MemberId, PartitionId } from '../base/ids.ts';
import { beginningIn, further, type Lineage, type PartitionLine, withLines } from './lineage.ts';
import { begunRow } from './meta-rows.ts';
import { isEligible, type MetaState, type PartitionRow, rankOf, rowOf } from './meta-state.ts';

/** A copy of a partition, as a member has it who comes from another lineage. */
export interface Adoption extends PartitionLine {
  /** The last version that is taken along. */
  readonly version: number;
}

/** Lost partitions come back for what a former member of a merged lineage has of them. */
export interface Revive {
  readonly type: 'revive';
  readonly lineage: string;
  /** Who goes on with these copies. */
  readonly holder: MemberId;
  readonly adoptions: readonly Adoption[];
  /** These begin empty. */
  readonly partitions: readonly PartitionId[];
}

export interface Adopted {
  readonly lineage: Lineage;
  readonly rows: readonly (readonly [PartitionId, PartitionRow])[];
}

/** Lost partitions that may go on with a copy from a lineage that was taken in, however late its member comes. */
export function adoptable(
  state: MetaState,
  lineage: string,
  partitions: readonly PartitionId[],
): PartitionId[] {
  const isKnown =
    state.lineage.merged.includes(lineage) ||
    state.merges.some((merge) => merge.lineage === lineage);
  if (!isKnown) return [];
  return partitions.filter((partition) => {
    const row = rowOf(state, partition);
    return row !== undefined && row.primary === undefined;
  });
}

/** What goes on with its holder; the rest was taken over by another meanwhile, or came back. */
export function adopted(state: MetaState, { lineage, holder, adoptions }: Revive): Adopted {
  const member = state.members.get(holder);
  const isThere = member !== undefined && isEligible(member);
  const partitions = adoptions.map(({ partition }) => partition);
  const open = new Set(isThere ? adoptable(state, lineage, partitions) : []);
  const id = beginningIn(state.lineage, state.applied);
  const lines: PartitionLine[] = [];
  const rows: [PartitionId, PartitionRow][] = [];
  for (const adoption of adoptions) {
    const { partition, version: left } = adoption;
    const row = rowOf(state, partition);
    if (row === undefined || !open.has(partition)) continue;
    const rank = Math.max(row.generation, row.rank, rankOf(left)) + 1;
    // Nobody is born with it: the content is there.
    rows.push([partition, begunRow(row, [holder], rank, [])]);
    lines.push({ partition, ...further(adoption, { id, rank, left }) });
  }
  return { lineage: withLines(state.lineage, lines), rows };
}

/** The lineage, in which a partition begins anew: it has nothing in common any more with what it was. */
export function begunAnew({ lineage, applied }: MetaState, partition: PartitionId): Lineage {
  const path = [beginningIn(lineage, applied)];
  return withLines(lineage, [{ partition, path, steps: [] }]);
}
