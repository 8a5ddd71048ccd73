/** How a member takes what its leader sends: entries, and snapshots in chunks. */
import { assert } from '../base/assert.ts';
import type { MemberId } from '../base/ids.ts';
import type {
  RaftAppend,
  RaftAppendReply,
  RaftSnapshot,
  RaftSnapshotReply,
} from '../wire/consensus-messages.ts';
import type { RaftActions } from './raft-actions.ts';
import type { RaftState } from './raft-state.ts';
import type { SnapshotIntake } from './snapshot.ts';

export function takeAppend(
  state: RaftState,
  message: RaftAppend,
  out: RaftActions,
): RaftAppendReply {
  const again = whereToTryAgain(state, message);
  if (again !== undefined) return reply(state, message, false, again);

  const last = takeEntries(state, message);
  // Beyond `last` this log may hold entries of another leader, so it commits no further than that.
  state.commitTo(Math.min(message.commit, last), out);
  // What is committed here stands in the log of every later leader, this one included.
  return reply(state, message, true, Math.max(last, state.commit));
}

/** For a sender whose term is over; the term in the reply tells it so. */
export function refuseAppend(state: RaftState, message: RaftAppend): RaftAppendReply {
  return reply(state, message, false, state.log.lastIndex + 1);
}

export function takeSnapshot(
  state: RaftState,
  intake: SnapshotIntake,
  from: MemberId,
  message: RaftSnapshot,
  out: RaftActions,
): RaftSnapshotReply {
  const { lastIndex, lastTerm, config } = message;
  if (lastIndex > state.commit) {
    const bytes = intake.take(from, message);
    if (bytes === undefined) return snapshotReply(state, message, intake.offset, false);
    state.install({ index: lastIndex, term: lastTerm, config, bytes }, out);
  }
  intake.clear();
  return snapshotReply(state, message, message.offset + message.chunk.length, true);
}

export function refuseSnapshot(state: RaftState, message: RaftSnapshot): RaftSnapshotReply {
  return snapshotReply(state, message, 0, false);
}

/** The index that the leader should send next, where its entries do not join on to this log. */
function whereToTryAgain(state: RaftState, message: RaftAppend): number | undefined {
  const { log, commit } = state;
  const { previousIndex, previousTerm } = message;
  if (previousIndex > log.lastIndex) return log.lastIndex + 1;
  // What is committed is the same everywhere, whether it is still held here or not.
  if (previousIndex < log.base || log.termAt(previousIndex) === previousTerm) return undefined;
  assert(previousIndex > commit, 'a leader lacks a committed entry');
  return Math.max(commit + 1, log.firstOfTerm(previousIndex));
}

/** Returns the last index up to which this log is now known to be the leader's. */
function takeEntries(state: RaftState, message: RaftAppend): number {
  const { log } = state;
  for (const entry of message.entries) {
    if (entry.index <= state.commit) continue;
    const term = log.termAt(entry.index);
    // An entry that is here already stays, and so does what follows it: this may be an old message.
    if (term === entry.term) continue;
    if (term !== undefined) state.truncateFrom(entry.index);
    if (state.isLogFull) return entry.index - 1;
    state.append(entry);
  }
  return message.previousIndex + message.entries.length;
}

function reply(
  { term }: RaftState,
  { round }: RaftAppend,
  accepted: boolean,
  index: number,
): RaftAppendReply {
  return { kind: 'raft.append-reply', term, round, accepted, index };
}

function snapshotReply(
  { term }: RaftState,
  { round, lastIndex }: RaftSnapshot,
  offset: number,
  done: boolean,
): RaftSnapshotReply {
  return { kind: 'raft.snapshot-reply', term, round, lastIndex, offset, done };
}
