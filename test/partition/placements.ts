/** Carries plans out as primaries would, on a table alone, and counts what members hold. */
import { expect } from 'chai';
import type { MemberId, PartitionId } from '../../src/base/ids.ts';
import { copiesWanted, type PartitionRow } from '../../src/partition/meta-state.ts';
import { type PlacementOptions, plan } from '../../src/partition/placement.ts';
import type { Table } from './table.ts';

export function planned(options: Partial<PlacementOptions> = {}): PlacementOptions {
  return {
    slow: new Set(),
    mayMove: true,
    mayHandOver: true,
    copiesMax: 4,
    isOverdue: () => false,
    hasFailed: () => false,
    ...options,
  };
}

/** Plans and does what is planned until nothing is planned any more; how many copies were made. */
export function level(table: Table, options: Partial<PlacementOptions> = {}): number {
  // Primaries let those go that are one too many, whether or not anything is planned.
  let copies = follow(table);
  for (let turn = 0; turn < 5_000; turn++) {
    const changes = plan(table.machine, planned(options));
    if (changes.length === 0) return copies;
    const before = table.rows.map(({ inSync }) => inSync.length);
    table.apply({ type: 'assign', changes });
    expect(table.rows.filter((row) => isLevelling(table, row)).length).to.be.at.most(2);
    copies += follow(table);
    for (const [index, { inSync }] of table.rows.entries()) {
      const wanted = copiesWanted(table.machine, table.settings.backups);
      expect(inSync.length, 'copies of a row').to.be.at.least(Math.min(before[index] ?? 0, wanted));
    }
  }
  throw new Error('the plan has no end');
}

/** Whether a primary is handed over that does not leave. */
function isLevelling(table: Table, { primary, transferTo }: PartitionRow): boolean {
  if (transferTo === undefined || primary === undefined) return false;
  return table.machine.members.get(primary)?.status === 'up';
}

/** What primaries do: grow by the learner, hand over, prune the spare. How many grew. */
export function follow(table: Table, only?: PartitionId): number {
  let copies = 0;
  for (let index = 0; index < table.rows.length; index++) {
    if (only !== undefined && table.id(index) !== only) continue;
    const { learner, inSync } = table.row(index);
    if (learner !== undefined) {
      expect(inSync, 'no second copy on one member').to.not.include(learner);
      table.alter([...inSync, learner], index);
      copies++;
    }
    const { transferTo } = table.row(index);
    if (transferTo !== undefined) table.handover(transferTo, index);
    prune(table, index);
  }
  return copies;
}

/** Who is one too many: who retires or goes, as in `SyncSet`. */
function prune(table: Table, index: number): void {
  const { inSync, primary, retiring, learner, transferTo } = table.row(index);
  if (learner !== undefined || transferTo !== undefined) return;
  const isStaying = (id: MemberId) =>
    table.machine.members.get(id)?.status === 'up' && id !== retiring;
  const wanted = copiesWanted(table.machine, table.settings.backups);
  if (inSync.filter(isStaying).length < wanted) return;
  const going = inSync.find((id) => id !== primary && !isStaying(id));
  if (going !== undefined)
    table.alter(
      inSync.filter((id) => id !== going),
      index,
    );
}

export function share(table: Table, of: 'copies' | 'primaries'): number[] {
  return [...table.machine.members.keys()].map((id) =>
    table.rows.reduce((sum, { inSync, primary }) => {
      const holds = of === 'copies' ? inSync.includes(id) : primary === id;
      return sum + (holds ? 1 : 0);
    }, 0),
  );
}

export function spread(counts: readonly number[]): number {
  return counts.length === 0 ? 0 : Math.max(...counts) - Math.min(...counts);
}
