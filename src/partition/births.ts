/**
 * Who holds a partition that is born: as placement would have it, so that nothing has to move afterwards, and
 * paired with as many others as there are, so that the load of one that dies is shared by all.
 */
import type { MemberId } from '../base/ids.ts';
import type { Layout, Place } from './layout.ts';
import { levelPrimaries } from './levelling.ts';
import type { MetaState, PartitionRow } from './meta-state.ts';

/** What was defined while nobody could hold it has nothing that could be lost. */
export function mayBear({ settings }: MetaState, { generation }: PartitionRow): boolean {
  return settings?.onPartitionLost === 'recreate' || generation === 0;
}

/** Gives places that have no copies yet theirs, and notes it in the layout. */
export function settle(layout: Layout, places: readonly Place[]): void {
  for (const place of places) {
    const holders = copiesFor(layout, place);
    for (const id of holders) layout.copies.add(id, 1);
    place.holders = holders;
    place.primary = layout.primaries.emptiest(holders);
    place.isAtRest = true;
    if (place.primary !== undefined) layout.primaries.add(place.primary, 1);
  }
  // One after the other they come out almost level.
  if (places.length > 1) levelPrimaries(layout, places.length);
}

/** The emptiest members, in distinct domains where that can be. */
function copiesFor(layout: Layout, { partition }: Place): MemberId[] {
  const { copies, domains, wanted, eligible, places } = layout;
  const candidates = turned(eligible, partition % places.length);
  const chosen: MemberId[] = [];
  const isFree = (id: MemberId) => !chosen.includes(id);
  const isApart = (id: MemberId) => isFree(id) && !domains.isShared(id, chosen);
  while (chosen.length < wanted) {
    const next = copies.emptiest(candidates, isApart) ?? copies.emptiest(candidates, isFree);
    if (next === undefined) break;
    chosen.push(next);
  }
  return candidates.filter((id) => chosen.includes(id));
}

/** The members in another order for each partition: each begins as often, and has every other next to it. */
function turned(members: readonly MemberId[], index: number): MemberId[] {
  const count = members.length;
  let stride = 1 + (Math.floor(index / Math.max(1, count)) % Math.max(1, count - 1));
  while (!areCoprime(stride, count)) stride++;
  return members.map((_, at) => members[(index + at * stride) % count] as MemberId);
}

function areCoprime(left: number, right: number): boolean {
  return right === 0 ? left === 1 : areCoprime(right, left % right);
}
