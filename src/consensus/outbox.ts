/** What a leader sends to one peer: entries, heartbeats, chunks of a snapshot. */
import { assert } from '../base/assert.ts';
import type { MemberId } from '../base/ids.ts';
import type { RaftEntry } from '../wire/consensus-messages.ts';
import type { Rounds } from './contact.ts';
import type { Progress } from './progress.ts';
import type { RaftActions } from './raft-actions.ts';
import type { RaftState } from './raft-state.ts';

const none: readonly RaftEntry[] = [];

export class Outbox {
  readonly #state: RaftState;
  readonly #rounds: Rounds;

  constructor(state: RaftState, rounds: Rounds) {
    this.#state = state;
    this.#rounds = rounds;
  }

  /** Sends what the peer lacks and may be sent now; nothing where there is nothing. */
  replicate(to: MemberId, peer: Progress, nowMs: number, out: RaftActions): void {
    if (this.#isBeyondLog(peer)) {
      if (!peer.isWaiting) this.#sendChunk(to, peer, nowMs, out);
      return;
    }
    const { log, options } = this.#state;
    while (peer.next <= log.lastIndex && peer.mayCarry(options.inFlightMax)) {
      this.#sendAppend(to, peer, this.#batch(peer), nowMs, out);
    }
    // An append on its way as a probe brings the commit index with its answer.
    const isNews = Math.min(this.#state.commit, peer.match) > peer.commitSent;
    if (isNews && peer.mode === 'replicate') this.#sendAppend(to, peer, none, nowMs, out);
  }

  /** Sends something in any case; what was on its way and not answered goes again. */
  heartbeat(to: MemberId, peer: Progress, nowMs: number, out: RaftActions): void {
    // A peer that has been silent for long is asked with little whether it is there.
    const isSilent = nowMs - peer.heardAt > this.#state.options.electionMaxMs;
    if (this.#isBeyondLog(peer)) {
      if (isSilent) this.#sendPing(to, nowMs, out);
      else this.#sendChunk(to, peer, nowMs, out);
      return;
    }
    const isRetry = peer.mode === 'probe' && !isSilent;
    this.#sendAppend(to, peer, isRetry ? this.#batch(peer) : none, nowMs, out);
  }

  /** Whether the peer needs a snapshot, since the entry before its next one is gone. */
  #isBeyondLog(peer: Progress): boolean {
    const { log, snapshot } = this.#state;
    if (peer.mode === 'snapshot') return true;
    if (peer.next - 1 >= log.base) return false;
    assert(snapshot !== undefined, 'a log was compacted without a snapshot');
    peer.beginSnapshot(snapshot);
    return true;
  }

  #batch(peer: Progress): readonly RaftEntry[] {
    const { log, options } = this.#state;
    return log.from(peer.next, options.batchEntries, options.batchBytes);
  }

  #sendAppend(
    to: MemberId,
    peer: Progress,
    entries: readonly RaftEntry[],
    nowMs: number,
    out: RaftActions,
  ): void {
    const { log, term, commit } = this.#state;
    const previousIndex = peer.next - 1;
    const previousTerm = log.termAt(previousIndex);
    assert(previousTerm !== undefined, 'the entry before an append is gone');
    out.push({
      kind: 'send',
      to,
      message: {
        kind: 'raft.append',
        term,
        round: this.#rounds.current(nowMs),
        previousIndex,
        previousTerm,
        entries,
        commit,
      },
    });
    peer.commitSent = Math.min(commit, previousIndex + entries.length);
    peer.sent(previousIndex + entries.length, entries.length > 0);
  }

  #sendChunk(to: MemberId, peer: Progress, nowMs: number, out: RaftActions): void {
    const { snapshot, offset } = peer;
    assert(snapshot !== undefined, 'chunks of no snapshot');
    const { index, term, config, bytes } = snapshot;
    const chunk = bytes.subarray(offset, offset + this.#state.options.chunkBytes);
    out.push({
      kind: 'send',
      to,
      message: {
        kind: 'raft.snapshot',
        term: this.#state.term,
        round: this.#rounds.current(nowMs),
        lastIndex: index,
        lastTerm: term,
        config,
        offset,
        chunk,
        done: offset + chunk.length === bytes.length,
      },
    });
    peer.isWaiting = true;
  }

  /** An append without entries that any peer answers, by refusing it if need be. */
  #sendPing(to: MemberId, nowMs: number, out: RaftActions): void {
    const { log, term, commit } = this.#state;
    out.push({
      kind: 'send',
      to,
      message: {
        kind: 'raft.append',
        term,
        round: this.#rounds.current(nowMs),
        previousIndex: log.lastIndex,
        previousTerm: log.lastTerm,
        entries: none,
        commit,
      },
    });
  }
}
