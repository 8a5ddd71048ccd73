/**
 * All that a process has to bring where it has come: what it had in the lineage that ended last, and of those
 * before what it had not brought yet when the lineage that had taken it in ended in turn.
 *
 * Invariants
 * 1. What is older is announced before anything later is brought, so the grid is not safe before all is.
 * 2. One of them at a time has lost partitions come back.
 */
import type { PartitionId } from '../base/ids.ts';
import type { Content } from '../partition/content.ts';
import {
  heritagesIn,
  heritagesMax,
  type Inheritance,
  type MergeInheritance,
} from './inheritance.ts';
import { Merger, type MergerParts } from './merger.ts';

export class Mergers {
  /** The latest first. */
  readonly #mergers: readonly Merger[];

  constructor(parts: MergerParts, inheritance: Inheritance | undefined) {
    const heritages = heritagesIn(inheritance);
    for (const { from, state, legacy } of heritages.splice(heritagesMax)) {
      const message = `more than ${heritagesMax} lineages ended before this process had brought what it had; the oldest is given up`;
      parts.logger.error({ lineage: state.lineage.id, from }, message);
      for (const { content } of legacy.estates.values()) content.release();
    }
    this.#mergers = heritages.map((heritage) => new Merger(parts, heritage));
  }

  /** What is still to be brought, for the next identity of this process; undefined where all is done. */
  get unfinished(): MergeInheritance | undefined {
    let besides: MergeInheritance | undefined;
    for (const { unfinished } of this.#mergers.toReversed()) {
      if (unfinished !== undefined) besides = { ...unfinished, besides };
    }
    return besides;
  }

  /** Called while this member serves, every now and then. */
  tick(): void {
    for (const merger of this.#mergers.toReversed()) {
      if (this.#mergers.some(({ isReviving }) => isReviving)) return;
      merger.tick();
      if (!merger.isKnown) return;
    }
  }

  /** The content of a partition that goes on here as it is, where this lineage had lost it. */
  give(partition: PartitionId): Content | undefined {
    return this.#mergers.find((merger) => merger.revives(partition))?.give(partition);
  }
}
