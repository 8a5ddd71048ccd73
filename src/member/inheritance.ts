/** What one identity of a process leaves to the next (PROTOCOL.md 2.8). */
import type { Clock } from '../base/clock.ts';
import type { MemberId, PartitionId } from '../base/ids.ts';
import type { Random } from '../base/random.ts';
import { type Fork, forkedState } from '../partition/fork.ts';
import type { Yield } from '../partition/merges.ts';
import type { MetaInput } from '../partition/meta-actor.ts';
import { type MetaState, type NewMember, rowOf } from '../partition/meta-state.ts';
import type { Legacy, PartitionHost } from '../partition/partition-host.ts';
import type { Estate } from '../partition/replica-state.ts';
import type { MergeCount } from '../structures/merging.ts';

interface Inherited {
  readonly from: MemberId;
  /** The table as it was last known. */
  readonly state: MetaState;
  readonly legacy: Legacy;
  /** What it had to bring there, and had not brought yet. */
  readonly besides?: MergeInheritance | undefined;
}

/** It goes on alone, in a lineage of its own, with all that it held in sync. */
export interface ForkInheritance extends Inherited {
  readonly kind: 'fork';
  /** Grid time when the identity ended, and the wall clock at that moment. */
  readonly gridTime: number;
  readonly wallTime: number;
}

/** Beginning anew takes no longer; what a wall clock says beyond it is a jump. */
const gapMsMax = 5_000;

/** Grid time goes on while the process changes its identity. */
function gridTimeNow({ gridTime, wallTime }: ForkInheritance, wallNow: number): number {
  return gridTime + Math.min(gapMsMax, Math.max(0, wallNow - wallTime));
}

/** It joins the lineage that took its own in, and brings what it had. */
export interface MergeInheritance extends Inherited {
  readonly kind: 'merge';
  readonly into: Yield;
  /** Nobody led it: it comes for itself, and brings what it held as a backup, where its primary does not. */
  readonly isAlone: boolean;
  /** How far an identity between has come with it. */
  readonly progress?: MergeProgress | undefined;
}

/** Where what is brought of one structure in one partition goes on; below 0 where it is done. */
export interface Place {
  at: number;
  /** Whether an op is on its way. */
  isBusy: boolean;
}

export interface MergeProgress {
  /** By partition and structure. */
  readonly places: ReadonlyMap<string, Readonly<Place>>;
  /** By structure. */
  readonly counts: ReadonlyMap<string, MergeCount>;
  /** Partitions of which it has said that they were brought, up to which version. */
  readonly told: ReadonlyMap<PartitionId, number>;
  /** The lineages to which these were begun to be brought; empty where not all is to be. */
  readonly begunIn: ReadonlyMap<PartitionId, string>;
}

export type Inheritance = ForkInheritance | MergeInheritance;

/** Lineages of which something may be left to bring; past it the oldest is given up. */
export const heritagesMax = 8;

/** All that is to be brought, the latest lineage first. */
export function heritagesIn(inheritance: Inheritance | undefined): MergeInheritance[] {
  const heritages: MergeInheritance[] = [];
  let next = inheritance?.kind === 'merge' ? inheritance : inheritance?.besides;
  for (; next !== undefined; next = next.besides) heritages.push(next);
  return heritages;
}

/** With what the heir's part of the meta group begins; what is taken along is in the host by then. */
export function claim(
  inheritance: ForkInheritance,
  heir: NewMember,
  { clock, random }: { readonly clock: Clock; readonly random: Random },
  host: PartitionHost,
): Extract<MetaInput, { kind: 'inherit' }> {
  const { from, legacy } = inheritance;
  const fork: Fork = {
    id: random.id(),
    from,
    to: heir,
    held: (partition) => legacy.estates.get(partition)?.version,
  };
  const state = forkedState(inheritance.state, fork);
  const rank = state.lineage.branches.at(-1)?.rank ?? 0;
  for (const [partition, { content, untold }] of legacy.estates) {
    if (rowOf(state, partition)?.primary === heir.id) {
      content.takeBack(untold);
      host.inherit(partition, content, rank);
    } else content.release();
  }
  return { kind: 'inherit', state, gridTime: gridTimeNow(inheritance, clock.wall()) };
}

/**
 * What of the legacy this process has to bring; the rest is released. What was handed over to a primary that was not
 * heard from is brought where that one does not bring it (merger.ts).
 */
export function contributions(inheritance: MergeInheritance): Map<PartitionId, Estate> {
  const { from, state, legacy, isAlone } = inheritance;
  const mine = new Map<PartitionId, Estate>();
  for (const [partition, estate] of legacy.estates) {
    const { primary, inSync = [] } = rowOf(state, partition) ?? {};
    const isNext = estate.isUnled && inSync.find((id) => id !== primary) === from;
    const isMine = primary === from || isNext || (isAlone && inSync.includes(from));
    if (isMine) mine.set(partition, estate);
    else estate.content.release();
  }
  return mine;
}
