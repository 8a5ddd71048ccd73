/**
 * What the table is told of what a member brings: that it comes, where nobody has said so yet, and in the end
 * what came of it.
 */

import type { PartitionId } from '../base/ids.ts';
import type { MergedStructure } from '../grid-merge.ts';
import { highestRank } from '../partition/fork.ts';
import type { Command, MetaState } from '../partition/meta-state.ts';
import type { ProposalResult } from '../partition/proposals.ts';
import type { Estate } from '../partition/replica-state.ts';
import type { MergeCount } from '../structures/merging.ts';
import type { MergeInheritance } from './inheritance.ts';

export interface MergeRecordParts {
  /** The table of the lineage into which it brings. */
  readonly state: MetaState;
  readonly inheritance: Pick<MergeInheritance, 'from' | 'state'>;
  commit(command: Command, done: (result: ProposalResult | undefined) => void): void;
}

export class MergeRecord {
  readonly #parts: MergeRecordParts;
  /** Whether a word of it is on its way. */
  #isBusy = false;

  constructor(parts: MergeRecordParts) {
    this.#parts = parts;
  }

  get isBusy(): boolean {
    return this.#isBusy;
  }

  /**
   * Whether it is known here that this member brings something. It is not where another lineage took its own one in
   * than the one to which it has come, or where that ended before all was brought.
   */
  get isKnown(): boolean {
    const { state, inheritance } = this.#parts;
    const merge = state.merges.find(({ lineage }) => lineage === inheritance.state.lineage.id);
    if (merge === undefined) return false;
    return [...merge.open, ...merge.closed].includes(inheritance.from);
  }

  announce(): void {
    const { from, state } = this.#parts.inheritance;
    this.#commit({
      type: 'absorb',
      lineage: state.lineage.id,
      merged: [],
      isWhole: false,
      rank: highestRank(state),
      contributors: [from],
    });
  }

  /** `done` is told where it is committed. */
  report(
    estates: ReadonlyMap<PartitionId, Estate>,
    counts: ReadonlyMap<string, MergeCount>,
    done: () => void,
  ): void {
    const { from, state } = this.#parts.inheritance;
    const report: MergedStructure[] = [];
    for (const { type, name } of state.structures.values()) {
      const count = counts.get(`${type} ${name}`);
      if (count !== undefined) report.push({ type, name, ...count });
    }
    const lineage = state.lineage.id;
    const brought = [...estates.keys()];
    const upTo = Array.from(estates.values(), ({ version }) => version);
    this.#commit(
      { type: 'merged', lineage, contributor: from, report, brought, upTo, isWhole: true },
      done,
    );
  }

  #commit(command: Command, done?: () => void): void {
    this.#isBusy = true;
    this.#parts.commit(command, (result) => {
      this.#isBusy = false;
      if (result !== undefined) done?.();
    });
  }
}
