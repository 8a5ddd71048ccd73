/** The table as clients get it: members with their addresses, and the primary of every partition. */
import type { MemberId } from '../base/ids.ts';
import type { MetaState } from '../partition/meta-state.ts';
import type { ClientGroup, ClientTable } from '../wire/client-messages.ts';
import { type Doubts, memberViews } from './member-views.ts';

/** Undefined where this member is in no cluster yet. */
export function clientTable(
  state: MetaState,
  doubts: Doubts,
  isSafe: boolean,
): ClientTable | undefined {
  const { settings, clusterId, applied } = state;
  if (settings === undefined) return undefined;
  const members = memberViews(state, doubts).map(({ id, name, address, zone, state: is }) => ({
    id: id as MemberId,
    name,
    address,
    zone: zone ?? '',
    state: is,
  }));
  const places = new Map(members.map(({ id }, index) => [id, index + 1]));
  const groups: ClientGroup[] = [];
  state.groups.forEach((rows, backups) => {
    if (rows === undefined) return;
    const primaries = rows.map(({ primary }) => (primary && places.get(primary)) ?? 0);
    groups.push({ backups, primaries, generations: rows.map(({ generation }) => generation) });
  });
  const { partitions } = settings;
  const cluster = clusterId;
  return { kind: 'client.table', cluster, index: applied, partitions, isSafe, members, groups };
}

/** What a table says, without when it said so. */
export function wordsOf({ cluster, partitions, isSafe, members, groups }: ClientTable): string {
  return JSON.stringify([cluster, partitions, isSafe, members, groups]);
}
