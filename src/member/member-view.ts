/** What a member's own copy of the table says about the grid as a whole. */

import type { MemberId } from '../base/ids.ts';
import {
  copiesWanted,
  isServing,
  type MetaState,
  type PartitionRow,
} from '../partition/meta-state.ts';
import { votersWanted } from '../partition/voters.ts';
import type { RaftConfig } from '../wire/consensus-messages.ts';

/**
 * Every partition has all its copies in sync on members that nobody doubts, nothing moves, and the voters
 * are whole: one more member can be lost.
 */
export function isSafe(
  state: MetaState,
  config: RaftConfig,
  isDoubtful: (id: MemberId) => boolean,
): boolean {
  if (config.voters.length !== votersWanted(state)) return false;
  if (!config.voters.every((id) => isServing(state.members.get(id)))) return false;
  for (const member of state.members.values()) {
    // A suspended member may come back or not: what counts is that the copies are complete without it.
    if (member.status === 'suspended') continue;
    if (!isServing(member) || isDoubtful(member.id)) return false;
  }
  return state.groups.every((rows, backups) => {
    const wanted = copiesWanted(state, backups);
    return rows === undefined || rows.every((row) => isSettled(state, row, wanted));
  });
}

function isSettled(state: MetaState, row: PartitionRow, wanted: number): boolean {
  const { primary, inSync, learner, transferTo } = row;
  if (primary === undefined || learner !== undefined || transferTo !== undefined) return false;
  if (inSync.length !== wanted) return false;
  return inSync.every((id) => isServing(state.members.get(id)));
}

/** How many partitions still count on a member. */
export function heldBy(state: MetaState, id: MemberId): number {
  let held = 0;
  for (const rows of state.groups) {
    for (const row of rows ?? []) {
      if (row.primary === id || row.learner === id || row.inSync.includes(id)) held++;
    }
  }
  return held;
}
