/**
 * Which members vote in the meta group: one change at a time, and one voter a change where more than one votes
 * (PROTOCOL.md 2.2, rule 0.3).
 *
 * Rules
 * 1. As many as the largest odd number up to five that the members allow; the oldest first.
 * 2. Below three only while a member leaves in peace: after a crash the others go on needing what they
 *    needed before.
 * 3. The dead give up their seat before another takes it.
 * 4. Who leaves as one of three or more keeps its vote until it has handed over what it holds: as long as it has
 *    the other copy of something, the death of another shall not stop those who are left.
 * 5. One voter becomes three at once: two need each other, and a death in between would stop all of them.
 */
import type { MemberId } from '../base/ids.ts';
import type { ConfigChange } from '../consensus/config.ts';
import type { RaftConfig } from '../wire/consensus-messages.ts';
import {
  holdsNothing,
  isEligible,
  isServing,
  type MemberRow,
  type MetaState,
} from './meta-state.ts';

const votersMax = 5;

/** What the leader sees of voters' lives. */
export interface Vitals {
  readonly leader: MemberId;
  /** Suspended for so long that another may take its seat. */
  isLongGone(id: MemberId): boolean;
  /** Heard from within the last heartbeats. */
  isFresh(id: MemberId): boolean;
}

/** The next change of the group's config, or undefined where it is as it should be. */
export function nextVoterChange(
  state: MetaState,
  config: RaftConfig,
  vitals: Vitals,
): ConfigChange | undefined {
  const stranger = newcomer(state, config);
  if (stranger !== undefined) return { kind: 'add-learner', member: stranger };
  const departed = config.learners.find((id) => !state.members.has(id));
  return (
    changeOfVoters(state, config, vitals) ??
    (departed === undefined ? undefined : { kind: 'remove', member: departed })
  );
}

function changeOfVoters(
  state: MetaState,
  config: RaftConfig,
  vitals: Vitals,
): ConfigChange | undefined {
  const { voters } = config;
  const dead = voters.filter((id) => !state.members.has(id));
  const gone = [...dead, ...voters.filter((id) => vitals.isLongGone(id))];
  const leaving = voters.filter((id) => state.members.get(id)?.status === 'leaving');
  // One voter alone, or two, gain nothing by waiting: who stays is needed less when it decides alone.
  const relieved = leaving.filter((id) => voters.length < 3 || holdsNothing(state, id));
  const present = voters.filter((id) => isPresent(state.members.get(id)));
  const target = votersKept(state);
  const candidates = candidatesByAge(state, config);
  // Beside a single voter the second comes with the third.
  const isEnough = voters.length > 1 || target === 1 || candidates.length > 1;
  const candidate = isEnough ? candidates[0] : undefined;
  // The dead give up their seat before another takes it: with both in the config a further death, not
  // noticed yet, could leave the living without a majority for ever.
  if (gone.length > 0 && candidate !== undefined) return demotion(gone, voters, vitals);
  // Nor does anybody take a seat beside one that is perhaps dead: of four voters that lost one, a further
  // death leaves no majority, where it would of three.
  const isWhole = voters.every((id) => isServing(state.members.get(id)));
  if (candidate !== undefined && isWhole && present.length < votersWanted(state)) {
    return seated(candidates, voters, target, vitals);
  }
  // Who is long gone goes first: with it among those that stay they might be no majority.
  if (leaving.length > 0) return demotion([...gone, ...relieved], voters, vitals);
  if (!hasSurplusVoters(state, config)) return undefined;
  // The leader's going would cost an election.
  const others = youngestFirst(state, present).filter((id) => id !== vitals.leader);
  return demotion([...gone, ...others], voters, vitals);
}

/** Only the single voter itself can take two others in at once. */
function seated(
  [first, second]: readonly MemberId[],
  voters: readonly MemberId[],
  target: number,
  { leader }: Vitals,
): ConfigChange | undefined {
  if (first === undefined) return undefined;
  if (voters.length > 1 || target === 1) return { kind: 'promote', member: first };
  if (second === undefined || !voters.includes(leader)) return undefined;
  return { kind: 'promote-pair', member: first, other: second };
}

/** Whether there are too many: who leaves stays in the table until there are not, for rule 2. */
export function hasSurplusVoters(state: MetaState, config: RaftConfig): boolean {
  const target = votersKept(state);
  const count = config.voters.length;
  const isLeaving = [...state.members.values()].some(({ status }) => status === 'leaving');
  return count > (isLeaving ? target : Math.max(target, Math.min(count, 3)));
}

/** The first whose going leaves a majority that is there: a config without one commits nothing any more. */
function demotion(
  members: readonly MemberId[],
  voters: readonly MemberId[],
  vitals: Vitals,
): ConfigChange | undefined {
  for (const member of members) {
    const rest = voters.filter((id) => id !== member);
    const fresh = rest.filter((id) => vitals.isFresh(id)).length;
    if (fresh > rest.length / 2) return { kind: 'demote', member };
  }
  return undefined;
}

/** The largest odd number up to five of the data members that are up. */
export function votersWanted(state: MetaState): number {
  return oddUpTo([...state.members.values()].filter(isEligible).length);
}

/** Who is suspended may come back: its seat is not taken away for the number's sake. */
function votersKept(state: MetaState): number {
  const stays = ({ data, status }: MemberRow) => data && status !== 'leaving';
  return oddUpTo([...state.members.values()].filter(stays).length);
}

function oddUpTo(count: number): number {
  const most = Math.max(1, Math.min(count, votersMax));
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

/** Who may get a vote, the oldest first. */
function candidatesByAge(state: MetaState, config: RaftConfig): MemberId[] {
  const candidates = [...state.members.values()].filter(
    (member) => isEligible(member) && config.learners.includes(member.id),
  );
  return candidates.sort((left, right) => left.joinedAt - right.joinedAt).map(({ id }) => id);
}

function youngestFirst(state: MetaState, ids: readonly MemberId[]): MemberId[] {
  const joinedAt = (id: MemberId) => state.members.get(id)?.joinedAt ?? 0;
  return [...ids].sort((left, right) => joinedAt(right) - joinedAt(left));
}
