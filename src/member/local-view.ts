/** What one member can say about itself and the grid without asking anybody: for HTTP and the command line. */
import type { PartitionId, Sequence } from '../base/ids.ts';
import { partitionIdOf } from '../base/partition-id.ts';
import type { Member as MemberSummary } from '../grid.ts';
import { copiesToCome } from '../partition/placement.ts';
import type { SelfAnswer } from './ask-port.ts';
import type { Member } from './member.ts';
import { memberViews } from './member-views.ts';

export interface PartitionSummary {
  /** The number of backups of its group. */
  readonly backups: number;
  /** Within the group, from 0. */
  readonly partition: number;
  readonly primary: string | undefined;
  readonly inSync: readonly string[];
  readonly learner: string | undefined;
  /** Whose copy goes when the learner has one. */
  readonly retiring: string | undefined;
  /** To whom the primary is about to pass its role. */
  readonly transferTo: string | undefined;
  /** How much of the learner's copy this member has read, 0 to 1; undefined where it makes none. */
  readonly copied: number | undefined;
  readonly term: number;
  readonly version: number;
  /** What this member's own copy holds; undefined where it has none. */
  readonly entriesHere: number | undefined;
}

/** What a copy holds: equal for all copies of a partition that are in sync, where nobody writes. */
export interface CopyDigest {
  readonly partition: PartitionId;
  readonly last: Sequence;
  readonly digest: number;
}

export interface StructureRowSummary {
  readonly name: string;
  readonly type: string;
  readonly backups: number;
  /** In the copies of which this member is primary. */
  readonly entriesHere: number;
}

export class LocalView {
  readonly #member: () => Member;
  readonly #isIn: () => boolean;

  constructor(member: () => Member, isIn: () => boolean) {
    this.#member = member;
    this.#isIn = isIn;
  }

  get isReady(): boolean {
    return this.#isIn() && this.#member().isReady;
  }

  get isSafe(): boolean {
    return this.isReady && this.#member().isSafe;
  }

  get self(): string {
    return this.#member().id;
  }

  /** What other processes of this machine ask who look for their cluster (siblings.ts). */
  get process(): SelfAnswer {
    const { id, settings, state, joining } = this.#member();
    return {
      id,
      cluster: settings.cluster,
      mayForm: settings.data && Number.isFinite(settings.expect),
      hasCluster: state.members.size > 0 || joining.isForming,
    };
  }

  /** The leader of the meta group, as far as this member knows. */
  get leader(): string | undefined {
    return this.#member().meta.leader;
  }

  members(): readonly MemberSummary[] {
    const member = this.#member();
    return memberViews(member.state, (id) => member.isDoubtful(id));
  }

  partitions(): readonly PartitionSummary[] {
    const { state, host } = this.#member();
    return state.groups.flatMap((rows, backups) =>
      (rows ?? []).map((row, partition) => {
        const id = partitionIdOf(backups, partition, rows?.length ?? 0);
        const replica = host.find(id)?.replica;
        const stores = replica?.state.options.content.stores.values();
        return {
          backups,
          partition,
          primary: row.primary,
          inSync: row.inSync,
          learner: row.learner,
          retiring: row.retiring,
          transferTo: row.transferTo,
          term: row.term,
          version: row.version,
          copied: replica?.primary?.copied,
          entriesHere: stores && [...stores].reduce((sum, { entries }) => sum + entries, 0),
        };
      }),
    );
  }

  /** Copies on their way or still to be made until all are level. */
  copiesToCome(): number {
    return copiesToCome(this.#member().state);
  }

  /** Of the copies here that are whole. It reads all of them in one turn: for checks of a grid at rest. */
  digests(): readonly CopyDigest[] {
    const digests: CopyDigest[] = [];
    for (const { partition, replica } of this.#member().host.replicas()) {
      const { log, options, isWhole } = replica.state;
      if (!isWhole) continue;
      digests.push({ partition, last: log.last, digest: options.content.digest(log.last) });
    }
    return digests;
  }

  structures(): readonly StructureRowSummary[] {
    const { state, host } = this.#member();
    const entries = new Map<number, number>();
    for (const { replica } of host.replicas()) {
      if (replica.role !== 'primary') continue;
      for (const [id, store] of replica.state.options.content.stores) {
        entries.set(id, (entries.get(id) ?? 0) + store.entries);
      }
    }
    return Array.from(state.structures.values(), ({ id, name, type, backups }) => ({
      name,
      type,
      backups,
      entriesHere: entries.get(id) ?? 0,
    }));
  }
}
