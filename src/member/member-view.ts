/** What a member's own copy of the table says about the grid as a whole. */

import type { MemberId } from '../base/ids.ts';
import {
  copiesWanted,
  isEligible,
  isServing,
  type MetaState,
  type PartitionRow,
} from '../partition/meta-state.ts';
import { votersWanted } from '../partition/voters.ts';
import type { RaftConfig } from '../wire/consensus-messages.ts';

/**
 * Every partition has all the copies that the members allow, in sync on members that nobody doubts;
 * nothing moves, and no vote waits for a member that could take it. A member that is suspended counts
 * for nothing here: its copies have been made anew elsewhere.
 */
export function isSafe(
  state: MetaState,
  config: RaftConfig,
  isDoubtful: (id: MemberId) => boolean,
): boolean {
  for (const member of state.members.values()) {
    if (member.status === 'joining') return false;
    if (isServing(member) && isDoubtful(member.id)) return false;
  }
  if (isVoteOpen(state, config)) return false;
  return state.groups.every((rows, backups) => {
    const wanted = copiesWanted(state, backups);
    return rows === undefined || rows.every((row) => isSettled(state, row, wanted));
  });
}

/** Whether a seat among the voters is empty or held by one that is gone, and another could have it. */
function isVoteOpen(state: MetaState, { voters }: RaftConfig): boolean {
  const hasCandidate = [...state.members.values()].some(
    (member) => isEligible(member) && !voters.includes(member.id),
  );
  if (!hasCandidate) return false;
  const isHeld = (id: MemberId) => isServing(state.members.get(id));
  return voters.length < votersWanted(state) || !voters.every(isHeld);
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
