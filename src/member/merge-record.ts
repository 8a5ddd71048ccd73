/**
 * What the table is told of what a member brings: that it comes, where nobody has said so yet, and in the end
 * what came of it.
 */

import type { MemberId, PartitionId } from '../base/ids.ts';
import type { MergedStructure } from '../grid-merge.ts';
import { highestRank } from '../partition/fork.ts';
import { endOf, lineOf, type Part } from '../partition/lineage.ts';
import { type Brought, type Merge, mergeOf } from '../partition/merges.ts';
import { type Command, type MetaState, rowOf } from '../partition/meta-state.ts';
import { partsOf } from '../partition/parts.ts';
import type { ProposalResult } from '../partition/proposals.ts';
import type { Estate } from '../partition/replica-state.ts';
import type { StructureRow } from '../partition/router-port.ts';
import type { MergeCount } from '../structures/merging.ts';
import type { MergeInheritance, MergeProgress } from './inheritance.ts';

export interface MergeRecordParts {
  /** The table of the lineage into which it brings. */
  readonly state: MetaState;
  readonly inheritance: Pick<MergeInheritance, 'from' | 'state' | 'isAlone' | 'progress'>;
  /** Who brings it, in the lineage that stays. */
  readonly self: MemberId;
  commit(command: Command, done: (result: ProposalResult | undefined) => void): void;
}

export class MergeRecord {
  readonly #parts: MergeRecordParts;
  /** By structure. */
  readonly #counts: Map<string, MergeCount>;
  /** Partitions that were brought, up to which version, and given back. */
  readonly #told: Map<PartitionId, number>;
  /** Those of them that were told to a lineage that has ended since. */
  readonly #untold: Set<PartitionId>;
  /** The lineages to which these were begun to be brought. */
  readonly #begunIn: Map<PartitionId, string>;
  /** Whether a word of it is on its way. */
  #isBusy = false;

  constructor(parts: MergeRecordParts) {
    this.#parts = parts;
    this.#counts = new Map(parts.inheritance.progress?.counts);
    this.#told = new Map(parts.inheritance.progress?.told);
    this.#untold = new Set(this.#told.keys());
    this.#begunIn = new Map(parts.inheritance.progress?.begunIn);
  }

  /** For the next identity. */
  get progress(): Omit<MergeProgress, 'places'> {
    const [counts, told] = [new Map(this.#counts), new Map(this.#told)];
    return { counts, told, begunIn: new Map(this.#begunIn) };
  }

  get told(): ReadonlyMap<PartitionId, number> {
    return this.#told;
  }

  /**
   * A partition is offered here from its beginning on, unless it was begun elsewhere; or from where others have brought
   * it, who may not have brought it here.
   */
  begins(partition: PartitionId, isBroughtHere: boolean): void {
    if (!isBroughtHere) this.skips(partition);
    else if (!this.#begunIn.has(partition)) {
      this.#begunIn.set(partition, this.#parts.state.lineage.id);
    }
  }

  /** Of a partition not all is offered here: others have brought it, or it is as it is here. */
  skips(partition: PartitionId): void {
    this.#begunIn.set(partition, '');
  }

  /** All others begin here, whatever was tried where this process was before. */
  keepBegun(partitions: ReadonlySet<PartitionId>): void {
    for (const partition of this.#begunIn.keys()) {
      if (!partitions.has(partition)) this.#begunIn.delete(partition);
    }
  }

  /** Whether it is not known here what was brought: it was told to a lineage that has ended since. */
  get isBehind(): boolean {
    if (this.#untold.size === 0) return false;
    const { from } = this.#parts.inheritance;
    for (const { by, partition } of this.#merge?.brought ?? []) {
      if (by === from) this.#untold.delete(partition);
    }
    return this.#untold.size > 0;
  }

  /** Records were taken in, or not. */
  count({ type, name }: StructureRow, { kept, discarded }: MergeCount): void {
    const key = `${type} ${name}`;
    const before = this.#counts.get(key) ?? { kept: 0, discarded: 0 };
    this.#counts.set(key, {
      kept: before.kept + kept,
      discarded: before.discarded + discarded,
    });
  }

  get isBusy(): boolean {
    return this.#isBusy;
  }

  /**
   * Whether it is known here that this member brings something. It is not where another lineage took its own one in
   * than the one to which it has come, or where that ended before all was brought.
   */
  get isKnown(): boolean {
    const { open = [], closed = [] } = this.#merge ?? {};
    return [...open, ...closed].includes(this.#parts.inheritance.from);
  }

  get #merge(): Merge | undefined {
    const { state, inheritance } = this.#parts;
    return mergeOf(state, inheritance.state.lineage.id);
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

  /** Takes partitions upon itself, as far as nobody else has. */
  undertake(partitions: readonly PartitionId[]): void {
    const { inheritance, self: holder } = this.#parts;
    const { from: contributor, state } = inheritance;
    this.#commit({
      type: 'undertake',
      lineage: state.lineage.id,
      contributor,
      holder,
      partitions,
    });
  }

  /** Of some partitions, that they were brought; `done` is told where it is committed. */
  tell(estates: ReadonlyMap<PartitionId, Estate>, done: () => void): void {
    this.#report(estates, [], false, () => {
      for (const [partition, { version }] of estates) this.#told.set(partition, version);
      done();
    });
  }

  /** That of the last ones, and what came of all. */
  report(estates: ReadonlyMap<PartitionId, Estate>, done: () => void): void {
    const { state } = this.#parts.inheritance;
    const report: MergedStructure[] = [];
    for (const { type, name } of state.structures.values()) {
      const count = this.#counts.get(`${type} ${name}`);
      if (count !== undefined) report.push({ type, name, ...count });
    }
    this.#report(estates, report, true, done);
  }

  #report(
    estates: ReadonlyMap<PartitionId, Estate>,
    report: readonly MergedStructure[],
    isLast: boolean,
    done: () => void,
  ): void {
    const { from: by, state } = this.#parts.inheritance;
    const versions = new Map(this.isBehind ? this.#told : undefined);
    for (const [partition, { version }] of estates) versions.set(partition, version);
    const brought = Array.from(versions, ([partition, upTo]): Brought => {
      return { partition, by, upTo, end: endOf(lineOf(state.lineage, partition)) };
    });
    const parts = Array.from(estates, ([partition, estate]) => this.#partsOf(partition, estate));
    const { id: lineage } = state.lineage;
    const end = { report, brought, parts: parts.flat(), isLast, isWhole: true };
    this.#commit({ type: 'merged', lineage, contributor: by, ...end }, done);
  }

  /** The copy of a partition that it has brought, and what had been brought to that before. */
  #partsOf(partition: PartitionId, { version: upTo }: Estate): Part[] {
    const { state: winner, inheritance } = this.#parts;
    const { from, state, isAlone } = inheritance;
    // What went to a lineage that has ended is here when that has brought it, which knows no less.
    if (this.#begunIn.get(partition) !== winner.lineage.id) return [];
    const { path, steps } = lineOf(state.lineage, partition);
    // Who comes alone may not know who is its primary by now.
    const isWhole = !isAlone && rowOf(state, partition)?.primary === from;
    const before = partsOf(state.lineage, partition);
    return [...before, { partition, line: { path, steps }, upTo, isWhole }];
  }

  #commit(command: Command, done?: () => void): void {
    this.#isBusy = true;
    this.#parts.commit(command, (result) => {
      this.#isBusy = false;
      if (result !== undefined) done?.();
    });
  }
}
