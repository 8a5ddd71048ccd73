/**
 * Lineages: a lineage is one history of a cluster. It begins when the cluster is formed, a fork begins
 * another, and a merge ends the one that loses. What each has in common with another follows, partition by
 * partition, from the forks that led to it.
 */
import type { MemberId, PartitionId } from '../base/ids.ts';

/** A fork on the way to a lineage. */
export interface Branch {
  /** The lineage that it began. */
  readonly id: string;
  /** Who went on alone, as it was known in the lineage before. */
  readonly survivor?: MemberId;
  /** The rank with which versions went on (`PartitionRow.rank`). */
  readonly rank: number;
  /** The last version that each partition took along from the lineage before, by its id; 0 for none. */
  readonly left: readonly number[];
}

/** A fork, or an adoption, as one partition went through it. */
export interface Step {
  /** Of what it began. */
  readonly id: string;
  readonly rank: number;
  /** The last version that was taken along; 0 for none. */
  readonly left: number;
}

/** By which histories the content of a partition came: each has what the one before had up to a version. */
export interface Line {
  /** The first one first. */
  readonly path: readonly string[];
  /** Those that led to the end of the path. */
  readonly steps: readonly Step[];
}

export interface PartitionLine extends Line {
  readonly partition: PartitionId;
}

/** A copy of a partition that was brought from another lineage, so that what it had is in the content here. */
export interface Part {
  readonly partition: PartitionId;
  /** By which histories the copy came. */
  readonly line: Line;
  /** Its last version. */
  readonly upTo: number;
  /** Whether its primary brought it, with all that was committed. */
  readonly isWhole: boolean;
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
  /** Of partitions whose content came another way: it began anew, or a lineage brought it whole that had it. */
  readonly lines: readonly PartitionLine[];
  /** What was brought of other lineages, the latest last. */
  readonly parts: readonly Part[];
}

export const noLineage: Lineage = {
  id: '',
  ancestors: [],
  branches: [],
  merged: [],
  lines: [],
  parts: [],
};

/** Forks whose positions are kept: beyond them all that a loser has counts as changed since. */
const branchesMax = 8;
const ancestorsMax = 64;

export function firstLineage(clusterId: string): Lineage {
  return { ...noLineage, id: clusterId };
}

export function forkedLineage(from: Lineage, branch: Branch): Lineage {
  return {
    id: branch.id,
    ancestors: [...from.ancestors, from.id].slice(-ancestorsMax),
    branches: [...from.branches, branch].slice(-branchesMax),
    merged: from.merged,
    parts: from.parts,
    lines: from.lines.map((line) => ({
      partition: line.partition,
      ...further(line, stepOf(branch, line.partition)),
    })),
  };
}

/** The content of some partitions began with these lines; what was brought before is not in it. */
export function withLines(lineage: Lineage, lines: readonly PartitionLine[]): Lineage {
  const begun = new Set(lines.map(({ partition }) => partition));
  const isOther = ({ partition }: PartitionLine | Part) => !begun.has(partition);
  const others = lineage.lines.filter(isOther);
  return { ...lineage, lines: [...others, ...lines], parts: lineage.parts.filter(isOther) };
}

/** As it goes on by another step. */
export function further({ path, steps }: Line, step: Step): Line {
  return {
    path: [...path, step.id].slice(-branchesMax - 1),
    steps: [...steps, step].slice(-branchesMax),
  };
}

/** The way on which all partitions came of which nothing else is said. */
export function commonLine({ id, ancestors, branches }: Lineage, partition: PartitionId): Line {
  return {
    path: [...ancestors, id].slice(-branchesMax - 1),
    steps: branches.map((branch) => stepOf(branch, partition)),
  };
}

export function lineOf(lineage: Lineage, partition: PartitionId): Line {
  const own = lineage.lines.find((line) => line.partition === partition);
  return own ?? commonLine(lineage, partition);
}

/** Where a line ends: a lineage, or what began in it. */
export function endOf({ path }: Line): string {
  return path.at(-1) ?? '';
}

/** How that is named which begins in a lineage by the command at an index. */
export function beginningIn({ id }: Lineage, index: number): string {
  return `${id}@${index}`;
}

/** The cluster that it belongs to, as the first lineage of that was named. */
export function clusterOf({ ancestors, id }: Lineage): string {
  return ancestors[0] ?? id;
}

/** Whether `id` went over into a lineage: by a fork, or by a merge. */
export function comesFrom(lineage: Lineage, id: string): boolean {
  return lineage.ancestors.includes(id) || lineage.merged.includes(id);
}

function stepOf({ id, rank, left }: Branch, partition: PartitionId): Step {
  return { id, rank, left: left[partition] ?? 0 };
}

/** The step by which a history left another one; undefined where it is that one itself. */
export function stepAfter({ path, steps }: Line, id: string): Step | undefined | 'forgotten' {
  if (path.at(-1) === id) return undefined;
  const next = path[path.indexOf(id) + 1];
  return steps.find((step) => step.id === next) ?? 'forgotten';
}
