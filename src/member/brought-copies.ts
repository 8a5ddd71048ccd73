/**
 * What others have brought already of a history that ended: members of the same lineage, and of others that have a
 * part of it, since they forked from it, or it from them, or both from a third.
 */
import type { PartitionId } from '../base/ids.ts';
import { endOf, type Line, lineageAt, lineOf } from '../partition/lineage.ts';
import { type Brought, broughtOf, type Merge } from '../partition/merges.ts';
import { type MetaState, rankOf, rowOf } from '../partition/meta-state.ts';
import { type Parting, partingOf, theirsFrom } from '../partition/parting.ts';

export class BroughtCopies {
  readonly #winner: MetaState;
  readonly #ended: MetaState;
  /** What was looked at last, and what it says of partitions that were asked for. */
  #seen: readonly Merge[] = [];
  readonly #copies = new Map<PartitionId, readonly Brought[]>();

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
      const parting = this.#isOfSame(copy) ? undefined : this.#partingFrom(copy);
      if (parting === undefined) continue;
      if (last === undefined || theirsFrom(parting) > theirsFrom(last)) last = parting;
    }
    return last;
  }

  #ofSame(partition: PartitionId): Brought[] {
    return this.#copiesOf(partition).filter((copy) => this.#isOfSame(copy));
  }

  /** A lineage that has lost a partition, and goes on with another content, has had two of that name. */
  #isOfSame({ line, partition }: Brought): boolean {
    return endOf(line) === endOf(this.#line(partition));
  }

  #partingFrom({ line, upTo, partition }: Brought): Parting | undefined {
    const parting = partingOf(line, this.#line(partition));
    if (parting === undefined) return undefined;
    const { mine, theirs, commonUpTo } = parting;
    // Where the copy was older, what came after it is to come.
    const isAll = mine === undefined && this.#isOfWhole(line);
    if (isAll && rankOf(upTo) >= rankOf(commonUpTo)) return parting;
    return { mine, theirs, commonUpTo: Math.min(commonUpTo, upTo) };
  }

  /**
   * Of another lineage that was taken in whole its primaries bring all that was committed: what a fork took along
   * beyond that nobody was told of.
   */
  #isOfWhole(line: Line): boolean {
    const lineage = lineageAt(endOf(line));
    return lineage !== this.#ended.lineage.id && this.#winner.lineage.merged.includes(lineage);
  }

  #line(partition: PartitionId): Line {
    return lineOf(this.#ended.lineage, partition);
  }

  #copiesOf(partition: PartitionId): readonly Brought[] {
    const { merges } = this.#winner;
    if (merges !== this.#seen) {
      this.#seen = merges;
      this.#copies.clear();
    }
    const known = this.#copies.get(partition);
    if (known !== undefined) return known;
    const copies = broughtOf(this.#winner, partition);
    this.#copies.set(partition, copies);
    return copies;
  }
}
