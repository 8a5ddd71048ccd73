/** How a member goes in peace: what it holds is taken over, and its going is told as no crash. */
import type { Clock } from '../base/clock.ts';
import { GridError } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import { waitFor } from '../base/waiting.ts';
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

const unspared =
  'that its vote in the meta group cannot be spared: too few of the other voters answer, and without it they ' +
  'may not agree on anything any more';

/** It keeps its vote for as long as it holds something. */
function unhanded(held: number, isVoter: boolean): string {
  const vote = isVoter
    ? '; it had a vote, which counts as that of a crashed member from now on'
    : '';
  return `${held} partitions that still count on this member; their other copies, if any, are all that is left${vote}`;
}

/** Rejects where the others could not take everything over in time; the goodbye is said even so. */
export async function leaveCluster(member: Member, options: LeavingOptions): Promise<void> {
  const { clock, timeoutMs, signal } = options;
  let isDone = !hasHeirs(member);
  if (!isDone) {
    member.leave(timeoutMs);
    const isOver = () => member.isHandedOver || !hasHeirs(member);
    isDone = await waitFor(isOver, { clock, timeoutMs, signal });
  }
  const held = heldBy(member.state, member.id);
  const isVoter = member.meta.raft?.config.voters.includes(member.id) === true;
  member.sayGoodbye();
  await waitFor(() => member.swim.hasLeft, { clock, timeoutMs: goodbyeMs });
  if (isDone) return;
  const found = held === 0 ? unspared : unhanded(held, isVoter);
  const message = `expected the others to take over within ${timeoutMs} ms, found ${found}`;
  options.logger.warn({ self: member.id, partitions: held }, message);
  throw new GridError('GRID_TIMEOUT', message);
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
