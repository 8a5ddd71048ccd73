/** What happens in the grid, told from one table of the client to the next. */
import { type Observable, Subject } from 'rxjs';
import type { GridEvent, Member } from '../grid.ts';
import type { ClientMember, ClientTable } from '../wire/client-messages.ts';

export function memberOf({ id, name, address, zone, state }: ClientMember): Member {
  return { id, name, address, zone: zone === '' ? undefined : zone, state };
}

export class ClientEvents {
  readonly #subject = new Subject<GridEvent>();
  readonly events: Observable<GridEvent> = this.#subject.asObservable();

  emit(event: GridEvent): void {
    this.#subject.next(event);
  }

  close(): void {
    this.#subject.complete();
  }

  /** Tells the difference; the first table is no news. */
  changed(before: ClientTable | undefined, after: ClientTable): void {
    if (before === undefined) return;
    const old = new Map(before.members.map((member) => [member.id, member]));
    const current = new Map(after.members.map((member) => [member.id, member]));
    for (const member of after.members) this.#tellMember(old.get(member.id), member);
    for (const [id, member] of old) {
      if (current.has(id) || member.state === 'joining') continue;
      const reason = member.state === 'leaving' ? 'left' : 'failed';
      this.emit({ type: 'member-left', member: memberOf(member), reason });
    }
    this.#tellPrimaries(before, after);
    if (after.isSafe && !before.isSafe) this.emit({ type: 'safe' });
  }

  #tellMember(before: ClientMember | undefined, after: ClientMember): void {
    const wasOutside = before === undefined || before.state === 'joining';
    const member = memberOf(after);
    if (after.state === 'up' && wasOutside) this.emit({ type: 'member-joined', member });
    if (after.state === 'suspected' && before?.state === 'up') {
      this.emit({ type: 'member-suspected', member });
    }
  }

  #tellPrimaries(before: ClientTable, after: ClientTable): void {
    for (const { backups, primaries, generations } of after.groups) {
      const old = before.groups.find((group) => group.backups === backups);
      if (old === undefined) continue;
      primaries.forEach((place, index) => {
        const partition = backups * after.partitions + index;
        const to = after.members[place - 1];
        const from = before.members[(old.primaries[index] ?? 0) - 1];
        // It may have lost its copies and begun anew within one step.
        const hasBegun = (generations[index] ?? 0) > (old.generations[index] ?? 0);
        const isLost = from !== undefined && (to === undefined || hasBegun);
        if (isLost) this.emit({ type: 'partition-lost', partition });
        if (to !== undefined && to.id !== from?.id) {
          this.emit({ type: 'partition-moved', partition, to: memberOf(to) });
        }
      });
    }
  }
}
