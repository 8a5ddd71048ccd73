/**
 * What a lineage that has ended has in common with the one that took it in: so it is known of each partition
 * what is to be brought.
 */
import type { MemberId, PartitionId } from '../base/ids.ts';
import { partitionIdOf } from '../base/partition-id.ts';
import {
  commonLine,
  type Line,
  lineOf,
  type Parting,
  partingOf,
  placeIn,
} from '../partition/lineage.ts';
import { type Brought, type Merge, mergeOf, type Undertaking } from '../partition/merges.ts';
import { generationSpan, isAway, type MetaState, rowOf } from '../partition/meta-state.ts';
import type { Estate } from '../partition/replica-state.ts';
import type { StructureRow } from '../partition/router-port.ts';
import type { Since } from '../partition/store.ts';

export class CommonHistory {
  readonly #winner: MetaState;
  readonly #ended: MetaState;
  /** What was looked at last, and what it says of each partition. */
  #seen: Merge | undefined;
  #bringers: ReadonlyMap<PartitionId, Undertaking> = new Map();
  readonly #brought = new Map<PartitionId, Brought[]>();

  constructor(winner: MetaState, ended: MetaState) {
    this.#winner = winner;
    this.#ended = ended;
  }

  /** Whether somebody is here who still brings in a lineage from which this one forked. */
  get isEarly(): boolean {
    const open = this.#earlier.flatMap((merge) => merge.open);
    const members = [...this.#winner.members.values()];
    return members.some(({ formerly }) => formerly !== undefined && open.includes(formerly));
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
    this.#look();
    const found = this.#bringers.get(partition);
    return found !== undefined && this.#winner.members.has(found.holder) ? found : undefined;
  }

  /** Whether anything was written since the two went apart, in a partition of which this is left. */
  isChanged(partition: PartitionId, { version }: Pick<Estate, 'version'>): boolean {
    if (version <= this.#broughtUpTo(partition) || this.#isBrought(partition)) return false;
    const parting = this.#partingOf(partition);
    return parting === undefined || version > theirsFrom(parting);
  }

  /** What of a structure in a partition is to be brought; `row` is as the winner has it. */
  since(partition: PartitionId, backups: number, row: StructureRow): Since {
    // With other backups it is another structure, in another partition.
    const parting = row.backups === backups ? this.#partingOf(partition) : undefined;
    const last = laterOf(parting, this.#broughtParting(partition));
    const brought = this.#broughtUpTo(partition);
    return {
      version: parting === undefined ? 0 : ownFrom(parting.commonUpTo, parting.mine),
      after: Math.max(brought, last === undefined ? 0 : theirsFrom(last)),
      isBroughtAgain: brought > 0,
      lostUpTo: this.#lostUpTo(partition),
      own: last?.theirs?.rank,
      other: last?.mine?.rank,
      floor: this.#rankFor(partition, row) * generationSpan,
      isComplete: parting !== undefined && this.#contentParting(partition) !== undefined,
    };
  }

  /** What another member of the same lineage has brought, of which this one has a copy. */
  #broughtUpTo(partition: PartitionId): number {
    return Math.max(0, ...this.#broughtOf(partition).map(({ upTo }) => upTo));
  }

  /**
   * Whether its primary has brought a partition: all that was committed. What a copy has beyond that nobody was told
   * of, and whoever asked for it may have asked again here.
   */
  #isBrought(partition: PartitionId): boolean {
    const { primary } = rowOf(this.#ended, partition) ?? {};
    return this.#broughtOf(partition).some(({ by }) => by === primary);
  }

  #broughtOf(partition: PartitionId): readonly Brought[] {
    this.#look();
    return this.#brought.get(partition) ?? [];
  }

  #look(): void {
    const merge = this.#merge;
    if (merge === this.#seen) return;
    this.#seen = merge;
    this.#bringers = new Map(merge?.undertaken.map((one) => [one.partition, one]));
    this.#brought.clear();
    for (const copy of merge?.brought ?? []) {
      const others = this.#brought.get(copy.partition);
      if (others === undefined) this.#brought.set(copy.partition, [copy]);
      else others.push(copy);
    }
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

  /** The lineages from which this one forked, and of which something was taken in before it. */
  get #earlier(): readonly Merge[] {
    const { ancestors } = this.#ended.lineage;
    return this.#winner.merges.filter(({ lineage }) => ancestors.includes(lineage));
  }

  /** Where others have brought the partition before it came to a fork: that is when they went apart for it. */
  #broughtParting(partition: PartitionId): Parting | undefined {
    const line = this.#line(partition);
    let last: Parting | undefined;
    for (const { lineage, brought } of this.#earlier) {
      const copies = brought.filter((copy) => copy.partition === partition);
      const place = copies.length > 0 ? placeIn(line, lineage) : undefined;
      if (place === undefined) continue;
      const parting = partingOf({ path: [place], steps: [] }, line);
      const upTo = Math.max(...copies.map((copy) => copy.upTo));
      if (parting !== undefined) last = laterOf(last, this.#shortened(parting, lineage, upTo));
    }
    return last;
  }

  /**
   * Where the copy was older that was brought, what a fork has beyond that is to come. But of a lineage that was taken
   * in whole its primaries bring all that was committed: what a fork took along beyond that nobody was told of, and
   * whoever asked for it may have asked again here.
   */
  #shortened(parting: Parting, lineage: string, upTo: number): Parting {
    const isWhole = this.#winner.lineage.merged.includes(lineage);
    const { mine, theirs, commonUpTo } = parting;
    if (isWhole && rankOf(upTo) >= rankOf(commonUpTo)) return parting;
    return { mine, theirs, commonUpTo: Math.min(commonUpTo, upTo) };
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

/** In which a version was written. */
function rankOf(version: number): number {
  return Math.floor(version / generationSpan);
}

function laterOf(one: Parting | undefined, other: Parting | undefined): Parting | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return theirsFrom(other) > theirsFrom(one) ? other : one;
}

/** Beyond this version all that a loser has of a partition it has written since the two went apart. */
function theirsFrom({ commonUpTo, theirs }: Parting): number {
  return ownFrom(commonUpTo, theirs);
}

/**
 * Beyond this version all that a history has it has written since. What a fork has between what it took along and
 * its own rank nobody was told of: it counts only where the other has it too. But where the fork took along what
 * the other has not, that may stand among it.
 */
function ownFrom(common: number, step: Parting['mine']): number {
  const isAllCommon = step !== undefined && step.left > 0 && step.left <= common;
  return isAllCommon ? step.rank * generationSpan : common;
}
