/**
 * One group of the table as it will be when everything that is under way has ended: what placement looks at,
 * and what it changes while it plans.
 */
import type { MemberId, PartitionId } from '../base/ids.ts';
import { partitionIdOf } from '../base/partition-id.ts';
import { Domains } from './domains.ts';
import { Loads } from './loads.ts';
import {
  copiesWanted,
  isEligible,
  isMoving,
  isServing,
  type MemberRow,
  type MetaState,
  type PartitionRow,
} from './meta-state.ts';

/** One partition: its row, and who will hold it. */
export interface Place {
  readonly partition: PartitionId;
  readonly row: PartitionRow;
  /** Members that may hold copies and do or will: who leaves, is away or gives its copy up is not among them. */
  holders: readonly MemberId[];
  primary: MemberId | undefined;
  /** Whether nothing is under way, nothing is missing and somebody serves, so that it may be moved. */
  isAtRest: boolean;
}

export class Layout {
  readonly wanted: number;
  /** Members that may be given copies, oldest first. */
  readonly eligible: readonly MemberId[];
  readonly domains: Domains;
  readonly copies: Loads;
  readonly primaries: Loads;
  readonly places: readonly Place[];
  readonly #eligible: ReadonlySet<MemberId>;

  constructor(state: MetaState, backups: number, rows: readonly PartitionRow[]) {
    const members = [...state.members.values()].filter(isEligible);
    const weights = new Map(members.map(({ id, weight }) => [id, weight]));
    this.wanted = copiesWanted(state, backups);
    this.eligible = members.map(({ id }) => id);
    this.#eligible = new Set(this.eligible);
    this.domains = new Domains(members, this.wanted);
    this.copies = new Loads(weights);
    this.primaries = new Loads(weights);
    this.places = rows.map((row, index) =>
      this.#place(partitionIdOf(backups, index, rows.length), row, state.members),
    );
  }

  isEligible(id: MemberId): boolean {
    return this.#eligible.has(id);
  }

  /** Whether a copy may go to a member, when `staying` are the other holders. */
  mayHold(id: MemberId, row: PartitionRow, staying: readonly MemberId[]): boolean {
    return !row.inSync.includes(id) && row.learner !== id && !this.domains.isShared(id, staying);
  }

  #place(
    partition: PartitionId,
    row: PartitionRow,
    members: ReadonlyMap<MemberId, MemberRow>,
  ): Place {
    const { inSync, learner, retiring } = row;
    const holders = inSync.filter((id) => this.#eligible.has(id) && id !== retiring);
    if (learner !== undefined && this.#eligible.has(learner)) holders.push(learner);
    for (const id of holders) this.copies.add(id, 1);
    const primary = this.#primaryOf(row);
    if (primary !== undefined) this.primaries.add(primary, 1);
    const isServed = row.primary !== undefined && isServing(members.get(row.primary));
    const isWhole = holders.length === this.wanted && inSync.length === this.wanted;
    return { partition, row, holders, primary, isAtRest: isServed && isWhole && !isMoving(row) };
  }

  /** A primary that is on its way counts where it goes; one that gives its copy up, where the new copy is. */
  #primaryOf({ primary, transferTo, retiring, learner }: PartitionRow): MemberId | undefined {
    if (transferTo !== undefined) return transferTo;
    return primary !== undefined && primary === retiring ? (learner ?? primary) : primary;
  }
}
