/** Copies that begin and end, told from the rows of the table, and how far all of them are. */
import type { MemberId, PartitionId } from '../base/ids.ts';
import type { GridEvent, Member as MemberView } from '../grid.ts';
import type { MetaState, PartitionRow } from '../partition/meta-state.ts';
import { copiesToCome } from '../partition/placement.ts';

/** A copy on its way, as it was when it began. */
interface Migration {
  readonly learner: MemberId;
  readonly retiring: MemberId | undefined;
  readonly to: MemberView;
  readonly from: MemberView | undefined;
}

export class MigrationEvents {
  readonly #emit: (event: GridEvent) => void;
  readonly #underWay = new Map<PartitionId, Migration>();
  /** The index of the table at which progress was last looked at. */
  #lookedAt = 0;
  #made = 0;
  #left = 0;

  constructor(emit: (event: GridEvent) => void) {
    this.#emit = emit;
  }

  /** What is on its way now was not seen to begin. */
  reset(): void {
    this.#underWay.clear();
    this.#lookedAt = 0;
  }

  /** A row has changed. */
  observe(
    partition: PartitionId,
    row: PartitionRow,
    memberOf: (id: MemberId) => MemberView | undefined,
  ): void {
    const known = this.#underWay.get(partition);
    if (known !== undefined) {
      if (isOnItsWay(known, row)) return;
      this.#underWay.delete(partition);
      const isDone = row.inSync.includes(known.learner);
      this.#emit({ type: 'migration-finished', partition, ...membersOf(known), isDone });
    }
    const { learner, retiring } = row;
    const to = learner === undefined ? undefined : memberOf(learner);
    if (learner === undefined || to === undefined) return;
    const from = retiring === undefined ? undefined : memberOf(retiring);
    const migration = { learner, retiring, to, from };
    this.#underWay.set(partition, migration);
    this.#emit({ type: 'migration-started', partition, ...membersOf(migration) });
  }

  /** Tells how far copies are; a look at the whole table, so not at each change of it. */
  observeAll(state: MetaState): void {
    if (state.applied === this.#lookedAt) return;
    this.#lookedAt = state.applied;
    const left = copiesToCome(state);
    if (left === this.#left) return;
    this.#made += Math.max(0, this.#left - left);
    this.#left = left;
    this.#emit({ type: 'migration-progress', made: this.#made, left });
    if (left === 0) this.#made = 0;
  }
}

/** Whether the copy is being made, or is made and the one whose place it takes is still there. */
function isOnItsWay({ learner, retiring }: Migration, row: PartitionRow): boolean {
  if (row.learner === learner) return true;
  const isMade = row.learner === undefined && row.inSync.includes(learner);
  return isMade && retiring !== undefined && row.retiring === retiring;
}

function membersOf({ to, from }: Migration): { to: MemberView; from?: MemberView } {
  return from === undefined ? { to } : { to, from };
}
