/**
 * Lineages: a lineage is one history of a cluster. It begins when the cluster is formed, a fork begins
 * another, and a merge ends the one that loses. What each has in common with another follows from the
 * forks that led to it.
 */
import type { PartitionId } from '../base/ids.ts';

/** A fork on the way to a lineage. */
export interface Branch {
  /** The lineage that it began. */
  readonly id: string;
  /** The rank with which versions went on (`PartitionRow.rank`). */
  readonly rank: number;
  /** The last version that each partition took along from the lineage before, by its id; 0 for none. */
  readonly left: readonly number[];
}

export interface Lineage {
  /** That of the first is the cluster's. Empty before the cluster was formed. */
  readonly id: string;
  /** The lineages that it comes from, the first of the cluster first. */
  readonly ancestors: readonly string[];
  /** The latest forks that led here; the last one began this lineage. */
  readonly branches: readonly Branch[];
  /** Lineages that were merged into this one, the latest last. */
  readonly merged: readonly string[];
}

export const noLineage: Lineage = { id: '', ancestors: [], branches: [], merged: [] };

/** Forks whose positions are kept: beyond them all that a loser has counts as changed since. */
const branchesMax = 8;
const ancestorsMax = 64;

export function firstLineage(clusterId: string): Lineage {
  return { id: clusterId, ancestors: [], branches: [], merged: [] };
}

export function forkedLineage(from: Lineage, branch: Branch): Lineage {
  return {
    id: branch.id,
    ancestors: [...from.ancestors, from.id].slice(-ancestorsMax),
    branches: [...from.branches, branch].slice(-branchesMax),
    merged: from.merged,
  };
}

/** The cluster that it belongs to, as the first lineage of that was named. */
export function clusterOf({ ancestors, id }: Lineage): string {
  return ancestors[0] ?? id;
}

/** Where two histories went apart: what they have in common, and how each went on. */
export interface Parting {
  /** The rank with which each went on by a fork; undefined for one that is the common ancestor itself. */
  readonly mine: number | undefined;
  readonly theirs: number | undefined;
  /** The last version of a partition with which each went on by a fork; undefined where it is the ancestor. */
  mineLeft(partition: PartitionId): number | undefined;
  theirsLeft(partition: PartitionId): number | undefined;
  /** The last version of a partition that both have. */
  commonUpTo(partition: PartitionId): number;
}

/** Undefined where nothing is known that they have in common: then all is theirs alone. */
export function partingOf(mine: Lineage, theirs: Lineage): Parting | undefined {
  const common = lastCommon(pathOf(mine), pathOf(theirs));
  if (common === undefined) return undefined;
  const myWay = branchAfter(mine, common);
  const theirWay = branchAfter(theirs, common);
  if (myWay === 'forgotten' || theirWay === 'forgotten') return undefined;
  return {
    mine: myWay?.rank,
    theirs: theirWay?.rank,
    mineLeft: (partition) => leftBy(myWay, partition),
    theirsLeft: (partition) => leftBy(theirWay, partition),
    commonUpTo(partition) {
      const left = [myWay, theirWay].map((branch) => leftBy(branch, partition));
      return Math.min(...left.map((version) => version ?? Number.MAX_SAFE_INTEGER));
    },
  };
}

/** Whether `id` went over into a lineage: by a fork, or by a merge. */
export function comesFrom(lineage: Lineage, id: string): boolean {
  return lineage.ancestors.includes(id) || lineage.merged.includes(id);
}

function leftBy(branch: Branch | undefined, partition: PartitionId): number | undefined {
  return branch && (branch.left[partition] ?? 0);
}

function pathOf({ ancestors, id }: Lineage): string[] {
  return [...ancestors, id];
}

function lastCommon(mine: readonly string[], theirs: readonly string[]): string | undefined {
  return mine.findLast((id) => theirs.includes(id));
}

/** The fork by which a lineage left an ancestor; undefined where it is that ancestor itself. */
function branchAfter(lineage: Lineage, ancestor: string): Branch | undefined | 'forgotten' {
  if (lineage.id === ancestor) return undefined;
  const path = pathOf(lineage);
  const next = path[path.indexOf(ancestor) + 1];
  return lineage.branches.find(({ id }) => id === next) ?? 'forgotten';
}
