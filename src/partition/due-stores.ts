/**
 * Which stores of a partition time has brought something to do. A grid of many structures has a store of each in every
 * partition, and most of these are asked for nothing, ever: to look at all of them at every tick is what such a
 * grid would spend its time on.
 *
 * Invariants
 * 1. What a store is due for changes only when it is used, and then it is in `#used` until it was looked at.
 * 2. Of those that are not in `#used`, no one is due before grid time `#lookAt` that is not in `#soon`.
 */
import type { StructureId } from '../base/ids.ts';
import type { Store } from './store.ts';

/** How far ahead it looks. */
const aheadMs = 1_000;
/** What is not due by then never will be by time alone. */
const endOfTime = Number.MAX_VALUE;

export class DueStores {
  readonly #isThere: (id: StructureId) => boolean;
  readonly #used = new Map<StructureId, Store>();
  /** Due before `#lookAt`, if nobody uses them until then. */
  readonly #soon = new Map<StructureId, Store>();
  /** Due some day. */
  readonly #later = new Map<StructureId, Store>();
  #lookAt = Number.NEGATIVE_INFINITY;

  /** `isThere`: one that was destroyed may have been copied in part, and is not asked. */
  constructor(isThere: (id: StructureId) => boolean) {
    this.#isThere = isThere;
  }

  get hasUsed(): boolean {
    return this.#used.size > 0;
  }

  used(id: StructureId, store: Store): void {
    this.#used.set(id, store);
  }

  forget(id: StructureId): void {
    for (const stores of [this.#used, this.#soon, this.#later]) stores.delete(id);
  }

  clear(): void {
    for (const stores of [this.#used, this.#soon, this.#later]) stores.clear();
  }

  /** Those that may be due: `due` says whether they are. */
  candidates(gridTime: number): Iterable<StructureId> {
    if (gridTime >= this.#lookAt) this.#lookAhead(gridTime);
    if (this.#used.size > 0) this.#sort();
    return this.#soon.keys();
  }

  /** The store of a candidate, where it is due: it is about to be used. */
  due(id: StructureId, gridTime: number): Store | undefined {
    const store = this.#soon.get(id);
    if (store === undefined || !this.#isThere(id) || !store.isDue(gridTime)) return undefined;
    this.#used.set(id, store);
    return store;
  }

  #lookAhead(gridTime: number): void {
    this.#lookAt = gridTime + aheadMs;
    for (const stores of [this.#soon, this.#later]) {
      for (const [id, store] of stores) this.#used.set(id, store);
      stores.clear();
    }
  }

  #sort(): void {
    for (const [id, store] of this.#used) {
      // It keeps its place until this member knows it, or drops it.
      if (!this.#isThere(id)) continue;
      this.forget(id);
      if (store.isDue(this.#lookAt)) this.#soon.set(id, store);
      else if (store.isDue(endOfTime)) this.#later.set(id, store);
    }
  }
}
