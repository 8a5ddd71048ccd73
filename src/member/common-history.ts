/**
 * What a lineage that has ended has in common with the one that took it in: so it is known of each partition
 * what is to be brought.
 */
import type { MemberId, PartitionId } from '../base/ids.ts';
import { partitionIdOf } from '../base/partition-id.ts';
import { commonLine, type Line, lineOf } from '../partition/lineage.ts';
import { type Merge, mergeOf, type Undertaking } from '../partition/merges.ts';
import { generationSpan, isAway, type MetaState, rowOf } from '../partition/meta-state.ts';
import { ofPartition } from '../partition/of-partition.ts';
import {
  isAllTakenCommon,
  mineFrom,
  type Parting,
  partingOf,
  theirsFrom,
} from '../partition/parting.ts';
import type { Estate } from '../partition/replica-state.ts';
import type { StructureRow } from '../partition/router-port.ts';
import type { Since } from '../partition/store.ts';
import { BroughtParts } from './brought-parts.ts';

export class CommonHistory {
  readonly #winner: MetaState;
  readonly #ended: MetaState;
  readonly #brought: BroughtParts;

  constructor(winner: MetaState, ended: MetaState) {
    this.#winner = winner;
    this.#ended = ended;
    this.#brought = new BroughtParts(winner, ended);
  }

  /** Who has still to bring what they had in a lineage from which this one forked, here by now or not. */
  get earlier(): readonly MemberId[] {
    const { ancestors } = this.#ended.lineage;
    const merges = this.#winner.merges.filter(({ lineage }) => ancestors.includes(lineage));
    return merges.flatMap(({ open }) => open);
  }

  /**
   * Nobody is here who has it: who had it is away, and may be this process as it was before. It comes back or is
   * lost, and only then is it known what there is to bring.
   */
  isInDoubt(partition: PartitionId): boolean {
    const { inSync } = rowOf(this.#winner, partition) ?? {};
    return inSync?.every((id) => isAway(this.#winner, id)) ?? false;
  }

  /** Whether its primary has still to say whether it brings a partition of which `from` has a copy. */
  isPrimaryToCome(partition: PartitionId, from: MemberId): boolean {
    const { primary } = rowOf(this.#ended, partition) ?? {};
    if (primary === undefined || primary === from) return false;
    return this.#merge?.open.includes(primary) === true;
  }

  /** Who is about to bring a partition, and is here. */
  bringerOf(partition: PartitionId): Undertaking | undefined {
    const merges = this.#winner.merges;
    const [found] = merges.flatMap(({ undertaken }) => ofPartition(undertaken, partition));
    return found !== undefined && this.#winner.members.has(found.holder) ? found : undefined;
  }

  /** Whether anything was written since the two went apart, in a partition of which this is left. */
  isChanged(partition: PartitionId, { version }: Pick<Estate, 'version'>): boolean {
    if (version <= this.#brought.upToOfSame(partition) || this.#brought.isByPrimary(partition)) {
      return false;
    }
    const parting = this.#partingOf(partition);
    return version > theirsFrom(parting);
  }

  /** Whether what others of its lineage have brought is here: it may have gone to one that has ended since. */
  isBroughtHere(partition: PartitionId): boolean {
    const partings = [this.#partingOf(partition), this.#brought.parting(partition)];
    return this.#brought.upToOfSame(partition) <= Math.max(...partings.map(theirsFrom));
  }

  /** What of a structure in a partition is to be brought; `row` is as the winner has it. */
  since(partition: PartitionId, backups: number, row: StructureRow): Since {
    // With other backups it is another structure, in another partition.
    const parting = row.backups === backups ? this.#partingOf(partition) : undefined;
    const other = this.#brought.parting(partition);
    const brought = this.#brought.upToOfSame(partition);
    const isThere = theirsFrom(other) > theirsFrom(parting);
    // Where all that a fork took along is here by way of another, what it has to bring begins with its own rank.
    const isOwnRank = isThere && isAllTakenCommon(other);
    return {
      version: mineFrom(parting),
      after: Math.max(brought, theirsFrom(parting), theirsFrom(other)),
      isBroughtAgain: ofPartition(this.#merge?.brought ?? [], partition).length > 0,
      isPartlyThere: (isThere && !isOwnRank) || this.#brought.hasCommonParts(partition),
      lostUpTo: this.#lostUpTo(partition),
      own: isOwnRank ? other?.theirs?.rank : parting?.theirs?.rank,
      other: isOwnRank ? undefined : parting?.mine?.rank,
      floor: this.#rankFor(partition, row) * generationSpan,
      isComplete: parting !== undefined && this.#contentParting(partition) !== undefined,
    };
  }

  /** That of the lineage that ended. */
  get #merge(): Merge | undefined {
    return mergeOf(this.#winner, this.#ended.lineage.id);
  }

  /** Where the contents that the two have went apart. */
  #contentParting(partition: PartitionId): Parting | undefined {
    const { lineage } = this.#winner;
    return partingOf(lineOf(lineage, partition), this.#line(partition));
  }

  /** Undefined where they have nothing in common of a partition, also since the winner has lost it. */
  #partingOf(partition: PartitionId): Parting | undefined {
    const { lineage } = this.#winner;
    // Where the loser's began anew, what the winner has is as it was when the two lineages went apart.
    const whole = commonLine(this.#ended.lineage, partition);
    return this.#contentParting(partition) ?? partingOf(lineOf(lineage, partition), whole);
  }

  #lostUpTo(partition: PartitionId): number {
    if (this.#partingOf(partition) !== undefined) return 0;
    const whole = commonLine(this.#winner.lineage, partition);
    const parting = partingOf(whole, this.#line(partition));
    return parting?.theirs?.left ?? parting?.commonUpTo ?? 0;
  }

  #line(partition: PartitionId): Line {
    return lineOf(this.#ended.lineage, partition);
  }

  /** That of the merge, so that two lineages that are brought in at a time do not name their items alike. */
  #rankFor(partition: PartitionId, { backups }: StructureRow): number {
    const { settings } = this.#winner;
    if (this.#merge !== undefined) return this.#merge.rank;
    const { partitions = 1 } = settings ?? {};
    const target = partitionIdOf(backups, partition % partitions, partitions);
    return rowOf(this.#winner, target)?.rank ?? 0;
  }
}
