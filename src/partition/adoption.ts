/**
 * How a lineage takes over a whole copy of a partition that it has lost, from a member that comes from another
 * one, as a fork takes along what its survivor held (PROTOCOL.md 2.8).
 *
 * Rules
 * 1. The content goes on above all versions of both histories (rule 0.5).
 * 2. By which histories it came, and up to which version, is noted with the lineage: so it stays known what it
 *    has in common with a third one. What had been brought to it where it comes from is noted too, in place of what
 *    had been brought to the content that was lost.
 */
import type { MemberId, PartitionId } from '../base/ids.ts';
import { beginningIn, further, type Part, type PartitionLine, withLines } from './lineage.ts';
import { type Histories, withoutUndertakings } from './merges.ts';
import { begunRow } from './meta-rows.ts';
import { isEligible, type MetaState, type PartitionRow, rankOf, rowOf } from './meta-state.ts';
import { withParts } from './parts.ts';

/** A copy of a partition, as a member has it who comes from another lineage. */
export interface Adoption extends PartitionLine {
  /** The last version that is taken along. */
  readonly version: number;
  /** What had been brought to it where it comes from. */
  readonly parts: readonly Part[];
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

export interface Adopted extends Histories {
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
export function adopted(state: MetaState, command: Revive): Adopted {
  const { lineage, holder, adoptions } = command;
  const member = state.members.get(holder);
  const isThere = member !== undefined && isEligible(member);
  const partitions = adoptions.map(({ partition }) => partition);
  const open = new Set(isThere ? adoptable(state, lineage, partitions) : []);
  const id = beginningIn(state.lineage, state.applied);
  const lines: PartitionLine[] = [];
  const rows: [PartitionId, PartitionRow][] = [];
  const parts: Part[] = [];
  for (const adoption of adoptions) {
    const { partition, version: left, path, steps } = adoption;
    const row = rowOf(state, partition);
    if (row === undefined || !open.has(partition)) continue;
    const rank = Math.max(row.generation, row.rank, rankOf(left)) + 1;
    // Nobody is born with it: the content is there.
    rows.push([partition, begunRow(row, [holder], rank, [])]);
    lines.push({ partition, ...further({ path, steps }, { id, rank, left }) });
    parts.push(...adoption.parts);
  }
  const merges = withoutUndertakings(state, new Set(rows.map(([partition]) => partition)));
  return { lineage: withParts(withLines(state.lineage, lines), parts), merges, rows };
}

/** A partition begins anew: it has nothing in common any more with what it was, nor with what was brought of it. */
export function begunAnew(state: MetaState, partition: PartitionId): Histories {
  const path = [beginningIn(state.lineage, state.applied)];
  const lineage = withLines(state.lineage, [{ partition, path, steps: [] }]);
  return { lineage, merges: withoutUndertakings(state, new Set([partition])) };
}
