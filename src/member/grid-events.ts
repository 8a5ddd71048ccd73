/**
 * What happens in the grid, told from the changes of this member's copy of the table and from what its
 * membership finds out.
 */

import { type Observable, Subject } from 'rxjs';
import type { MemberId, PartitionId } from '../base/ids.ts';
import { partitionIdOf } from '../base/partition-id.ts';
import type { GridEvent, Member as MemberView } from '../grid.ts';
import type { MergedStructure } from '../grid-merge.ts';
import type { MetaState, PartitionRow } from '../partition/meta-state.ts';
import { type Doubts, memberViews } from './member-views.ts';
import { MigrationEvents } from './migration-events.ts';

type RowBefore = Pick<PartitionRow, 'version' | 'primary' | 'generation'>;

export class GridEvents {
  readonly #subject = new Subject<GridEvent>();
  readonly events: Observable<GridEvent> = this.#subject.asObservable();
  readonly #migrations = new MigrationEvents((event) => this.emit(event));
  readonly #memberOf = (id: MemberId) => this.#members.get(id);
  #members = new Map<string, MemberView>();
  #rows = new Map<PartitionId, RowBefore>();
  /** Lineages whose members are bringing what they had. */
  #merging = new Set<string>();
  #wasSafe = false;
  /** How many partitions have no copy left. */
  lost = 0;
  /** How many began anew, empty, in the same step in which their last copy was given up. */
  begunAnew = 0;

  emit(event: GridEvent): void {
    this.#subject.next(event);
  }

  /** This process has gone on alone; what it could not take along is lost. */
  tellSplit(state: MetaState): void {
    const lost: number[] = [];
    state.groups.forEach((rows, backups) => {
      rows?.forEach(({ primary }, index) => {
        if (primary === undefined) lost.push(partitionIdOf(backups, index, rows.length));
      });
    });
    this.emit({ type: 'split', lineage: state.lineage.id, lost: lost.length });
    for (const partition of lost) this.emit({ type: 'partition-lost', partition });
  }

  /** A new identity looks at the table afresh; what it finds first is no news. */
  reset(): void {
    this.#rows = new Map();
    this.#migrations.reset();
    this.#merging = new Set();
    this.#wasSafe = false;
  }

  close(): void {
    this.#subject.complete();
  }

  /** Compares what is with what was, and tells the difference. */
  observe(state: MetaState, doubts: Doubts, isSafe: boolean): void {
    // A new identity knows nobody yet: those that it knew before have not gone.
    if (state.members.size === 0) return;
    this.#observeMembers(memberViews(state, doubts));
    this.#observeRows(state);
    this.#observeMerges(state);
    if (isSafe && !this.#wasSafe) this.emit({ type: 'safe' });
    this.#wasSafe = isSafe;
  }

  /** Tells how far copies are, to whoever listens. */
  observeProgress(state: MetaState): void {
    if (this.#subject.observed) this.#migrations.observeAll(state);
  }

  #observeMembers(views: readonly MemberView[]): void {
    const before = this.#members;
    this.#members = new Map(views.map((view) => [view.id, view]));
    for (const member of views) this.#tellMember(before.get(member.id), member);
    for (const member of before.values()) {
      if (this.#members.has(member.id) || member.state === 'joining') continue;
      const reason = member.state === 'leaving' ? 'left' : 'failed';
      this.emit({ type: 'member-left', member, reason });
    }
  }

  #tellMember(before: MemberView | undefined, member: MemberView): void {
    const wasOutside = before === undefined || before.state === 'joining';
    if (member.state === 'up' && wasOutside) this.emit({ type: 'member-joined', member });
    if (member.state === 'suspected' && before?.state === 'up') {
      this.emit({ type: 'member-suspected', member });
    }
  }

  #observeMerges(state: MetaState): void {
    const before = this.#merging;
    this.#merging = new Set();
    for (const { lineage, open, missing, report } of state.merges) {
      if (open.length > 0) this.#merging.add(lineage);
      else if (before.has(lineage)) this.#tellHealed(lineage, missing, report);
    }
  }

  #tellHealed(lineage: string, missing: number, structures: readonly MergedStructure[]): void {
    let kept = 0;
    let discarded = 0;
    for (const row of structures) {
      kept += row.kept;
      discarded += row.discarded;
    }
    this.emit({ type: 'healed', lineage, kept, discarded, missing, structures });
  }

  #observeRows(state: MetaState): void {
    let lost = 0;
    state.groups.forEach((rows, backups) => {
      rows?.forEach((row, index) => {
        const id = partitionIdOf(backups, index, rows.length);
        if (row.primary === undefined && row.generation > 0) lost++;
        this.#observeRow(id, row);
      });
    });
    this.lost = lost;
  }

  #observeRow(id: PartitionId, row: PartitionRow): void {
    const before = this.#rows.get(id);
    const { version, primary, generation } = row;
    if (before?.version === version) return;
    this.#rows.set(id, { version, primary, generation });
    if (before === undefined) return;
    if (before.primary !== undefined && generation > before.generation) {
      this.begunAnew++;
      this.emit({ type: 'partition-lost', partition: id });
    }
    if (primary !== before.primary) this.#tellPrimary(id, primary);
    this.#migrations.observe(id, row, this.#memberOf);
  }

  #tellPrimary(partition: PartitionId, primary: MemberId | undefined): void {
    const to = primary === undefined ? undefined : this.#members.get(primary);
    if (primary === undefined) this.emit({ type: 'partition-lost', partition });
    else if (to !== undefined) this.emit({ type: 'partition-moved', partition, to });
  }
}
