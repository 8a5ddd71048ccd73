/** The table as the client knows it: the newest that any member has told. */
import type { MemberId, PartitionId } from '../base/ids.ts';
import { partitionIdOf } from '../base/partition-id.ts';
import type { ClientTable } from '../wire/client-messages.ts';

export class KnownTable {
  #table: ClientTable | undefined;
  /** By partition, over all groups. */
  #primaries: (MemberId | undefined)[] = [];

  get latest(): ClientTable | undefined {
    return this.#table;
  }

  get partitions(): number {
    return this.#table?.partitions ?? 1;
  }

  /** Whether it is news. Of equally old tables only a trusted one is. All are of one lineage. */
  accept(table: ClientTable, isTrusted: boolean): boolean {
    const known = this.#table;
    if (known !== undefined) {
      if (table.index < known.index || (table.index === known.index && !isTrusted)) return false;
    }
    this.#table = table;
    this.#primaries = primariesOf(table);
    return true;
  }

  /** The next one is of another lineage. */
  forget(): void {
    this.#table = undefined;
    this.#primaries = [];
  }

  primaryOf(partition: PartitionId): MemberId | undefined {
    return this.#primaries[partition];
  }

  /** The members that are primaries, with their addresses. */
  primaries(): { readonly id: MemberId; readonly address: string }[] {
    const table = this.#table;
    if (table === undefined) return [];
    const places = new Set(table.groups.flatMap(({ primaries }) => primaries));
    return table.members.filter((_, index) => places.has(index + 1));
  }
}

function primariesOf({ groups, members, partitions }: ClientTable): (MemberId | undefined)[] {
  const most = groups.reduce((max, { backups }) => Math.max(max, backups), 0);
  const known = new Array<MemberId | undefined>((most + 1) * partitions).fill(undefined);
  for (const { backups, primaries } of groups) {
    primaries.forEach((place, index) => {
      known[partitionIdOf(backups, index, partitions)] = members[place - 1]?.id;
    });
  }
  return known;
}
