/**
 * One term of a leader: what it appends, sends, commits and hears. It ends with the term.
 *
 * Invariants
 * 1. Only entries of the own term are committed by counting; older ones go along with them (Raft 5.4.2).
 * 2. No config is appended before an entry of the own term is committed, nor while another config is not
 *    (the flaw of single-member changes found in 2015).
 * 3. Contact with a voter counts from when the round was sent that it acknowledged.
 * 4. After a TimeoutNow the leader claims no contact: the member that was asked is not held back.
 */
import { assert } from '../base/assert.ts';
import type { MemberId } from '../base/ids.ts';
import type {
  RaftAppendReply,
  RaftConfig,
  RaftEntry,
  RaftSnapshotReply,
} from '../wire/consensus-messages.ts';
import { type ConfigChange, changed, encodeConfig, isVoter, reachedByMajority } from './config.ts';
import { Rounds } from './contact.ts';
import { Outbox } from './outbox.ts';
import { Progress } from './progress.ts';
import type { RaftActions } from './raft-actions.ts';
import type { RaftState } from './raft-state.ts';

/** What a tick may find out about the leader's own standing. */
export type Standing = 'leads' | 'lost-majority' | 'stand-again';

interface Transfer {
  readonly to: MemberId;
  readonly abortAtMs: number;
}

const nothing = new Uint8Array(0);

export class Leadership {
  readonly #state: RaftState;
  readonly #peers = new Map<MemberId, Progress>();
  readonly #outbox: Outbox;
  readonly #rounds: Rounds;
  readonly #noopIndex: number;
  #heartbeatAt: number;
  /** Silence before this time is not held against the voters. */
  #silentFrom: number;
  #transfer: Transfer | undefined;
  #hasAskedToStand = false;

  constructor(state: RaftState, nowMs: number, out: RaftActions) {
    this.#state = state;
    this.#rounds = new Rounds(2 * state.options.electionMaxMs);
    this.#outbox = new Outbox(state, this.#rounds);
    this.#noopIndex = state.log.lastIndex + 1;
    this.#silentFrom = nowMs;
    this.#heartbeatAt = nowMs + state.options.heartbeatMs;
    this.#followConfig(this.#noopIndex, nowMs);
    this.#append('noop', nothing, nowMs, out);
  }

  /** Whether an entry of this term is committed, so that the leader knows all that ever was. */
  get isReadable(): boolean {
    return this.#state.commit >= this.#noopIndex;
  }

  contactAt(nowMs: number): number | undefined {
    return this.#hasAskedToStand ? undefined : this.#majorityContact(nowMs);
  }

  matchOf(peer: MemberId): number | undefined {
    return this.#peers.get(peer)?.match;
  }

  propose(body: Uint8Array, nowMs: number, out: RaftActions): RaftEntry | 'overloaded' {
    const { log, commit, options, isLogFull } = this.#state;
    const isFull = log.lastIndex - commit >= options.uncommittedMax || isLogFull;
    // During a transfer the log has to stand still, or the next leader would never have all of it.
    if (isFull || this.#transfer !== undefined) return 'overloaded';
    return this.#append('command', body, nowMs, out);
  }

  changeConfig(change: ConfigChange, nowMs: number, out: RaftActions): boolean {
    const { configs, commit } = this.#state;
    const isBusy = !this.isReadable || configs.latestIndex > commit || this.#transfer !== undefined;
    if (isBusy) return false;
    if (!this.#mayPromote(change, nowMs)) return false;
    const config = changed(configs.latest, change);
    if (config === undefined || !this.#isSafeAsPair(config, nowMs)) return false;
    this.#append('config', encodeConfig(config), nowMs, out);
    return true;
  }

  transferTo(member: MemberId, nowMs: number, out: RaftActions): boolean {
    const { configs, options, self } = this.#state;
    const isFit = member !== self && isVoter(configs.latest, member);
    if (!isFit || this.#transfer !== undefined) return false;
    this.#transfer = { to: member, abortAtMs: nowMs + options.electionMaxMs };
    this.#askToStand(out);
    return true;
  }

  onAppendReply(from: MemberId, reply: RaftAppendReply, nowMs: number, out: RaftActions): void {
    const peer = this.#heard(from, reply.round, nowMs);
    if (peer === undefined) return;
    if (reply.accepted) this.#accepted(peer, reply.index, nowMs, out);
    else peer.refused(reply.index);
    this.#replicate(from, peer, nowMs, out);
    if (this.#transfer?.to === from && !this.#hasAskedToStand) this.#askToStand(out);
  }

  onSnapshotReply(from: MemberId, reply: RaftSnapshotReply, nowMs: number, out: RaftActions): void {
    const peer = this.#heard(from, reply.round, nowMs);
    if (peer === undefined) return;
    if (reply.done) this.#accepted(peer, reply.lastIndex, nowMs, out);
    else if (!this.#chunkArrived(peer, reply)) return;
    this.#replicate(from, peer, nowMs, out);
  }

  tick(nowMs: number, isStalled: boolean, out: RaftActions): Standing {
    const { electionMaxMs, heartbeatMs } = this.#state.options;
    if (isStalled) this.#silentFrom = nowMs;
    const contactAt = this.#majorityContact(nowMs) ?? Number.NEGATIVE_INFINITY;
    if (nowMs - Math.max(contactAt, this.#silentFrom) > electionMaxMs) return 'lost-majority';

    if (this.#transfer !== undefined && nowMs >= this.#transfer.abortAtMs) {
      this.#transfer = undefined;
      // It has given up its claim on this term, so it needs another one to go on.
      if (this.#hasAskedToStand) return 'stand-again';
    }
    if (nowMs >= this.#heartbeatAt) {
      this.#heartbeatAt = nowMs + heartbeatMs;
      this.#heartbeat(nowMs, out);
    }
    return 'leads';
  }

  /** For a leader that goes: the voter with the most entries need not wait for its timer. */
  askBestToStand(out: RaftActions): void {
    const { configs, term } = this.#state;
    let best: MemberId | undefined;
    for (const voter of configs.latest.voters) {
      if (best === undefined || this.#matchOfVoter(voter) > this.#matchOfVoter(best)) best = voter;
    }
    if (best === undefined) return;
    out.push({ kind: 'send', to: best, message: { kind: 'raft.timeout-now', term } });
  }

  #append(kind: RaftEntry['kind'], body: Uint8Array, nowMs: number, out: RaftActions): RaftEntry {
    const { log, term } = this.#state;
    const entry: RaftEntry = { index: log.lastIndex + 1, term, kind, body };
    this.#state.append(entry);
    if (kind === 'config') this.#followConfig(entry.index, nowMs);
    this.#commitByCount(nowMs, out);
    this.#replicateToAll(nowMs, out);
    return entry;
  }

  /** Starts to follow those whom the newest config adds, and to take leave of those whom it removes. */
  #followConfig(next: number, nowMs: number): void {
    const { configs, self } = this.#state;
    const members = [...configs.latest.voters, ...configs.latest.learners];
    for (const member of members) {
      const known = this.#peers.get(member);
      if (known !== undefined) known.removedAt = undefined;
      else if (member !== self) this.#peers.set(member, new Progress(next, nowMs));
    }
    for (const [member, peer] of this.#peers) {
      if (!members.includes(member)) peer.removedAt ??= configs.latestIndex;
    }
  }

  #accepted(peer: Progress, index: number, nowMs: number, out: RaftActions): void {
    const { log } = this.#state;
    assert(index <= log.lastIndex, 'a peer accepted what was never sent');
    const before = peer.match;
    peer.accepted(index, log.base);
    if (peer.match > before) this.#commitByCount(nowMs, out);
  }

  #commitByCount(nowMs: number, out: RaftActions): void {
    const { log, term, commit, configs } = this.#state;
    const index = reachedByMajority(configs.latest, (voter) => this.#matchOfVoter(voter));
    // An entry of an older term may be on a majority and still be replaced (Raft, figure 8).
    if (index === undefined || index <= commit || log.termAt(index) !== term) return;
    this.#state.commitTo(index, out);
    this.#replicateToAll(nowMs, out);
  }

  #matchOfVoter(voter: MemberId): number {
    if (voter === this.#state.self) return this.#state.log.lastIndex;
    return this.#peers.get(voter)?.match ?? 0;
  }

  #majorityContact(nowMs: number): number | undefined {
    const contactAt = reachedByMajority(this.#state.configs.latest, (voter) =>
      voter === this.#state.self
        ? nowMs
        : (this.#peers.get(voter)?.contactAt ?? Number.NEGATIVE_INFINITY),
    );
    return contactAt === Number.NEGATIVE_INFINITY ? undefined : contactAt;
  }

  /** Notes that a peer is there, and the round that it acknowledges. */
  #heard(from: MemberId, round: number, nowMs: number): Progress | undefined {
    const peer = this.#peers.get(from);
    if (peer === undefined) return undefined;
    peer.heardAt = nowMs;
    const sentAt = this.#rounds.sentAt(round);
    if (sentAt !== undefined) peer.contactAt = Math.max(peer.contactAt, sentAt);
    return peer;
  }

  /** Whether the peer got further than the chunk on its way began. */
  #chunkArrived(peer: Progress, { lastIndex, offset }: RaftSnapshotReply): boolean {
    const { snapshot } = peer;
    if (snapshot === undefined || snapshot.index !== lastIndex) return false;
    const isFurther = offset > peer.offset && offset <= snapshot.bytes.length;
    // A peer that began anew is sent the first chunk with the next heartbeat, not with every old reply.
    if (isFurther || offset < peer.offset) peer.offset = offset;
    if (isFurther) peer.isWaiting = false;
    return isFurther;
  }

  /** A learner that has seen this term's log and answers: it will not halt the group as a voter. */
  #isFitToVote(member: MemberId, nowMs: number): boolean {
    const peer = this.#peers.get(member);
    if (peer === undefined) return false;
    const isNear = nowMs - peer.contactAt <= this.#state.options.electionMaxMs;
    return isNear && peer.match >= this.#noopIndex;
  }

  /** Whoever gets a vote has to be fit; a pair gets theirs from the only voter, and of both it has just heard. */
  #mayPromote(change: ConfigChange, nowMs: number): boolean {
    if (change.kind === 'promote') return this.#isFitToVote(change.member, nowMs);
    if (change.kind !== 'promote-pair') return true;
    const { self, configs } = this.#state;
    // One that does not vote leaves its office in the turn in which it could change anything.
    assert(isVoter(configs.latest, self), 'a leader that may change the config votes');
    return [change.member, change.other].every(
      (id) => this.#isFitToVote(id, nowMs) && this.#hasAnswered(id, nowMs),
    );
  }

  /**
   * Of two voters both are needed, even to make the change that ends that: a pair with one that is dead already
   * decides nothing any more. So it is begun only where the other has just been heard of.
   */
  #isSafeAsPair({ voters }: RaftConfig, nowMs: number): boolean {
    if (voters.length !== 2) return true;
    const { self } = this.#state;
    return voters.every((id) => id === self || this.#hasAnswered(id, nowMs));
  }

  #hasAnswered(id: MemberId, nowMs: number): boolean {
    const contactAt = this.#peers.get(id)?.contactAt ?? Number.NEGATIVE_INFINITY;
    return nowMs - contactAt <= 2 * this.#state.options.heartbeatMs;
  }

  #askToStand(out: RaftActions): void {
    const { log, term } = this.#state;
    if (this.#transfer === undefined || this.matchOf(this.#transfer.to) !== log.lastIndex) return;
    this.#hasAskedToStand = true;
    out.push({
      kind: 'send',
      to: this.#transfer.to,
      message: { kind: 'raft.timeout-now', term },
    });
  }

  #replicateToAll(nowMs: number, out: RaftActions): void {
    for (const [member, peer] of this.#peers) this.#replicate(member, peer, nowMs, out);
  }

  #replicate(member: MemberId, peer: Progress, nowMs: number, out: RaftActions): void {
    if (this.#isToBeTold(peer)) this.#outbox.replicate(member, peer, nowMs, out);
  }

  #heartbeat(nowMs: number, out: RaftActions): void {
    for (const [member, peer] of this.#peers) {
      if (this.#hasTakenLeave(peer, nowMs)) this.#peers.delete(member);
      else if (this.#isToBeTold(peer)) this.#outbox.heartbeat(member, peer, nowMs, out);
    }
    this.#askToStand(out);
  }

  /** A removed voter must not get the removal before it is committed: it may have to vote without it. */
  #isToBeTold(peer: Progress): boolean {
    return peer.removedAt === undefined || peer.removedAt <= this.#state.commit;
  }

  #hasTakenLeave(peer: Progress, nowMs: number): boolean {
    if (peer.removedAt === undefined || peer.removedAt > this.#state.commit) return false;
    peer.droppedAt = Math.min(peer.droppedAt, nowMs + this.#state.options.electionMinMs);
    return nowMs >= peer.droppedAt;
  }
}
