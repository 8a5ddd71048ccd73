/**
 * What one replica of a partition holds: a store for each structure, and the dedupe table. It runs
 * ops on a primary, applies entries on a backup, and is copied piece by piece.
 */
import { hashCount } from '../base/hash.ts';
import type { Sequence, StructureId } from '../base/ids.ts';
import { severalStructures } from '../wire/looks.ts';
import type { Entry } from '../wire/replica-messages.ts';
import { type DedupeBudget, DedupeTable } from './dedupe-table.ts';
import { DueStores } from './due-stores.ts';
import { Looks } from './looks.ts';
import type { StructureRow } from './router-port.ts';
import type { Store, StructureType } from './store.ts';

/** The structures as the local copy of the table knows them. */
export interface Catalog {
  structure(id: StructureId): StructureRow | undefined;
  /** The index of the meta log up to which this member knows the table. */
  readonly applied: number;
}

export interface ContentOptions {
  readonly catalog: Catalog;
  readonly types: ReadonlyMap<string, StructureType>;
  readonly budget: DedupeBudget;
}

/** One piece of a copy: one structure's records of some hashes. */
export interface Piece {
  readonly structure: StructureId;
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
  readonly bytes: Uint8Array;
  /** How many entries the structure has in all. */
  readonly entries: number;
}

/** What an op is run on. */
export type Asked = Pick<Store, 'isWrite' | 'run'>;

export class Content {
  #catalog: Catalog;
  #types: ReadonlyMap<string, StructureType>;
  readonly #stores = new Map<StructureId, Store>();
  /** The one that was asked for last, which is most likely the next one too. */
  #lastId: StructureId | undefined;
  #lastStore: Store | undefined;
  readonly #due = new DueStores((id) => this.#isThere(id));
  readonly #looks = new Looks(this);
  readonly dedupe: DedupeTable;

  constructor(options: ContentOptions) {
    this.#catalog = options.catalog;
    this.#types = options.types;
    this.dedupe = new DedupeTable(options.budget);
  }

  /** It goes on at another member's replica, with what is in it. */
  moveTo({ catalog, types }: Omit<ContentOptions, 'budget'>): void {
    this.#catalog = catalog;
    this.#types = types;
  }

  get stores(): ReadonlyMap<StructureId, Store> {
    return this.#stores;
  }

  /** What an op is for: a store, or all of them. */
  asked(id: StructureId): Asked | 'unknown' | 'gone' {
    return id === severalStructures ? this.#looks : this.find(id);
  }

  /** `unknown` where the table here is behind, `gone` where the structure was destroyed. */
  find(id: StructureId): Store | 'unknown' | 'gone' {
    const row = this.#catalog.structure(id);
    // Asked first: a store stays for some seconds after its structure was destroyed.
    if (row === undefined) return id > this.#catalog.applied ? 'unknown' : 'gone';
    if (id === this.#lastId && this.#lastStore !== undefined) return this.#lastStore;
    const type = this.#types.get(row.type);
    if (type === undefined) return 'gone';
    const store = this.#stores.get(id) ?? type.createStore(id, row.options);
    this.#stores.set(id, store);
    this.#due.used(id, store);
    this.#lastId = id;
    this.#lastStore = store;
    return store;
  }

  /** Applies what a primary decided; false where the table here is behind, and nothing was done. */
  apply(entry: Entry, nowMs: number): boolean {
    if (entry.changes.length > 0) {
      const store = this.find(entry.structure);
      if (store === 'unknown') return false;
      if (store !== 'gone') store.apply(entry.changes);
    }
    this.dedupe.note(entry, nowMs);
    return true;
  }

  /** Undoes what the latest entries have added, as far as the structures can. */
  takeBack(entries: readonly Entry[]): void {
    for (const { structure, changes } of entries.toReversed()) {
      const store = this.#stores.get(structure);
      if (store === undefined || changes.length === 0) continue;
      store.takeBack?.(changes);
      this.#due.used(structure, store);
    }
  }

  /** The next piece of a copy from a place on, or undefined at the end. */
  copy(structure: StructureId, from: number, bytes: number): Piece | undefined {
    const store = this.#stores.get(structure);
    if (store === undefined || from >= hashCount) return undefined;
    const { to, content } = store.copy(from, bytes);
    return { structure, from, to, bytes: content, entries: store.entries };
  }

  /** False where the table here is behind. */
  restore(piece: Piece): boolean {
    const store = this.find(piece.structure);
    if (store === 'unknown') return false;
    if (store !== 'gone') restoreIn(store, piece);
    return true;
  }

  /** Whether time has brought something to do in any of its stores. */
  isDue(gridTime: number): boolean {
    for (const id of this.candidates(gridTime)) if (this.#due.due(id, gridTime)) return true;
    return false;
  }

  /** The structures that may be due; some of them are not. */
  candidates(gridTime: number): Iterable<StructureId> {
    // The next op on it is to be noted again.
    if (this.#due.hasUsed) this.#lastStore = undefined;
    return this.#due.candidates(gridTime);
  }

  /** The store of a candidate, where time has brought it something to do. */
  due(id: StructureId, gridTime: number): Store | undefined {
    return this.#due.due(id, gridTime);
  }

  /** Whether a structure is known to be no more. */
  isGone(id: StructureId): boolean {
    return !this.#isThere(id) && id <= this.#catalog.applied;
  }

  /** It goes on with these structures alone. */
  keepOnly(kept: ReadonlySet<StructureId>): void {
    for (const [id, store] of this.#stores) {
      if (!kept.has(id)) this.#drop(id, store);
    }
  }

  /** Gives back the memory of structures that were destroyed. */
  dropDestroyed(): void {
    for (const [id, store] of this.#stores) {
      if (this.isGone(id)) this.#drop(id, store);
    }
  }

  digest(last: Sequence): number {
    let digest = last % 4_294_967_296;
    for (const [id, store] of [...this.#stores].sort(([a], [b]) => a - b)) {
      if (store.entries === 0) continue;
      digest = (Math.imul(digest, 31) + Math.imul(id, 17) + store.digest()) >>> 0;
    }
    return digest;
  }

  release(): void {
    for (const store of this.#stores.values()) store.release();
    this.#stores.clear();
    this.#due.clear();
    this.#lastStore = undefined;
    this.dedupe.release();
  }

  #drop(id: StructureId, store: Store): void {
    store.release();
    this.#stores.delete(id);
    this.#due.forget(id);
    this.#lastStore = undefined;
  }

  #isThere(id: StructureId): boolean {
    return this.#catalog.structure(id) !== undefined;
  }
}

function restoreIn(store: Store, { from, to, bytes, entries }: Piece): void {
  // With the last piece nothing is to come: the store may shrink again.
  store.restore(from, to, bytes, to === hashCount ? 0 : entries);
}
