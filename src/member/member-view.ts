/** What a member's own copy of the table says about the grid as a whole. */

import type { MemberId } from '../base/ids.ts';
import {
  copiesWanted,
  isEligible,
  isHeldBy,
  isMoving,
  isServing,
  type MetaState,
  type PartitionRow,
} from '../partition/meta-state.ts';
import { votersWanted } from '../partition/voters.ts';
import type { RaftConfig } from '../wire/consensus-messages.ts';

type Hindrance =
  | { readonly kind: 'no-cluster' | 'unsettled' }
  | { readonly kind: 'joining' | 'mute'; readonly name: string }
  | { readonly kind: 'merging'; readonly members: number }
  | { readonly kind: 'open-vote'; readonly config: RaftConfig };

const noCluster: Hindrance = { kind: 'no-cluster' };
const unsettled: Hindrance = { kind: 'unsettled' };

/** Whether the grid is safe, which is asked much more often than why not. */
export function isSafe(
  state: MetaState,
  config: RaftConfig | undefined,
  isDoubtful: (id: MemberId) => boolean,
): boolean {
  return hindranceOf(state, config, isDoubtful) === undefined;
}

/** What is still to come until the grid is safe; undefined where nothing is. */
export function unsafeReason(
  state: MetaState,
  config: RaftConfig | undefined,
  isDoubtful: (id: MemberId) => boolean,
): string | undefined {
  const hindrance = hindranceOf(state, config, isDoubtful);
  switch (hindrance?.kind) {
    case undefined:
      return undefined;
    case 'no-cluster':
      return 'this member is in no cluster yet';
    case 'joining':
      return `${hindrance.name} is joining`;
    case 'mute':
      return `${hindrance.name} does not answer`;
    case 'merging':
      return `${hindrance.members} members still bring what they had in a lineage that was merged`;
    case 'unsettled':
      return `${countUnsettled(state)} partitions lack a copy or are moving`;
    case 'open-vote':
      return votesIn(state, hindrance.config);
  }
}

/**
 * What stands in the way first. Safe: every partition has all the copies that the members allow, in sync on
 * members that nobody doubts; nothing moves, and no vote waits for a member that could take it. A member that
 * is suspended counts for nothing here: its copies have been made anew elsewhere. Nor does one that fell silent
 * before it had joined: it holds nothing.
 */
function hindranceOf(
  state: MetaState,
  config: RaftConfig | undefined,
  isDoubtful: (id: MemberId) => boolean,
): Hindrance | undefined {
  // The voters are known before the members: a safe grid has some.
  if (config === undefined || state.members.size === 0) return noCluster;
  for (const member of state.members.values()) {
    const { id, name, status } = member;
    const isMute = isDoubtful(id);
    if (status === 'joining' && !isMute) return { kind: 'joining', name };
    if (isServing(member) && isMute) return { kind: 'mute', name };
  }
  const members = state.merges.reduce((sum, { open }) => sum + open.length, 0);
  if (members > 0) return { kind: 'merging', members };
  if (hasUnsettled(state)) return unsettled;
  return isVoteOpen(state, config) ? { kind: 'open-vote', config } : undefined;
}

function votesIn(state: MetaState, { voters }: RaftConfig): string {
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
    for (const row of rows ?? []) if (isHeldBy(row, id)) held++;
  }
  return held;
}
