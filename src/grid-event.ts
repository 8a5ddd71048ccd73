/** The contract with users about what happens in a grid. Types only. */
import type { Member } from './grid.ts';
import type { MergedStructure } from './grid-merge.ts';

/** What happens in a grid. Branch on `type`. */
export type GridEvent =
  | { readonly type: 'member-joined'; readonly member: Member }
  | { readonly type: 'member-suspected'; readonly member: Member }
  | { readonly type: 'member-left'; readonly member: Member; readonly reason: 'left' | 'failed' }
  | { readonly type: 'partition-moved'; readonly partition: number; readonly to: Member }
  | { readonly type: 'partition-lost'; readonly partition: number }
  /** A copy of a partition is on its way: `from` where it takes the place of another, which goes then. */
  | {
      readonly type: 'migration-started';
      readonly partition: number;
      readonly to: Member;
      readonly from?: Member;
    }
  /** `isDone` is false where it was given up: another is tried where one is needed. */
  | {
      readonly type: 'migration-finished';
      readonly partition: number;
      readonly to: Member;
      readonly from?: Member;
      readonly isDone: boolean;
    }
  /** Copies made since nothing was moving, and those that are still to come. */
  | { readonly type: 'migration-progress'; readonly made: number; readonly left: number }
  | { readonly type: 'safe' }
  /**
   * This process goes on alone with what it held, in a lineage of its own, since those who decide are gone;
   * `lost` partitions it did not hold. Others may go on without it: then there are two truths until they heal.
   */
  | { readonly type: 'split'; readonly lineage: string; readonly lost: number }
  /**
   * Another lineage was merged into this one. Of what it had changed since the two went apart so many records
   * were kept and discarded; `missing` members of it have not brought what they had.
   */
  | {
      readonly type: 'healed';
      readonly lineage: string;
      readonly kept: number;
      readonly discarded: number;
      readonly missing: number;
      readonly structures: readonly MergedStructure[];
    }
  | { readonly type: 'reconnecting' }
  | { readonly type: 'connected' }
  /**
   * The event loop of this member stood still for `lagMs` milliseconds, 200 or more: its callers waited, and the
   * others' calls on what it is primary of. Much computing or a large collection of garbage does that. Clients
   * do not tell it.
   */
  | { readonly type: 'slow-loop'; readonly lagMs: number };
