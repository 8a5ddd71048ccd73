/**
 * What handles see of the grid below them: the way of an op to the primary of its key. A member and a
 * light client each have one; a handle cannot tell which.
 */
import type { Aborts } from '../base/aborts.ts';
import { GridError } from '../base/errors.ts';
import type { StructureId } from '../base/ids.ts';
import type { Call } from '../transport/open-call.ts';
import type { Glance } from './store.ts';

/** A structure as the table knows it. */
export interface StructureRow {
  readonly id: StructureId;
  readonly name: string;
  /** `map`, `queue`, `topic`, `lock`. */
  readonly type: string;
  readonly backups: number;
  /** As given at creation; read by the structure only. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** One call on its way. The router calls exactly one of `resolve` and `reject`, once. */
export interface Operation extends Call {
  readonly structure: StructureRow;
  /** The index of the partition within the structure's group: 0 to `partitions` - 1. */
  readonly partition: number;
}

/** Nothing can be called here any more. */
export interface Closed {
  /** Undefined where this process wanted it so. */
  readonly error: GridError | undefined;
}

export interface Router {
  readonly partitions: number;
  /**
   * The history in which structures and sequences mean here what they mean. Undefined for as long as there is none:
   * this process is coming back under another identity, or it is closed.
   */
  readonly lineage: string | undefined;
  /** Undefined while this process is in the grid, or is coming back. */
  readonly closed: Closed | undefined;
  /** Through it alone do handles listen to signals. */
  readonly aborts: Aborts;
  submit(operation: Operation): void;
  /**
   * The result of a read that can be answered on the spot, since this member is the primary and nothing is in
   * its way; undefined where it has to be submitted. To be decoded at once: it is lent. The op is `code` and then
   * the key.
   */
  glance(row: StructureRow, partition: number, code: number, key: Uint8Array): Glance | undefined;
  /**
   * A promise of what a look gave. It is kept at once, or in the next turn of the event loop where this turn has
   * had its share of looks.
   */
  deliver<Result>(result: Result): Promise<Result>;
  /** The row of a structure, where it is known here; else `define` has to be called first. */
  structure(type: string, name: string): StructureRow | undefined;
  /** Commits the structure with its options; gives its row, or `GRID_BAD_OPTION` naming both options. */
  define(
    type: string,
    name: string,
    options: Readonly<Record<string, unknown>>,
    done: (result: StructureRow | GridError) => void,
  ): void;
  /** Commits a new incarnation of the name; ops on the old one are refused. */
  destroy(row: StructureRow, done: (result: GridError | undefined) => void): void;
  /** Runs a read on what this member holds as primary of a partition, now; undefined where it does not. */
  readLocal(row: StructureRow, partition: number, op: Uint8Array): Uint8Array | undefined;
  /** The partitions of the structure's group of which this member is primary. */
  localPartitions(row: StructureRow): readonly number[];
}

/**
 * A structure keeps the options of its creation: who asks for others is told both. Who asks for none
 * takes it as it is.
 */
export function conflictOf(
  row: StructureRow,
  asked: Readonly<Record<string, unknown>>,
): GridError | undefined {
  const own: Readonly<Record<string, unknown>> = { backups: row.backups, ...row.options };
  const differs = (name: string) => JSON.stringify(own[name]) !== JSON.stringify(asked[name]);
  if (!Object.keys(asked).some(differs)) return undefined;
  return new GridError(
    'GRID_BAD_OPTION',
    `expected the options with which the ${row.type} ${row.name} was created (${JSON.stringify(own)}), found ${JSON.stringify(asked)}; give the same options, or destroy it first`,
  );
}
