/**
 * Which members vote in the meta group: one change at a time, as single-server changes need it
 * (PROTOCOL.md 2.2, rule 0.3).
 *
 * Rule: as many as the largest odd number up to five that the members allow; the oldest first. A
 * crash never lowers the number below three: a cluster of three that lost one goes on needing two.
 */
import type { MemberId } from '../base/ids.ts';
import type { RaftConfig } from '../wire/consensus-messages.ts';
import type { MemberRow, MetaState } from './meta-state.ts';

export interface VoterChange {
  readonly kind: 'add-learner' | 'promote' | 'demote' | 'remove';
  readonly member: MemberId;
}

const votersMax = 5;

/** The next change of the group's config, or undefined where it is as it should be. */
export function nextVoterChange(
  state: MetaState,
  config: RaftConfig,
  isLongGone: (id: MemberId) => boolean,
): VoterChange | undefined {
  const stranger = newcomer(state, config);
  if (stranger !== undefined) return { kind: 'add-learner', member: stranger };
  const present = config.voters.filter((id) => isPresent(state.members.get(id)));
  const gone = config.voters.filter((id) => !state.members.has(id) || isLongGone(id));
  const leaving = config.voters.filter((id) => state.members.get(id)?.status === 'leaving');
  const target = votersWanted(state);
  const candidate = oldestCandidate(state, config);
  // The dead give up their seat before another takes it: with both in the config a further death, not
  // noticed yet, could leave the living without a majority for ever.
  if (gone[0] !== undefined && candidate !== undefined) return { kind: 'demote', member: gone[0] };
  if (candidate !== undefined && present.length < target) {
    return { kind: 'promote', member: candidate };
  }
  if (leaving[0] !== undefined) return { kind: 'demote', member: leaving[0] };
  const floor = gone.length > 0 ? Math.max(target, 3) : target;
  if (config.voters.length > floor) {
    const member = gone[0] ?? youngest(state, present);
    if (member !== undefined) return { kind: 'demote', member };
  }
  const departed = config.learners.find((id) => !state.members.has(id));
  return departed === undefined ? undefined : { kind: 'remove', member: departed };
}

/** The largest odd number up to five of the data members that stay. */
export function votersWanted(state: MetaState): number {
  let staying = 0;
  for (const member of state.members.values()) {
    if (member.data && member.status !== 'leaving') staying++;
  }
  const most = Math.max(1, Math.min(staying, votersMax));
  return most % 2 === 1 ? most : most - 1;
}

function isPresent(member: MemberRow | undefined): boolean {
  return member !== undefined && member.status !== 'leaving';
}

function newcomer(state: MetaState, config: RaftConfig): MemberId | undefined {
  for (const id of state.members.keys()) {
    if (!config.voters.includes(id) && !config.learners.includes(id)) return id;
  }
  return undefined;
}

function oldestCandidate(state: MetaState, config: RaftConfig): MemberId | undefined {
  let oldest: MemberRow | undefined;
  for (const member of state.members.values()) {
    if (!member.data || member.status !== 'up' || !config.learners.includes(member.id)) continue;
    if (oldest === undefined || member.joinedAt < oldest.joinedAt) oldest = member;
  }
  return oldest?.id;
}

function youngest(state: MetaState, ids: readonly MemberId[]): MemberId | undefined {
  let youngestRow: MemberRow | undefined;
  for (const id of ids) {
    const member = state.members.get(id);
    if (member === undefined) continue;
    if (youngestRow === undefined || member.joinedAt > youngestRow.joinedAt) youngestRow = member;
  }
  return youngestRow?.id;
}
