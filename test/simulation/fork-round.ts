import type { PartitionId } from '../../src/base/ids.ts';

/** What a check has to know of one time that a grid fell apart and healed. */
export interface Round {
  readonly number: number;
  /** When the two lost each other: what was begun before it both may have. */
  readonly cutAt: number;
  /** When whoever does so had gone on alone: what it began before, and knows no end of, it may have kept. */
  readonly aloneAt: number;
  /** What was begun before it any side may have: with more than two, one may have all copies for a while. */
  readonly commonUntil: number;
  /** When they could meet again. */
  readonly healAt: number;
  /** When all was brought in. */
  readonly doneAt: number;
  /** The lineage in which all are in the end. */
  readonly winner: string;
  /** Whether a member of the other side did not bring what it had. */
  readonly isMissing: boolean;
  /** Whether it fell apart more than once. */
  readonly isNested: boolean;
  /** In which lineage each process was when all had gone on, or else when they could meet again; and when that was. */
  readonly sides: ReadonlyMap<string, string>;
  readonly sidesAt: number;
  /** Who had not gone on by then, where any side may: it may share what it did with one that had. */
  readonly orphans: ReadonlySet<string>;
  /** Partitions that the winner had lost, and that go on with what another side had. */
  readonly adopted: ReadonlySet<PartitionId>;
}

/** What a process did. */
export interface Deed {
  readonly by: string;
  readonly lineage: string;
  readonly begunAt: number;
}

/**
 * In which lineage it counts: what was done where they had lost each other, and before that side went on alone, is
 * of the lineage that this side became. It may have had all copies of something for a while.
 */
export function sideOf({ cutAt, sidesAt, sides }: Round, { by, lineage, begunAt }: Deed): string {
  const isApart = begunAt >= cutAt && begunAt < sidesAt;
  return (isApart && sides.get(by)) || lineage;
}

/** What merges said of a structure. */
export interface Report {
  readonly kept: number;
  readonly discarded: number;
}
