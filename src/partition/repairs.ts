/**
 * Who takes the copies that are missing, planned for all of a group together: one after the other they would go
 * to the emptiest, and the last of them would find only those who have one already.
 */
import type { MemberId } from '../base/ids.ts';
import type { Layout, Place } from './layout.ts';
import { nextPath } from './paths.ts';

/** Whether a copy from one member to another was given up not long ago. */
type HasFailed = (source: MemberId, learner: MemberId) => boolean;

/** The learner of each place, noted in the layout; places are left out where nobody may take a copy. */
export function planRepairs(
  layout: Layout,
  places: readonly Place[],
  hasFailed: HasFailed,
): Map<Place, MemberId> {
  const learners = new Map<Place, MemberId>();
  for (const place of places) {
    const learner = learnerFor(layout, place, hasFailed);
    if (learner === undefined) continue;
    learners.set(place, learner);
    layout.copies.add(learner, 1);
    place.holders = [...place.holders, learner];
    place.isAtRest = false;
  }
  const way = (from: MemberId, to: MemberId) => wayOfRepair(layout, learners, hasFailed, from, to);
  for (;;) {
    const path = nextPath(layout.eligible, layout.copies, way);
    if (path.length === 0) return learners;
    for (const { place, from, to } of path) {
      learners.set(place, to);
      layout.copies.shift(from, to);
      place.holders = [...place.holders.filter((id) => id !== from), to];
    }
  }
}

/** In a domain that has none, where there is one; who has failed last. */
function learnerFor(
  layout: Layout,
  { row, holders }: Place,
  hasFailed: HasFailed,
): MemberId | undefined {
  const { copies, eligible } = layout;
  const isFree = (id: MemberId) => !row.inSync.includes(id);
  const { primary } = row;
  const isFresh = (id: MemberId) =>
    isFree(id) && (primary === undefined || !hasFailed(primary, id));
  const isApart = (id: MemberId) => isFresh(id) && layout.mayHold(id, row, holders);
  return (
    copies.emptiest(eligible, isApart) ??
    copies.emptiest(eligible, isFresh) ??
    copies.emptiest(eligible, isFree)
  );
}

/** A copy that was to go to one member and may as well go to the other. */
function wayOfRepair(
  layout: Layout,
  learners: ReadonlyMap<Place, MemberId>,
  hasFailed: HasFailed,
  from: MemberId,
  to: MemberId,
): Place | undefined {
  for (const [place, learner] of learners) {
    const { primary } = place.row;
    if (learner !== from || (primary !== undefined && hasFailed(primary, to))) continue;
    const staying = place.holders.filter((id) => id !== from);
    if (layout.mayHold(to, place.row, staying)) return place;
  }
  return undefined;
}
