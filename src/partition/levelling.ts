/**
 * The moves that level a group: copies into distinct domains first, then the same number of copies for everybody
 * by weight, then the same number of primaries (PROTOCOL.md 3.5).
 *
 * Rules
 * 1. A copy moves for its domain, or from one that holds more than its share to one that holds less: so as few
 *    move as can, and levelling a level group moves nothing.
 * 2. Where no copy may go from the fullest to the emptiest, it goes by way of others that are as full after it
 *    as before.
 * 3. Primaries move by handovers among members in sync alone. Where copies are level these suffice: each
 *    member has its share of the copies, so by halves or thirds of each it could have its share of primaries,
 *    and what can be shared in fractions can be shared in wholes within one.
 */
import type { MemberId } from '../base/ids.ts';
import type { Layout, Place } from './layout.ts';
import { type Move, nextPath, type Way } from './paths.ts';

/** The moves of copies that a level group needs, in their order. Each is noted in the layout as done. */
export function* levelCopies(layout: Layout): Generator<Move, void> {
  for (const place of layout.places) {
    const move = moveApart(layout, place);
    if (move === undefined) continue;
    moveCopy(layout, move);
    yield move;
  }
  const held = placesByHolder(layout);
  const way: Way = (from, to) => wayOfCopy(layout, held.get(from) ?? [], from, to);
  for (;;) {
    const path = nextPath(layout.eligible, layout.copies, way);
    if (path.length === 0) return;
    for (const move of path) moveCopy(layout, move);
    yield* path;
  }
}

/** At most `movesMax` handovers towards level primaries, noted in the layout as done. */
export function levelPrimaries(layout: Layout, movesMax: number): Move[] {
  const moves: Move[] = [];
  const ways = waysOfPrimaries(layout);
  const way: Way = (from, to) =>
    ways
      .get(from)
      ?.get(to)
      ?.find(({ isAtRest, primary }) => isAtRest && primary === from);
  while (moves.length < movesMax) {
    const path = nextPath(layout.eligible, layout.primaries, way);
    if (path.length === 0) return moves;
    // A part of a way, its end first, makes nothing worse.
    for (const move of path.slice(0, movesMax - moves.length)) {
      moves.push(move);
      layout.primaries.shift(move.from, move.to);
      move.place.primary = move.to;
      move.place.isAtRest = false;
    }
  }
  return moves;
}

function moveCopy(layout: Layout, { place, from, to }: Move): void {
  layout.copies.shift(from, to);
  place.holders = [...place.holders.filter((id) => id !== from), to];
  place.isAtRest = false;
  if (place.primary !== from) return;
  layout.primaries.shift(from, to);
  place.primary = to;
}

/** Where two copies share a domain though they need not: one of them goes to a domain that has none. */
function moveApart(layout: Layout, place: Place): Move | undefined {
  const { holders, isAtRest, row } = place;
  if (!isAtRest) return undefined;
  const crowded = holders.filter((id) => layout.domains.isShared(id, holders));
  const backups = crowded.filter((id) => id !== row.primary);
  const from = layout.copies.fullest(backups);
  if (from === undefined) return undefined;
  const staying = holders.filter((id) => id !== from);
  const to = layout.copies.emptiest(layout.eligible, (id) => layout.mayHold(id, row, staying));
  return to === undefined ? undefined : { place, from, to };
}

/** A copy that may go from one member to the other; rather a backup, which needs no handover. */
function wayOfCopy(
  layout: Layout,
  places: readonly Place[],
  from: MemberId,
  to: MemberId,
): Place | undefined {
  let primary: Place | undefined;
  for (const place of places) {
    if (!place.isAtRest) continue;
    const staying = place.holders.filter((id) => id !== from);
    if (!layout.mayHold(to, place.row, staying)) continue;
    if (place.primary !== from) return place;
    primary ??= place;
  }
  return primary;
}

function placesByHolder({ places }: Layout): Map<MemberId, Place[]> {
  const held = new Map<MemberId, Place[]>();
  for (const place of places) {
    if (!place.isAtRest) continue;
    for (const id of place.holders) listOf(held, id).push(place);
  }
  return held;
}

/** From whom to whom a primary may pass, and by which places. */
function waysOfPrimaries(layout: Layout): Map<MemberId, Map<MemberId, Place[]>> {
  const ways = new Map<MemberId, Map<MemberId, Place[]>>();
  for (const place of layout.places) {
    const { primary, holders, isAtRest } = place;
    if (!isAtRest || primary === undefined) continue;
    const from = ways.get(primary) ?? new Map<MemberId, Place[]>();
    ways.set(primary, from);
    for (const id of holders) if (id !== primary) listOf(from, id).push(place);
  }
  return ways;
}

function listOf(lists: Map<MemberId, Place[]>, id: MemberId): Place[] {
  const list = lists.get(id) ?? [];
  lists.set(id, list);
  return list;
}
