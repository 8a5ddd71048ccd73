/**
 * Who has to confirm: a primary's streams to its peers, the ack set, and the proposals that change
 * the in-sync set (PROTOCOL.md 2.5, "the primary prunes").
 *
 * Invariants
 * 1. committed in-sync set without self ⊆ ack set.
 * 2. A learner enters the ack set before its addition is proposed, and only when it is caught up.
 * 3. One proposal is open at a time; it ends with a later version of the row. A shrink is withdrawn where
 *    its victim answers again; should it commit all the same, the row says so.
 * 4. A member that leaves the in-sync set loses its stream, even where it is the next learner.
 */
import { assert } from '../base/assert.ts';
import type { MemberId, Sequence } from '../base/ids.ts';
import type { ReplicaAck } from '../wire/replica-messages.ts';
import { liftOf, type PartitionRow } from './meta-state.ts';
import type { MoveStep } from './move-steps.ts';
import { PeerStream } from './peer-stream.ts';
import type { Actions, ReplicaState } from './replica-state.ts';

interface Proposal {
  readonly inSync: readonly MemberId[];
  sentAt: number;
}

export class SyncSet {
  readonly #state: ReplicaState;
  readonly #peers: Map<MemberId, PeerStream>;
  /** The ack set, as its streams. */
  #ackers: PeerStream[] = [];
  /** By how much versions of writes exceed their sequences. */
  lift = 0;
  #row: PartitionRow;
  /** How many the row has in sync. Like what follows it stands here since each write asks. */
  committedSize = 0;
  /** The primary is passing its role on and admits nothing. */
  isDraining = false;
  /** Whether an acknowledgement may call for the next step of a move: a chunk, a proposal, the handover. */
  isMoving = false;
  #proposal: Proposal | undefined;
  #hasProposed = false;
  #handoverSentAt: number | undefined;
  /** When the learner was appointed, or last took something. */
  #learnerHeardAt = Number.NEGATIVE_INFINITY;
  /** When the copy got a place, or last got on. */
  #copyHeardAt = Number.NEGATIVE_INFINITY;
  /** Whether the learner's stream holds one of the member's places for copies. */
  #hasCopyPlace = false;

  constructor(state: ReplicaState, row: PartitionRow, peers: Map<MemberId, PeerStream>) {
    this.#state = state;
    this.#row = row;
    this.#peers = peers;
    this.#noteRow();
    this.#resetAckSet();
  }

  /** From where on the log is needed: by a learner that gets on, perhaps from before the commit. */
  neededFrom(commit: Sequence, nowMs: number): Sequence {
    const peer = this.#learner(nowMs);
    return peer === undefined || peer.acked > commit ? commit : peer.acked;
  }

  /** Whether writers have outrun the learner by half of what the log holds: else it would never catch up. */
  isHeldUp(nowMs: number): boolean {
    const peer = this.#learner(nowMs);
    if (peer === undefined) return false;
    const { log, options } = this.#state;
    const { changesInFlightMax, changeBytesInFlightMax } = options.limits;
    const isFar = log.last - peer.acked >= changesInFlightMax / 2;
    return isFar || (log.bytes >= changeBytesInFlightMax && log.last > peer.acked);
  }

  get ackSet(): ReadonlySet<MemberId> {
    return new Set(this.#ackers.map(({ id }) => id));
  }

  get hasAckers(): boolean {
    return this.#ackers.length > 0;
  }

  /** Whether a change of the row's present version was proposed: withdrawn or not, it may still commit. */
  get hasProposed(): boolean {
    return this.#hasProposed;
  }

  /** Whether there is no stream to anybody. */
  get isAlone(): boolean {
    return this.#peers.size === 0;
  }

  /** What the whole ack set has. */
  confirmed(last: Sequence): Sequence {
    let confirmed = last;
    for (const { acked } of this.#ackers) if (acked < confirmed) confirmed = acked;
    return confirmed;
  }

  acknowledge(from: MemberId, message: ReplicaAck, nowMs: number): boolean {
    const peer = this.#peers.get(from);
    if (peer === undefined || peer.stream !== message.stream) return false;
    const hasMore = peer.acknowledge(message, nowMs);
    if (!this.isMoving) return true;
    if (hasMore && from === this.#row.learner) {
      this.#learnerHeardAt = nowMs;
      this.#copyHeardAt = nowMs;
    }
    if (!peer.isCopying && from === this.#row.learner) this.#freeCopyPlace();
    return true;
  }

  rowChanged(row: PartitionRow, nowMs: number): void {
    const before = this.#row;
    this.#tellSteps(before, row);
    this.#row = row;
    this.#noteRow();
    this.#proposal = undefined;
    this.#hasProposed = false;
    if (row.transferTo === undefined) this.#handoverSentAt = undefined;
    for (const id of [...this.#peers.keys()]) {
      // Of versions that were skipped nobody knows here what the learner did at them.
      const isNext = row.version === before.version + 1;
      const staysLearner = isNext && id === row.learner && id === before.learner;
      if (!row.inSync.includes(id) && !staysLearner) this.#peers.delete(id);
    }
    if (row.learner === undefined || row.learner !== before.learner) this.#freeCopyPlace();
    if (row.learner !== before.learner) this.#learnerHeardAt = nowMs;
    this.#resetAckSet();
    this.#openLearner(nowMs);
  }

  flush(nowMs: number, out: Actions): void {
    for (const peer of this.#peers.values()) peer.flush(nowMs, out);
    if (this.isMoving) this.#proposeGrowth(nowMs, out);
  }

  tick(nowMs: number, isIdle: boolean, out: Actions): void {
    this.#openLearner(nowMs);
    for (const peer of this.#peers.values()) peer.tick(nowMs, out);
    this.#proposeGrowth(nowMs, out);
    this.#proposeShrink(nowMs, out);
    this.#giveUpLearner(nowMs, out);
    this.#resend(nowMs, out);
    if (isIdle) this.handOver(nowMs, out);
  }

  /** Whether a tick would find nothing to do. */
  isCalm(nowMs: number): boolean {
    if (this.isMoving || this.#proposal !== undefined) return false;
    for (const peer of this.#peers.values()) if (!peer.isCalm) return false;
    return this.#row.inSync.length === 1 || this.#victim(nowMs) === undefined;
  }

  /** Whether the learner has room for another chunk. */
  get wantsCopy(): boolean {
    const { learner } = this.#row;
    return learner !== undefined && this.#peers.get(learner)?.wantsChunk === true;
  }

  /** How much of the learner's copy has been read, 0 to 1; undefined where none is being made. */
  get copied(): number | undefined {
    const { learner } = this.#row;
    return learner === undefined ? undefined : (this.#peers.get(learner)?.copied ?? 0);
  }

  copyOn(): void {
    const { learner } = this.#row;
    if (learner !== undefined) this.#peers.get(learner)?.readChunk();
  }

  release(): void {
    this.#freeCopyPlace();
    this.#peers.clear();
  }

  /** The stream to the learner, where that gets on: it is worth waiting for. */
  #learner(nowMs: number): PeerStream | undefined {
    if (!this.isMoving) return undefined;
    const { learner } = this.#row;
    const isSilent = nowMs - this.#learnerHeardAt > this.#state.options.timings.writeStallMaxMs;
    return learner === undefined || isSilent ? undefined : this.#peers.get(learner);
  }

  #noteRow(): void {
    const { inSync, learner, transferTo } = this.#row;
    this.lift = liftOf(this.#row);
    this.committedSize = inSync.length;
    this.isDraining = transferTo !== undefined;
    this.isMoving = learner !== undefined || transferTo !== undefined;
  }

  #resetAckSet(): void {
    this.#ackers = [];
    for (const id of this.#row.inSync) if (id !== this.#state.options.self) this.#addAcker(id);
  }

  #addAcker(id: MemberId): void {
    const peer = this.#peers.get(id);
    assert(peer !== undefined, 'every member in sync has a stream');
    this.#ackers.push(peer);
  }

  #openLearner(nowMs: number): void {
    const { learner } = this.#row;
    if (learner === undefined) return;
    const peer = this.#peers.get(learner);
    if (peer !== undefined && !peer.isOutrun) return;
    // A learner in the ack set waits for the outcome of its addition, whatever its stream is.
    if (this.#ackers.some(({ id }) => id === learner)) return;
    const { surroundings } = this.#state.options;
    if (!surroundings.isServing(learner)) return;
    if (!this.#hasCopyPlace && !surroundings.beginCopy()) return;
    this.#tellStep('copy');
    if (!this.#hasCopyPlace) this.#copyHeardAt = nowMs;
    this.#hasCopyPlace = true;
    const stream = surroundings.nextStream();
    const { commit } = this.#state;
    this.#peers.set(learner, new PeerStream(this.#state, learner, stream, commit, nowMs, true));
  }

  #freeCopyPlace(): void {
    if (!this.#hasCopyPlace) return;
    this.#hasCopyPlace = false;
    this.#state.options.surroundings.endCopy();
  }

  #proposeGrowth(nowMs: number, out: Actions): void {
    const { learner, inSync } = this.#row;
    if (learner === undefined || this.#proposal !== undefined) return;
    if (!this.#peers.get(learner)?.isCaughtUp) return;
    this.#tellStep('grow');
    this.#addAcker(learner);
    this.#propose([...inSync, learner], nowMs, out);
  }

  #proposeShrink(nowMs: number, out: Actions): void {
    if (this.#proposal !== undefined) return;
    const victim = this.#victim(nowMs);
    if (victim === undefined) return;
    this.#tellStep('shrink');
    this.#propose(
      this.#row.inSync.filter((id) => id !== victim),
      nowMs,
      out,
    );
  }

  /** Says that the set stays as it is, without the learner: perhaps another gets on. */
  #giveUpLearner(nowMs: number, out: Actions): void {
    if (this.#proposal !== undefined || !this.#isLearnerStuck(nowMs)) return;
    this.#propose(this.#row.inSync, nowMs, out);
  }

  #isLearnerStuck(nowMs: number): boolean {
    const { learner } = this.#row;
    if (learner === undefined || !this.#peers.has(learner)) return false;
    return nowMs - this.#copyHeardAt > this.#state.options.timings.copyStallMaxMs;
  }

  /** The member in sync to prune: one that is gone or silent, or one too many. */
  #victim(nowMs: number): MemberId | undefined {
    const { self } = this.#state.options;
    const others = this.#row.inSync.filter((id) => id !== self);
    return others.find((id) => this.#isSilent(id, nowMs)) ?? this.#spare(others);
  }

  #isSilent(id: MemberId, nowMs: number): boolean {
    const { surroundings, timings } = this.#state.options;
    if (!surroundings.isServing(id)) return true;
    const lagsSince = this.#peers.get(id)?.lagsSince;
    if (lagsSince === undefined) return false;
    return nowMs - lagsSince > timings.writeStallMaxMs || surroundings.isRefused(id);
  }

  /** Where more copies are in sync than are wanted: who leaves or retires, the slowest else. */
  #spare(others: readonly MemberId[]): MemberId | undefined {
    const { surroundings, partition } = this.#state.options;
    const { inSync, learner, retiring, transferTo } = this.#row;
    if (learner !== undefined || transferTo !== undefined) return undefined;
    const wanted = surroundings.copiesWanted(partition);
    const staying = inSync.filter((id) => surroundings.isStaying(id) && id !== retiring);
    if (staying.length < wanted) return undefined;
    const going = others.find((id) => !staying.includes(id));
    // A primary that retires hands over first, and then its successor lets it go.
    if (going !== undefined || inSync.length === wanted || retiring !== undefined) return going;
    return staying.length === wanted ? undefined : this.#slowest(others);
  }

  #slowest(others: readonly MemberId[]): MemberId | undefined {
    let slowest = others[0];
    for (const id of others) {
      const acked = this.#peers.get(id)?.acked ?? 0;
      if (slowest !== undefined && acked < (this.#peers.get(slowest)?.acked ?? 0)) slowest = id;
    }
    return slowest;
  }

  #tellSteps(before: PartitionRow, row: PartitionRow): void {
    const { learner } = before;
    if (learner !== undefined && row.inSync.includes(learner)) this.#tellStep('grown');
    if (row.transferTo !== undefined && before.transferTo === undefined) this.#tellStep('drain');
  }

  #tellStep(step: MoveStep): void {
    const { surroundings, partition } = this.#state.options;
    surroundings.beforeStep?.(step, partition);
  }

  #propose(inSync: readonly MemberId[], nowMs: number, out: Actions): void {
    this.#proposal = { inSync, sentAt: nowMs };
    this.#hasProposed = true;
    out.push({ kind: 'alter', row: this.#row, inSync });
  }

  #withdraw(nowMs: number): void {
    const proposal = this.#proposal;
    if (proposal === undefined || proposal.inSync.length > this.#row.inSync.length) return;
    if (proposal.inSync.length === this.#row.inSync.length) {
      if (!this.#isLearnerStuck(nowMs)) this.#proposal = undefined;
      return;
    }
    const victim = this.#row.inSync.find((id) => !proposal.inSync.includes(id));
    if (victim === undefined || victim !== this.#victim(nowMs)) this.#proposal = undefined;
  }

  /** A proposal may be lost on its way; the same one again does no harm. */
  #resend(nowMs: number, out: Actions): void {
    this.#withdraw(nowMs);
    const proposal = this.#proposal;
    if (proposal === undefined) return;
    if (nowMs - proposal.sentAt <= this.#state.options.timings.resendMs) return;
    proposal.sentAt = nowMs;
    out.push({ kind: 'alter', row: this.#row, inSync: proposal.inSync });
  }

  /** Asks for the handover; asking gives up the right to serve. Precondition: every write is answered. */
  handOver(nowMs: number, out: Actions): void {
    const { transferTo } = this.#row;
    if (transferTo === undefined || this.#proposal !== undefined) return;
    if (this.confirmed(this.#state.log.last) < this.#state.log.last) return;
    const { resendMs } = this.#state.options.timings;
    if (this.#handoverSentAt !== undefined && nowMs - this.#handoverSentAt <= resendMs) return;
    this.#tellStep('hand-over');
    this.#handoverSentAt = nowMs;
    out.push({ kind: 'handover', row: this.#row, to: transferTo });
  }
}
