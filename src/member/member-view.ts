/** What a member's own copy of the table says about the grid as a whole. */

import type { MemberId } from '../base/ids.ts';
import {
  copiesWanted,
  isEligible,
  isMoving,
  isServing,
  type MetaState,
  type PartitionRow,
} from '../partition/meta-state.ts';
import { votersWanted } from '../partition/voters.ts';
import type { RaftConfig } from '../wire/consensus-messages.ts';

/** Whether the grid is safe: the same question without the words, which is asked much more often. */
export function isSafe(
  state: MetaState,
  config: RaftConfig | undefined,
  isDoubtful: (id: MemberId) => boolean,
): boolean {
  if (config === undefined) return false;
  for (const member of state.members.values()) {
    if (member.status === 'joining' || (isServing(member) && isDoubtful(member.id))) return false;
  }
  if (state.merges.some(({ open }) => open.length > 0)) return false;
  return !hasUnsettled(state) && !isVoteOpen(state, config);
}

/**
 * What is still to come until the grid is safe; undefined where nothing is. Safe: every partition has all the
 * copies that the members allow, in sync on members that nobody doubts; nothing moves, and no vote
 * waits for a member that could take it. A member that is suspended counts for nothing here: its copies
 * have been made anew elsewhere.
 */
export function unsafeReason(
  state: MetaState,
  config: RaftConfig | undefined,
  isDoubtful: (id: MemberId) => boolean,
): string | undefined {
  if (config === undefined) return 'this member is in no cluster yet';
  for (const member of state.members.values()) {
    if (member.status === 'joining') return `${member.name} is joining`;
    if (isServing(member) && isDoubtful(member.id)) return `${member.name} does not answer`;
  }
  const open = state.merges.reduce((sum, merge) => sum + merge.open.length, 0);
  if (open > 0) return `${open} members still bring what they had in a lineage that was merged`;
  const unsettled = countUnsettled(state);
  if (unsettled > 0) return `${unsettled} partitions lack a copy or are moving`;
  return isVoteOpen(state, config) ? openVote(state, config) : undefined;
}

function openVote(state: MetaState, { voters }: RaftConfig): string {
  const gone = voters.filter((id) => !isServing(state.members.get(id))).length;
  return `${voters.length} of ${votersWanted(state)} voters are appointed, and ${gone} of them are gone`;
}

function hasUnsettled(state: MetaState): boolean {
  return state.groups.some((rows, backups) => {
    const wanted = copiesWanted(state, backups);
    return rows?.some((row) => !isSettled(state, row, wanted));
  });
}

function countUnsettled(state: MetaState): number {
  let unsettled = 0;
  for (const [backups, rows] of state.groups.entries()) {
    const wanted = copiesWanted(state, backups);
    for (const row of rows ?? []) if (!isSettled(state, row, wanted)) unsettled++;
  }
  return unsettled;
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
  const { primary, inSync } = row;
  if (primary === undefined || isMoving(row)) return false;
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
