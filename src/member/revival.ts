/**
 * How a member that comes from another lineage has partitions come back that the one that took it in has lost: it
 * goes on with its own copy there. Where that cannot be, since a structure in it is not the same there, the
 * partition begins empty, and its records are brought one by one.
 */
import type { MemberId, PartitionId, StructureId } from '../base/ids.ts';
import { type Adoption, adoptable } from '../partition/adoption.ts';
import { lineOf } from '../partition/lineage.ts';
import { revivable } from '../partition/merges.ts';
import type { Command, MetaState } from '../partition/meta-state.ts';
import { partsOf } from '../partition/parts.ts';
import type { Estate } from '../partition/replica-state.ts';

export interface RevivalParts {
  readonly self: MemberId;
  /** The table of the lineage that took this member in, and of the one from which it comes. */
  readonly state: MetaState;
  readonly ended: MetaState;
  commit(command: Command, done: () => void): void;
}

/** Partitions in one command. */
const partitionsMax = 64;

export class Revival {
  readonly #parts: RevivalParts;
  #isBusy = false;
  /** Those that it had come back last. */
  #adopted: ReadonlySet<PartitionId> = new Set();

  constructor(parts: RevivalParts) {
    this.#parts = parts;
  }

  get isBusy(): boolean {
    return this.#isBusy;
  }

  /** Whether a partition goes on here with the copy of this one. */
  has(partition: PartitionId): boolean {
    return this.#adopted.has(partition);
  }

  /**
   * Has those come back that are lost; false where none is. What is on its way to a busy one ends first: it must not
   * arrive in what comes back.
   */
  begin(estates: ReadonlyMap<PartitionId, Estate>, busy: readonly PartitionId[] = []): boolean {
    const { self: holder, state, ended, commit } = this.#parts;
    const lineage = ended.lineage.id;
    const lost = new Set(adoptable(state, lineage, [...estates.keys()]));
    for (const partition of busy) lost.delete(partition);
    if (lost.size === 0) return false;
    const { shared } = this;
    const adoptions: Adoption[] = [];
    const partitions: PartitionId[] = [];
    const empty = new Set(revivable(state, lineage, [...lost]));
    for (const partition of [...lost].slice(0, partitionsMax)) {
      const estate = estates.get(partition) as Estate;
      const { version } = estate;
      const { path, steps } = lineOf(ended.lineage, partition);
      const parts = partsOf(ended.lineage, partition);
      if (this.#isSame(estate, shared)) adoptions.push({ partition, version, path, steps, parts });
      else if (empty.has(partition)) partitions.push(partition);
    }
    if (adoptions.length + partitions.length === 0) return false;
    this.#isBusy = true;
    this.#adopted = new Set(adoptions.map(({ partition }) => partition));
    commit({ type: 'revive', lineage, holder, adoptions, partitions }, () => {
      this.#isBusy = false;
    });
    return true;
  }

  /** The structures that are in both lineages what they were before these went apart. */
  get shared(): ReadonlySet<StructureId> {
    const { state, ended } = this.#parts;
    const shared = new Set<StructureId>();
    for (const [id, row] of ended.structures) {
      if (JSON.stringify(state.structures.get(id)) === JSON.stringify(row)) shared.add(id);
    }
    return shared;
  }

  /** Whether all that is in it is of such structures; what was destroyed is of no matter. */
  #isSame({ content }: Estate, shared: ReadonlySet<StructureId>): boolean {
    const { structures } = this.#parts.ended;
    return [...content.stores].every(
      ([id, { entries }]) => shared.has(id) || entries === 0 || !structures.has(id),
    );
  }
}
