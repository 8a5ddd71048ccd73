/**
 * What the meta group agrees on: members, partition table, structures. Plain records and the words
 * for them; meta-machine.ts says how commands change them.
 */
import type { MemberId, PartitionId, StructureId, Term, Version } from '../base/ids.ts';
import type { Revive } from './adoption.ts';
import type { Lineage } from './lineage.ts';
import type { Absorb, Merge, Merged, Undertake, Yield } from './merges.ts';
import type { StructureRow } from './router-port.ts';

/**
 * `joining`: follows the log, may not serve. `up`. `suspended`: its lease is over and it may come
 * back with its content. `leaving`: serves until it has handed everything over.
 */
export type MemberStatus = 'joining' | 'up' | 'suspended' | 'leaving';

export interface MemberRow {
  readonly id: MemberId;
  readonly name: string;
  readonly address: string;
  readonly zone: string;
  /** False for a lite member, which holds no partitions. */
  readonly data: boolean;
  /** Its share of the copies is in proportion to it. */
  readonly weight: number;
  /** The highest version of the protocol that it speaks. */
  readonly protocol: number;
  /** Who it was in lineages of which it has something to bring. */
  readonly formerly: readonly MemberId[];
  readonly status: MemberStatus;
  /** The index of the log at which it joined: a smaller one is older. */
  readonly joinedAt: number;
  /**
   * The index at which it last began to serve. Until it has applied this much, what it believes of the
   * table may be from before it was suspended, and it gets no lease.
   */
  readonly servingSince: number;
}

export interface PartitionRow {
  /** Rises with every change of the row. */
  readonly version: Version;
  /** Rises with every change of the primary. */
  readonly term: Term;
  /** Stays as it is while no member in sync is up; undefined where the partition is lost. */
  readonly primary: MemberId | undefined;
  /** Every member whose copy has all that was acknowledged. Only the primary prunes it. */
  readonly inSync: readonly MemberId[];
  readonly learner: MemberId | undefined;
  /** Who gives its copy up when the learner is in sync; the primary prunes it. */
  readonly retiring: MemberId | undefined;
  /** To whom the primary is asked to pass its role. */
  readonly transferTo: MemberId | undefined;
  /** Counts the births of the content; sequences start at `generation * 2^40`. */
  readonly generation: number;
  /**
   * Versions begin at `rank * 2^40`: the generation, or more where the content went on in this history
   * after another had reached it. Never falls.
   */
  readonly rank: number;
  /** Who has been in sync since the birth: these alone begin with empty content. */
  readonly born: readonly MemberId[];
}

/**
 * The row at another version. Field by field, so that rows are objects of one shape wherever they come from: what
 * reads them with every op would otherwise be compiled anew, all of it at once, when the first row of a new
 * shape comes with the first copy.
 */
export function atVersion(row: PartitionRow, version: Version): PartitionRow {
  return {
    version,
    term: row.term,
    primary: row.primary,
    inSync: row.inSync,
    learner: row.learner,
    retiring: row.retiring,
    transferTo: row.transferTo,
    generation: row.generation,
    rank: row.rank,
    born: row.born,
  };
}

/**
 * Whether a side without a majority may go on alone: never, where there is one voter, or always.
 */
export type SplitBrain = 'consistency' | 'auto' | 'availability';

export interface ClusterSettings {
  readonly cluster: string;
  readonly partitions: number;
  readonly backups: number;
  readonly minInSync: number;
  readonly onPartitionLost: 'fail' | 'recreate';
  readonly splitBrain: SplitBrain;
}

export interface MetaState {
  /** The index of the last command that was applied. */
  readonly applied: number;
  /** Undefined until the first command formed the cluster. */
  readonly settings: ClusterSettings | undefined;
  readonly clusterId: string;
  /** The version of the protocol that all of it speaks (dialect.ts). */
  readonly protocol: number;
  readonly lineage: Lineage;
  /** Lineages that were taken in, the latest last. */
  readonly merges: readonly Merge[];
  /** Where its members go when this lineage has ended; nothing is committed after that. */
  readonly yields: Yield | undefined;
  readonly members: ReadonlyMap<MemberId, MemberRow>;
  /** Who was removed, the latest last: an identity does not come twice. */
  readonly departed: ReadonlySet<MemberId>;
  /** By number of backups; a group is made when a structure first needs it. */
  readonly groups: readonly (readonly PartitionRow[] | undefined)[];
  readonly structures: ReadonlyMap<StructureId, StructureRow>;
  /** The index at which the structures last changed here: who has looked since need not look again. */
  readonly structuresAt: number;
  /** Grid time when a member last began to serve: it is later by now. */
  readonly gridTime: number;
}

export interface NewMember {
  readonly id: MemberId;
  readonly name: string;
  readonly address: string;
  readonly zone: string;
  readonly data: boolean;
  readonly weight: number;
  /** The versions of the protocol that it speaks: the highest, and the lowest. */
  readonly protocol: number;
  readonly protocolMin: number;
  /** Who it was in lineages of which it has something to bring. */
  readonly formerly: readonly MemberId[];
}

export interface Alteration {
  readonly from: MemberId;
  readonly partition: PartitionId;
  readonly term: Term;
  readonly version: Version;
  readonly inSync: readonly MemberId[];
}

export interface Assignment {
  readonly partition: PartitionId;
  readonly version: Version;
  readonly learner: MemberId | undefined;
  readonly retiring: MemberId | undefined;
  readonly transferTo: MemberId | undefined;
}

/** What can be committed. Each is decided on the state as it is when it is applied. */
export type Command =
  | {
      readonly type: 'form';
      readonly clusterId: string;
      readonly settings: ClusterSettings;
      /** The cluster's version to begin with. */
      readonly protocol: number;
    }
  | { readonly type: 'join'; readonly member: NewMember; readonly settings: ClusterSettings }
  | {
      readonly type: 'status';
      readonly id: MemberId;
      readonly status: MemberStatus;
      /** With `up`: who begins to serve has to know it, since it may have to lead before it gets a lease. */
      readonly gridTime?: number;
    }
  | { readonly type: 'remove'; readonly id: MemberId }
  | { readonly type: 'alter'; readonly changes: readonly Alteration[] }
  | { readonly type: 'assign'; readonly changes: readonly Assignment[] }
  | {
      readonly type: 'handover';
      readonly from: MemberId;
      readonly partition: PartitionId;
      readonly term: Term;
      readonly version: Version;
      readonly to: MemberId;
    }
  | {
      readonly type: 'define';
      readonly structure: string;
      readonly name: string;
      readonly backups: number;
      readonly options: Readonly<Record<string, unknown>>;
    }
  | { readonly type: 'destroy'; readonly id: StructureId }
  | { readonly type: 'accept-loss' }
  /** From now on the cluster speaks this version. */
  | { readonly type: 'raise'; readonly protocol: number }
  | Absorb
  | Undertake
  | Merged
  | { readonly type: 'yield'; readonly to: string; readonly addresses: readonly string[] }
  | Revive;

/** Numbers of backups that a structure may ask for. */
export const backupsMax = 3;

/** Sequences of one generation; no partition makes so many changes. */
export const generationSpan = 2 ** 40;

/** In which a version was written. */
export function rankOf(version: number): number {
  return Math.floor(version / generationSpan);
}

/** What is added to a sequence of the content to give the version of a write. */
export function liftOf({ rank, generation }: PartitionRow): number {
  return (rank - generation) * generationSpan;
}

export function groupOf(partition: PartitionId, partitions: number): number {
  return Math.floor(partition / partitions);
}

export function rowOf(state: MetaState, partition: PartitionId): PartitionRow | undefined {
  const partitions = state.settings?.partitions ?? 0;
  if (partitions === 0) return undefined;
  return state.groups[groupOf(partition, partitions)]?.[partition % partitions];
}

export function isServing(member: MemberRow | undefined): boolean {
  return member !== undefined && (member.status === 'up' || member.status === 'leaving');
}

/** Whether a member is gone, or not heard from. */
export function isAway({ members }: Pick<MetaState, 'members'>, id: MemberId): boolean {
  return (members.get(id)?.status ?? 'suspended') === 'suspended';
}

/** Whether a member may be given new copies. */
export function isEligible(member: MemberRow): boolean {
  return member.data && member.status === 'up';
}

/** Whether a copy is on its way, or the primary. */
export function isMoving({ learner, retiring, transferTo }: PartitionRow): boolean {
  return learner !== undefined || retiring !== undefined || transferTo !== undefined;
}

/** How many copies a partition of a group can have at present, the primary included. */
export function copiesWanted(state: MetaState, backups: number): number {
  let eligible = 0;
  for (const member of state.members.values()) if (isEligible(member)) eligible++;
  return Math.min(backups + 1, Math.max(1, eligible));
}

/** Whether a partition counts on a member. */
export function isHeldBy({ primary, learner, inSync }: PartitionRow, id: MemberId): boolean {
  return primary === id || learner === id || inSync.includes(id);
}

export function holdsNothing(state: MetaState, id: MemberId): boolean {
  return !state.groups.some((rows) => rows?.some((row) => isHeldBy(row, id)));
}
