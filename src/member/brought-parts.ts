/**
 * What of a history that ended is in the lineage that takes it in already, since others have brought it: members of
 * the same lineage, and of others that have a part of it, since they forked from it, or it from them, or both from a
 * third, or since one took the other in.
 */
import type { PartitionId } from '../base/ids.ts';
import { endOf, type Line, type Lineage, lineOf, type Part } from '../partition/lineage.ts';
import { type Parting, partingOf, theirsFrom } from '../partition/parting.ts';
import { isAllIn, partingFrom, partsOf } from '../partition/parts.ts';

/** The two lineages; that of the winner may change. */
export interface Sides {
  readonly winner: { readonly lineage: Lineage };
  readonly ended: { readonly lineage: Lineage };
}

export class BroughtParts {
  readonly #sides: Sides;

  constructor(sides: Sides) {
    this.#sides = sides;
  }

  /** Up to which version another member of the same lineage has brought its copy; 0 for none. */
  upToOfSame(partition: PartitionId): number {
    return Math.max(0, ...this.#ofSame(partition).map(({ upTo }) => upTo));
  }

  /**
   * Whether the primary of the same lineage has brought a partition: all that was committed. What a copy has beyond
   * that nobody was told of, and whoever asked for it may have asked again here.
   */
  isByPrimary(partition: PartitionId): boolean {
    return this.#ofSame(partition).some(({ isWhole }) => isWhole);
  }

  /** Where this history went apart from the copy of another lineage that has the most of it. */
  parting(partition: PartitionId): Parting | undefined {
    const line = this.#line(partition);
    let last: Parting | undefined;
    for (const part of partsOf(this.#sides.winner.lineage, partition)) {
      const parting = this.#isOfSame(part) ? undefined : partingFrom(part, line);
      if (parting === undefined) continue;
      if (last === undefined || theirsFrom(parting) > theirsFrom(last)) last = parting;
    }
    return last;
  }

  /** With which merges this history took in what the winner has as well: their ranks. */
  ranksThere(partition: PartitionId): number[] {
    const { winner, ended } = this.#sides;
    const [there, missing] = [new Set<number>(), new Set<number>()];
    for (const part of partsOf(ended.lineage, partition)) {
      (isAllIn(winner.lineage, part) ? there : missing).add(part.rank);
    }
    return [...there].filter((rank) => rank > 0 && !missing.has(rank));
  }

  /** Whether this history took anything in of one of which the winner has a part. */
  hasCommonParts(partition: PartitionId): boolean {
    const { winner, ended } = this.#sides;
    const lines = partsOf(winner.lineage, partition).map(({ line }) => line);
    lines.push(lineOf(winner.lineage, partition));
    return partsOf(ended.lineage, partition).some((part) =>
      lines.some((line) => partingOf(line, part.line) !== undefined),
    );
  }

  #ofSame(partition: PartitionId): Part[] {
    const parts = partsOf(this.#sides.winner.lineage, partition);
    return parts.filter((part) => this.#isOfSame(part));
  }

  /** A lineage that has lost a partition, and goes on with another content, has had two of that name. */
  #isOfSame({ line, partition }: Part): boolean {
    return endOf(line) === endOf(this.#line(partition));
  }

  #line(partition: PartitionId): Line {
    return lineOf(this.#sides.ended.lineage, partition);
  }
}
