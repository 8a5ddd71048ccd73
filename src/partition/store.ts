/**
 * What a structure gives to the partition layer: one store for each structure in each partition, the
 * records and what ops do to them. A store knows nothing of replicas; a replica knows nothing of ops.
 *
 * Rules of a store
 * 1. `run` of a write returns its changes and has already applied them; `apply` of the same changes to
 *    an equal store makes it equal again. Changes state what is (put, delete), never what to compute,
 *    so `apply` of a change over any older content of the record it names is right.
 * 2. A store is deterministic: the same calls give the same content, on every platform.
 * 3. A store that refuses an op by throwing a `GridError` has changed nothing.
 */
import type { CallerId, StructureId } from '../base/ids.ts';

export interface RunContext {
  /** Grid time in milliseconds: the same on every member, never backwards. */
  readonly gridTime: number;
  /**
   * The sequence that this op's changes will bear, from 1; grows with every write of the partition.
   * 0 for a look whose changes nobody records: it has to leave everything as it is.
   */
  readonly sequence: number;
  /** The generation of the content: what was numbered in an earlier one may be gone. */
  readonly generation: number;
  /** Who asks; empty in `housekeep`. */
  readonly caller: CallerId;
  /** Whether a caller's process is known to be gone: nothing is kept for it. */
  isGone(caller: CallerId): boolean;
}

/** The key under which reads wait that any write of the structure may wake. */
export const anyWrite = 0;

/** A run that read or changed more than one key, or the structure as a whole. */
export const wholeStructure = -1;

export interface RunResult {
  /** For the caller; only the structure's handle reads it. */
  readonly result: Uint8Array;
  /**
   * What backups are to apply; empty where nothing changed. A read changes nothing but what time has
   * brought: the removal of what it found expired. Good until any store's next run.
   */
  readonly changes: Uint8Array;
  /** The 32-bit hash of the key that was read or changed, or `wholeStructure`. */
  readonly touched: number;
  /** A write: the keys of the waiting reads that it may have given something to. */
  readonly wakes?: readonly number[];
  /**
   * A read that has nothing to give yet: it waits, is run again when a write wakes this key, and is
   * answered with `result` when nothing came within `pollMs` (base/timings.ts).
   */
  readonly waitsFor?: number;
}

/** What a look gives: the result is the bytes [from, to). */
export interface Glance {
  readonly bytes: Uint8Array;
  readonly from: number;
  readonly to: number;
  /** As in `RunResult`. */
  readonly touched: number;
}

/** Since when a history is not the same as another into which it is merged. */
export interface Since {
  /** What the other has beyond this version, it has written since. */
  readonly version: number;
  /** What this one has beyond this version is its own, and not brought yet. */
  readonly after: number;
  /** Where the other has lost what both had: up to this version all that is brought is that. Else 0. */
  readonly lostUpTo: number;
  /** The ranks with which this one and the other went on by forks; undefined where it did not fork. */
  readonly own: number | undefined;
  readonly other: number | undefined;
  /** The other takes nothing in before its versions are at least this. */
  readonly floor: number;
  /** Whether another member has brought what this history had up to `after`, or a part of it. */
  readonly isBroughtAgain: boolean;
  /** Whether another lineage has brought a part of what this history has: no number says which of its messages. */
  readonly isPartlyThere: boolean;
  /** Whether what this one lacks of what both had was removed here: nothing was ever lost. */
  readonly isComplete: boolean;
}

/** A part of what a history brings along. */
export interface Offer {
  /** Where to go on; undefined at the end. */
  readonly next: number | undefined;
  /** An op for the same structure of the other history; its result says what was kept (structures/merging.ts). */
  readonly op: Uint8Array | undefined;
  /** How many records are in the op. */
  readonly count: number;
  /** Whether it may run twice: what was written between is not touched by the second. */
  readonly isRepeatable: boolean;
}

export interface Store {
  /** Whether an op changes anything by its nature: such an op needs an op sequence. */
  isWrite(op: Uint8Array): boolean;
  run(op: Uint8Array, context: RunContext): RunResult;
  /**
   * As `run`, for a read of one key that wants nothing but to look, and often: the op is `code` and then the key.
   * What it gives is lent: good until any store's next call. Undefined where only `run` can tell, as when time has
   * brought a change.
   */
  glance?(code: number, key: Uint8Array, gridTime: number): Glance | undefined;
  apply(changes: Uint8Array): void;
  /**
   * Takes out what these changes added, which are the latest. A history that goes on alone begins so: nobody
   * was told of them, and the one that it leaves may have the same once more, from whoever asked again.
   */
  takeBack?(changes: Uint8Array): void;

  /**
   * Whether time has brought something to do by then; `gridTime` may lie ahead. Where nobody uses the store, what
   * is due at one time is so at every later one, and what is not due at the end of time never is.
   */
  isDue(gridTime: number): boolean;
  /** Does a bounded slice of it, as a write of nobody. Only a primary calls it. */
  housekeep(context: RunContext): RunResult;

  /**
   * A copy walks the hashes of the records, all `hashCount` of them: these are the records from hash `from`
   * on and below `to`, of about `bytes` bytes; those of one hash at least.
   */
  copy(from: number, bytes: number): { readonly to: number; readonly content: Uint8Array };
  /** Makes the hashes [from, to) hold exactly what `copy` gave; there will be about `entries` in all. */
  restore(from: number, to: number, content: Uint8Array, entries: number): void;

  /** For a merge: about so many bytes of what has changed since, from a place on; the first is 0. */
  offer(from: number, bytes: number, since: Since): Offer;

  readonly entries: number;
  readonly bytes: number;
  /** The same for stores of equal content, whatever way they came to it. */
  digest(): number;
  /** Gives its memory back. */
  release(): void;
}

/** A structure's type: how to make its stores. One row each in the registry. */
export interface StructureType {
  readonly name: string;
  createStore(structure: StructureId, options: unknown): Store;
}
