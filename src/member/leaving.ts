/** How a member goes in peace: what it holds is taken over, and its going is told as no crash. */
import type { Clock } from '../base/clock.ts';
import { GridError } from '../base/errors.ts';
import type { MemberId } from '../base/ids.ts';
import type { Logger } from '../base/logger.ts';
import { waitFor } from '../base/waiting.ts';
import type { MetaState } from '../partition/meta-state.ts';
import type { Member } from './member.ts';
import { heldBy } from './member-view.ts';

export interface LeavingOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/** The goodbye is told to a few members; nobody waits for it longer than this. */
const goodbyeMs = 3_000;

/**
 * Rejects where the others could not take everything over in time, or before the signal aborted: that ends the
 * waiting and not the going, so the goodbye is said even so.
 */
export async function leaveCluster(member: Member, options: LeavingOptions): Promise<void> {
  // An identity that has ended holds nothing, and nobody hears it.
  if (member.isClosed) return;
  const { clock, timeoutMs, signal } = options;
  const isOver = () => member.isHandedOver || !hasHeirs(member);
  if (!isOver()) {
    member.leave(timeoutMs);
    await waitFor(() => isOver() || signal?.aborted === true, { clock, timeoutMs });
  }
  const isDone = isOver();
  const isAborted = signal?.aborted === true;
  const { id, state, meta, swim } = member;
  const partitions = heldBy(state, id);
  const isAlive = (other: MemberId) => swim.stateOf(other) === 'alive';
  const found = leftUndone(state, meta.raft?.config.voters ?? [], id, isAlive);
  member.sayGoodbye();
  await waitFor(() => swim.hasLeft, { clock, timeoutMs: goodbyeMs });
  if (isDone) return;
  const until = isAborted ? 'before its signal aborted' : `within ${timeoutMs} ms`;
  const message = `expected the others to take over ${until}, found ${found}; this process has left all the same; give leaving more time`;
  options.logger.warn({ self: id, partitions }, message);
  const cause = isAborted ? signal.reason : undefined;
  throw new GridError('GRID_TIMEOUT', message, { outcome: 'unknown', cause });
}

/** What was still to come when a member went; it keeps its vote for as long as it holds something. */
export function leftUndone(
  state: MetaState,
  voters: readonly MemberId[],
  self: MemberId,
  isAlive: (id: MemberId) => boolean,
): string {
  const held = heldBy(state, self);
  const isVoter = voters.includes(self);
  const lapsed = 'which counts as that of a crashed member from now on';
  if (held > 0) {
    const vote = isVoter ? `; it had a vote, ${lapsed}` : '';
    return `${held} partitions that still count on this member; their other copies, if any, are all that is left${vote}`;
  }
  if (state.members.get(self)?.status !== 'leaving') {
    return 'no partition that counts on this member, but no answer yet to its wish to leave';
  }
  if (!isVoter) {
    return 'no partition that counts on this member, and no vote, but that they had not let it go yet';
  }
  const others = voters.filter((id) => id !== self);
  const alive = others.filter(isAlive).length;
  if (alive > others.length / 2) {
    return `no partition that counts on this member, but its vote in the meta group, ${lapsed}`;
  }
  return `that its vote in the meta group cannot be spared: of the ${others.length} other voters ${alive} answer, and without it they may not agree on anything any more`;
}

/**
 * Whether anybody is there who could take over: alive, and staying. A lease that has lapsed for a moment
 * and a mere suspicion change nothing: they pass, and what was not handed over would be gone.
 */
function hasHeirs(member: Member): boolean {
  const { id, state, swim } = member;
  if (!state.members.has(id)) return false;
  for (const other of state.members.values()) {
    if (other.id === id || !other.data || other.status !== 'up') continue;
    const seen = swim.stateOf(other.id);
    if (seen === 'alive' || seen === 'suspect') return true;
  }
  return false;
}
