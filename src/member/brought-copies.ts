/**
 * What others have brought already of a history that ended: members of the same lineage, and of others that have a
 * part of it, since they forked from it, or it from them, or both from a third.
 */
import type { MemberId, PartitionId } from '../base/ids.ts';
import { type Line, lineOf } from '../partition/lineage.ts';
import type { Brought, Merge } from '../partition/merges.ts';
import { type MetaState, rankOf, rowOf } from '../partition/meta-state.ts';
import { type Parting, partingOf, theirsFrom } from '../partition/parting.ts';

/** A copy of a partition that was brought. */
interface Copy {
  readonly by: MemberId;
  readonly upTo: number;
  /** The lineage whose copy it was, and how it came about. */
  readonly lineage: string;
  readonly line: Line;
}

export class BroughtCopies {
  readonly #winner: MetaState;
  readonly #ended: MetaState;
  /** What was looked at last. */
  #seen: readonly Merge[] = [];
  readonly #copies = new Map<PartitionId, Copy[]>();

  constructor(winner: MetaState, ended: MetaState) {
    this.#winner = winner;
    this.#ended = ended;
  }

  /** What another member of the same lineage has brought, of which this one has a copy. */
  upTo(partition: PartitionId): number {
    return Math.max(0, ...this.#ofSame(partition).map(({ upTo }) => upTo));
  }

  /**
   * Whether its primary has brought a partition: all that was committed. What a copy has beyond that nobody was told
   * of, and whoever asked for it may have asked again here.
   */
  isByPrimary(partition: PartitionId): boolean {
    const { primary } = rowOf(this.#ended, partition) ?? {};
    return this.#ofSame(partition).some(({ by }) => by === primary);
  }

  /** Where this history went apart from the copy of another lineage that has the most of it. */
  parting(partition: PartitionId): Parting | undefined {
    let last: Parting | undefined;
    for (const copy of this.#copiesOf(partition)) {
      if (this.#isOfSame(copy, partition)) continue;
      const parting = this.#partingFrom(copy, partition);
      if (parting === undefined) continue;
      if (last === undefined || theirsFrom(parting) > theirsFrom(last)) last = parting;
    }
    return last;
  }

  #ofSame(partition: PartitionId): Copy[] {
    return this.#copiesOf(partition).filter((copy) => this.#isOfSame(copy, partition));
  }

  /** A lineage that has lost a partition, and goes on with another content, has two of that name. */
  #isOfSame({ lineage, line }: Copy, partition: PartitionId): boolean {
    const { id } = this.#ended.lineage;
    return lineage === id && line.path.at(-1) === this.#line(partition).path.at(-1);
  }

  #partingFrom({ line, upTo, lineage }: Copy, partition: PartitionId): Parting | undefined {
    const parting = partingOf(line, this.#line(partition));
    if (parting === undefined) return undefined;
    const { mine, theirs, commonUpTo } = parting;
    // Of a lineage that was taken in whole its primaries bring all that was committed: what a fork took along beyond
    // that nobody was told of. Where the copy was older, what came after it is to come.
    const isWhole = mine === undefined && this.#winner.lineage.merged.includes(lineage);
    if (isWhole && rankOf(upTo) >= rankOf(commonUpTo)) return parting;
    return { mine, theirs, commonUpTo: Math.min(commonUpTo, upTo) };
  }

  #line(partition: PartitionId): Line {
    return lineOf(this.#ended.lineage, partition);
  }

  #copiesOf(partition: PartitionId): readonly Copy[] {
    const { merges } = this.#winner;
    if (merges !== this.#seen) this.#look(merges);
    return this.#copies.get(partition) ?? [];
  }

  #look(merges: readonly Merge[]): void {
    this.#seen = merges;
    this.#copies.clear();
    for (const merge of merges) for (const one of merge.brought) this.#note(merge, one);
  }

  #note({ lineage, histories }: Merge, { partition, by, upTo }: Brought): void {
    const descent = histories.find((history) => history.by === by)?.descent;
    if (descent === undefined) return;
    const copy = { by, upTo, lineage, line: lineOf(descent, partition) };
    const others = this.#copies.get(partition);
    if (others === undefined) this.#copies.set(partition, [copy]);
    else others.push(copy);
  }
}
