/**
 * Kills a process at one step by which a copy takes the place of another (PROTOCOL.md 3.4). The trap is set in all
 * members; it springs in the one that takes the step, which kills whoever it is set for, itself perhaps.
 */
import { closeSync, openSync } from 'node:fs';
import type { MemberId, PartitionId } from '../../src/base/ids.ts';
import { partitionIdOf } from '../../src/base/partition-id.ts';
import type { LocalView, PartitionSummary } from '../../src/member/local-view.ts';
import type { MoveStep } from '../../src/partition/move-steps.ts';

export const roles = ['leader', 'primary', 'learner', 'backup'] as const;
type Role = (typeof roles)[number];

export interface Trap {
  readonly step: MoveStep;
  readonly when: 'before' | 'after';
  readonly role: Role;
}

/** What a trap is set for, and where it finds its victim. */
export interface TrapOrder {
  readonly trap: Trap | undefined;
  /** The processes of members, by the members' names. */
  readonly pids: Readonly<Record<string, number>>;
  /** A file that is not there: whoever makes it is the one in which the trap springs. */
  readonly lock: string;
}

/** Who has a part in a move. */
type Cast = Readonly<Record<Role, MemberId | undefined>>;

export class SetTrap {
  readonly #view: () => LocalView | undefined;
  /** Told right before somebody is killed. */
  readonly #onSprung: (victim: string) => void;
  /** As they were while the learner was one: later rows no longer say so. */
  readonly #casts = new Map<PartitionId, Cast>();
  #order: TrapOrder = { trap: undefined, pids: {}, lock: '' };

  constructor(view: () => LocalView | undefined, onSprung: (victim: string) => void) {
    this.#view = view;
    this.#onSprung = onSprung;
  }

  set(order: TrapOrder): void {
    this.#order = order;
    this.#casts.clear();
  }

  readonly beforeStep = (step: MoveStep, partition: PartitionId): void => {
    const { trap, pids, lock } = this.#order;
    if (trap === undefined) return;
    const cast = this.#castOf(partition);
    const victim = trap.step === step ? cast?.[trap.role]?.split('#')[0] : undefined;
    const pid = victim === undefined ? undefined : pids[victim];
    if (victim === undefined || pid === undefined) return;
    this.#order = { trap: undefined, pids, lock };
    if (!isFirst(lock)) return;
    this.#onSprung(victim);
    const kill = () => process.kill(pid, 'SIGKILL');
    // By then the turn of the step is over, and what it said is on its way.
    if (trap.when === 'before') kill();
    else setImmediate(kill);
  };

  #castOf(partition: PartitionId): Cast | undefined {
    const row = this.#rowOf(partition);
    if (row === undefined) return undefined;
    if (row.learner === undefined) return this.#casts.get(partition) ?? this.#castAtEnd(row);
    const cast = this.#cast(row, row.learner);
    this.#casts.set(partition, cast);
    return cast;
  }

  /** Who came in last was the learner. */
  #castAtEnd(row: PartitionSummary): Cast {
    return this.#cast(row, row.inSync.at(-1));
  }

  #cast({ primary, inSync }: PartitionSummary, learner: string | undefined): Cast {
    const backup = inSync.find((id) => id !== primary && id !== learner);
    const cast = { leader: this.#view()?.leader, primary, learner, backup };
    return cast as Cast;
  }

  #rowOf(partition: PartitionId): PartitionSummary | undefined {
    const rows = this.#view()?.partitions() ?? [];
    return rows.find((row) => {
      const perGroup = rows.filter(({ backups }) => backups === row.backups).length;
      return partitionIdOf(row.backups, row.partition, perGroup) === partition;
    });
  }
}

function isFirst(lock: string): boolean {
  try {
    closeSync(openSync(lock, 'wx'));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}
