/**
 * From one that holds too much to one that holds too little, directly or by way of others that hold as much
 * afterwards as before.
 */
import type { MemberId } from '../base/ids.ts';
import type { Place } from './layout.ts';
import type { Loads } from './loads.ts';

export interface Move {
  readonly place: Place;
  readonly from: MemberId;
  readonly to: MemberId;
}

/** Gives the place by which something can pass from one member to another. */
export type Way = (from: MemberId, to: MemberId) => Place | undefined;

/**
 * The shortest way that makes the loads more level, from the fullest that has one; empty where none is left. Its
 * last step comes first, so that nobody holds more than before on the way.
 */
export function nextPath(members: readonly MemberId[], loads: Loads, way: Way): readonly Move[] {
  const fullest = loads.fullest(members);
  const emptiest = loads.emptiest(members);
  if (fullest === undefined || emptiest === undefined) return [];
  if (!loads.isWorthMoving(fullest, emptiest)) return [];
  const direct = way(fullest, emptiest);
  if (direct !== undefined) return [{ place: direct, from: fullest, to: emptiest }];
  const byNeed = [...members].sort((left, right) => loads.full(right) - loads.full(left));
  for (const from of byNeed) {
    if (!loads.isWorthMoving(from, emptiest)) return [];
    const path = pathFrom(from, members, loads, way);
    if (path.length > 0) return path;
  }
  return [];
}

function pathFrom(
  source: MemberId,
  members: readonly MemberId[],
  loads: Loads,
  way: Way,
): readonly Move[] {
  const byRoom = [...members].sort((left, right) => loads.room(left) - loads.room(right));
  const cameBy = new Map<MemberId, Move>();
  const isNew = (id: MemberId) => id !== source && !cameBy.has(id);
  const queue = [source];
  for (const from of queue) {
    for (const to of byRoom.filter(isNew)) {
      const place = way(from, to);
      if (place === undefined) continue;
      cameBy.set(to, { place, from, to });
      if (loads.isWorthMoving(source, to)) return pathTo(to, source, cameBy);
      queue.push(to);
    }
  }
  return [];
}

function pathTo(end: MemberId, source: MemberId, cameBy: ReadonlyMap<MemberId, Move>): Move[] {
  const path: Move[] = [];
  let at = end;
  while (at !== source) {
    const move = cameBy.get(at);
    if (move === undefined) break;
    path.push(move);
    at = move.from;
  }
  // Each step was looked at alone: two in one place might not be right together.
  const places = new Set(path.map(({ place }) => place));
  return places.size === path.length ? path : [];
}
