/**
 * What of a history that ended is in the lineage that takes it in already, since others have brought it: members of
 * the same lineage, and of others that have a part of it, since they forked from it, or it from them, or both from a
 * third, or since one took the other in.
 */
import type { PartitionId } from '../base/ids.ts';
import { endOf, type Line, lineOf, type Part } from '../partition/lineage.ts';
import { type Brought, mergeOf } from '../partition/merges.ts';
import { type MetaState, rowOf } from '../partition/meta-state.ts';
import { ofPartition } from '../partition/of-partition.ts';
import { type Parting, partingOf, theirsFrom } from '../partition/parting.ts';
import { partingFrom, partsOf, reachIn } from '../partition/parts.ts';

export class BroughtParts {
  readonly #winner: MetaState;
  readonly #ended: MetaState;

  constructor(winner: MetaState, ended: MetaState) {
    this.#winner = winner;
    this.#ended = ended;
  }

  /** Up to which version another member of the same lineage has brought its copy; 0 for none. */
  upToOfSame(partition: PartitionId): number {
    return Math.max(0, ...this.#bySame(partition).map(({ upTo }) => upTo));
  }

  /**
   * Whether the primary of the same lineage has brought a partition: all that was committed. What a copy has beyond
   * that nobody was told of, and whoever asked for it may have asked again here.
   */
  isByPrimary(partition: PartitionId): boolean {
    const { primary } = rowOf(this.#ended, partition) ?? {};
    return this.#bySame(partition).some(({ by }) => by === primary);
  }

  /** Where this history went apart from the part that has the most of it. */
  parting(partition: PartitionId): Parting | undefined {
    const line = this.#line(partition);
    let last: Parting | undefined;
    for (const part of partsOf(this.#winner.lineage, partition)) {
      const parting = partingFrom(part, line);
      if (parting === undefined) continue;
      if (last === undefined || theirsFrom(parting) > theirsFrom(last)) last = parting;
    }
    return last;
  }

  /** Whether the winner has anything of what this history took in beyond what it had of it. */
  hasCommonParts(partition: PartitionId): boolean {
    const hadOf = ({ line }: Part) => partingOf(this.#line(partition), line)?.commonUpTo ?? 0;
    const parts = partsOf(this.#ended.lineage, partition);
    return parts.some((part) => reachIn(this.#winner.lineage, part) > hadOf(part));
  }

  /** A lineage that has lost a partition, and goes on with another content, has had two of that name. */
  #bySame(partition: PartitionId): readonly Brought[] {
    const { brought = [] } = mergeOf(this.#winner, this.#ended.lineage.id) ?? {};
    const end = endOf(this.#line(partition));
    return ofPartition(brought, partition).filter((one) => one.end === end);
  }

  #line(partition: PartitionId): Line {
    return lineOf(this.#ended.lineage, partition);
  }
}
