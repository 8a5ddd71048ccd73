/**
 * What a lineage that has ended has in common with the one that took it in: so it is known of each partition
 * what is to be brought.
 */
import type { PartitionId } from '../base/ids.ts';
import { partitionIdOf } from '../base/partition-id.ts';
import { firstLineage, type Parting, partingOf } from '../partition/lineage.ts';
import type { Merge } from '../partition/merges.ts';
import { generationSpan, type MetaState, rowOf } from '../partition/meta-state.ts';
import type { Estate } from '../partition/replica-state.ts';
import type { StructureRow } from '../partition/router-port.ts';
import type { Since } from '../partition/store.ts';

export class CommonHistory {
  readonly #winner: MetaState;
  readonly #ended: MetaState;

  constructor(winner: MetaState, ended: MetaState) {
    this.#winner = winner;
    this.#ended = ended;
  }

  /** Whether somebody is here who still brings in a lineage from which this one forked. */
  get isEarly(): boolean {
    const { open = [] } = this.#earlier ?? {};
    const members = [...this.#winner.members.values()];
    return members.some(({ formerly }) => formerly !== undefined && open.includes(formerly));
  }

  /** Whether anything was written since the two went apart, in a partition of which this is left. */
  isChanged(partition: PartitionId, { version }: Pick<Estate, 'version'>): boolean {
    if (version <= this.#broughtUpTo(partition)) return false;
    const parting = this.#partingOf(partition);
    return parting === undefined || version > theirsFrom(parting, partition);
  }

  /** What of a structure in a partition is to be brought; `row` is as the winner has it. */
  since(partition: PartitionId, estate: Estate, backups: number, row: StructureRow): Since {
    // With other backups it is another structure, in another partition.
    const parting = row.backups === backups ? this.#partingOf(partition) : undefined;
    const last = this.#lastParting(partition) ?? parting;
    return {
      version: parting === undefined ? 0 : mineFrom(parting, partition),
      after: last === undefined ? 0 : theirsFrom(last, partition),
      lostUpTo: this.#lostUpTo(partition),
      own: last?.theirs,
      other: last?.mine,
      floor: this.#rankFor(partition, row) * generationSpan,
      isComplete:
        parting !== undefined && isSince(estate.row.generation, parting.theirs, parting.mine),
    };
  }

  /** What another member of the same lineage has brought, of which this one has a copy. */
  #broughtUpTo(partition: PartitionId): number {
    const merge = this.#winner.merges.find(({ lineage }) => lineage === this.#ended.lineage.id);
    const upTo = merge?.upTo.filter((_, at) => merge.brought[at] === partition) ?? [];
    return Math.max(0, ...upTo);
  }

  get #parting(): Parting | undefined {
    return partingOf(this.#winner.lineage, this.#ended.lineage);
  }

  /** Undefined where they have nothing in common of a partition, also since the winner has lost it. */
  #partingOf(partition: PartitionId): Parting | undefined {
    return this.#hasLost(partition) ? undefined : this.#parting;
  }

  #lostUpTo(partition: PartitionId): number {
    const parting = this.#parting;
    if (parting === undefined || !this.#hasLost(partition)) return 0;
    return parting.theirsLeft(partition) ?? parting.commonUpTo(partition);
  }

  /** Whether the winner has not got the content any more that it had when the two went apart. */
  #hasLost(partition: PartitionId): boolean {
    const parting = this.#parting;
    const row = rowOf(this.#winner, partition);
    if (parting === undefined || row === undefined) return true;
    return !isSince(row.generation, parting.mine, parting.theirs);
  }

  /** A lineage from which this one forked, and which was taken in before it. */
  get #earlier(): Merge | undefined {
    const { ancestors } = this.#ended.lineage;
    return this.#winner.merges.findLast(({ lineage }) => ancestors.includes(lineage));
  }

  /** Where others have brought the partition before it came to a fork: that is when they went apart for it. */
  #lastParting(partition: PartitionId): Parting | undefined {
    const earlier = this.#earlier;
    if (earlier?.brought.includes(partition) !== true) return undefined;
    return partingOf(firstLineage(earlier.lineage), this.#ended.lineage);
  }

  /** That of the merge, so that two lineages that are brought in at a time do not name their items alike. */
  #rankFor(partition: PartitionId, { backups }: StructureRow): number {
    const { merges, settings } = this.#winner;
    const merge = merges.find(({ lineage }) => lineage === this.#ended.lineage.id);
    if (merge !== undefined) return merge.rank;
    const { partitions = 1 } = settings ?? {};
    const target = partitionIdOf(backups, partition % partitions, partitions);
    return rowOf(this.#winner, target)?.rank ?? 0;
  }
}

/** Beyond this version all that a history has of a partition it has written since the two went apart. */
function mineFrom(parting: Parting, partition: PartitionId): number {
  const { mine } = parting;
  return ownFrom(parting.commonUpTo(partition), mine, parting.mineLeft(partition));
}

function theirsFrom(parting: Parting, partition: PartitionId): number {
  const { theirs } = parting;
  return ownFrom(parting.commonUpTo(partition), theirs, parting.theirsLeft(partition));
}

/**
 * What a fork has between what it took along and its own rank nobody was told of: it counts only where the
 * other has it too. But where the fork took along what the other has not, that may stand among it.
 */
function ownFrom(common: number, rank: number | undefined, left: number | undefined): number {
  const isAllCommon = left !== undefined && left > 0 && left <= common;
  return rank !== undefined && isAllCommon ? rank * generationSpan : common;
}

/**
 * Whether a content is the one that the two had when they went apart: none that was lost and begun anew. By the
 * ranks with which its own history, and the other, went on by forks.
 */
function isSince(generation: number, own: number | undefined, other: number | undefined): boolean {
  return own === undefined ? generation < (other ?? 0) : generation === own;
}
