/**
 * One member of a Raft group, without I/O: elections, replication, membership changes, snapshots.
 *
 * The shell feeds messages, ticks and proposals, and carries out the actions in their order. Nothing is
 * stored: a process that restarts comes back as another member, which has promised nothing.
 *
 * Invariants (those of one term in leadership.ts, those of the log in raft-state.ts)
 * 1. At most one vote a term, and only for a log that covers the own one.
 * 2. A pre-vote changes nothing at either side: a term rises only for an election that can be won.
 * 3. Whoever holds on to a leader votes for nobody, unless the leader itself asked for the election.
 * 4. Only members of the newest config raise the term by a reply; anybody may by a vote or an append, for
 *    a config that is not known here yet may have made it a member.
 */
import { assert } from '../base/assert.ts';
import type { MemberId } from '../base/ids.ts';
import type {
  RaftAppend,
  RaftAppendReply,
  RaftConfig,
  RaftMessage,
  RaftSnapshot,
  RaftSnapshotReply,
  RaftTimeoutNow,
  RaftVote,
  RaftVoteReply,
} from '../wire/consensus-messages.ts';
import { type ConfigChange, encodeConfig, isMember, isVoter } from './config.ts';
import { Election } from './election.ts';
import { refuseAppend, refuseSnapshot, takeAppend, takeSnapshot } from './follower.ts';
import { Leadership } from './leadership.ts';
import type { RaftActions, RaftRole } from './raft-actions.ts';
import type { RaftOptions } from './raft-options.ts';
import { RaftState } from './raft-state.ts';
import { SnapshotIntake } from './snapshot.ts';

/**
 * `bootstrap`: the sole voter of a new group. `inherit`: the sole voter of a group that goes on from the state
 * that another had at an index. `join`: knows nothing and waits for a leader.
 */
export type RaftStart =
  | { readonly kind: 'bootstrap' | 'join' }
  | { readonly kind: 'inherit'; readonly index: number; readonly bytes: Uint8Array };

export interface RaftProposed {
  readonly index: number;
  readonly term: number;
}

export class RaftCore {
  readonly #state: RaftState;
  readonly #election: Election;
  readonly #intake = new SnapshotIntake();
  /** Set exactly while the role is leader. */
  #leadership: Leadership | undefined;
  #snapshotAskedAt = Number.NEGATIVE_INFINITY;

  constructor(options: RaftOptions, start: RaftStart) {
    this.#state = new RaftState(options);
    this.#election = new Election(options);
    const config: RaftConfig = { voters: [options.self], learners: [] };
    if (start.kind === 'bootstrap') {
      const body = encodeConfig(config);
      this.#state.append({ index: 1, term: 0, kind: 'config', body });
    } else if (start.kind === 'inherit') {
      this.#state.begin({ index: start.index, term: 0, config, bytes: start.bytes });
    }
  }

  get role(): RaftRole {
    return this.#state.role;
  }

  get term(): number {
    return this.#state.term;
  }

  get leader(): MemberId | undefined {
    return this.#state.leader;
  }

  get commit(): number {
    return this.#state.commit;
  }

  get lastIndex(): number {
    return this.#state.log.lastIndex;
  }

  /** The newest config in the log; whether it is committed, `configIndex <= commit` tells. */
  get config(): RaftConfig {
    return this.#state.configs.latest;
  }

  get configIndex(): number {
    return this.#state.configs.latestIndex;
  }

  /** Undefined for what the log no longer holds, or not yet. */
  termAt(index: number): number | undefined {
    return this.#state.log.termAt(index);
  }

  /** A leader only: the last index that a peer is known to hold. */
  matchOf(peer: MemberId): number | undefined {
    return this.#leadership?.matchOf(peer);
  }

  /**
   * A leader only: when the newest round was sent that a majority of the voters has acknowledged; nobody
   * else can lead until `electionMinMs` after it. Undefined before the first, and once the leader has asked
   * another member to take over.
   */
  contactAt(nowMs: number): number | undefined {
    return this.#leadership?.contactAt(nowMs);
  }

  /** Whether `commit` covers all that was ever committed: the condition of a read index. */
  leaderReadable(): boolean {
    return this.#leadership?.isReadable ?? false;
  }

  receive(from: MemberId, message: RaftMessage, nowMs: number, out: RaftActions): void {
    switch (message.kind) {
      case 'raft.vote':
        this.#vote(from, message, nowMs, out);
        break;
      case 'raft.vote-reply':
        this.#voteReply(from, message, nowMs, out);
        break;
      case 'raft.append':
        this.#append(from, message, nowMs, out);
        break;
      case 'raft.snapshot':
        this.#snapshot(from, message, nowMs, out);
        break;
      case 'raft.append-reply':
      case 'raft.snapshot-reply':
        this.#leaderReply(from, message, nowMs, out);
        break;
      case 'raft.timeout-now':
        this.#timeoutNow(from, message, nowMs, out);
        break;
    }
  }

  /** Called every 25 to 50 ms; `stallMs` is how late the event loop has lately been. */
  tick(nowMs: number, stallMs: number, out: RaftActions): void {
    const isStalled = this.#election.isStalled(stallMs);
    if (this.#leadership === undefined) this.#electionTick(nowMs, isStalled, out);
    else this.#leaderTick(this.#leadership, nowMs, isStalled, out);
    this.#askForSnapshot(nowMs, out);
  }

  /** `overloaded` as well while leadership is being passed on. */
  propose(
    body: Uint8Array,
    nowMs: number,
    out: RaftActions,
  ): RaftProposed | 'not-leader' | 'overloaded' {
    return this.#leadership?.propose(body, nowMs, out) ?? 'not-leader';
  }

  /**
   * Whether the change was begun. One at a time, none before an entry of the leader's term is committed;
   * a learner is promoted only once it has this term's log and answers.
   */
  changeConfig(change: ConfigChange, nowMs: number, out: RaftActions): boolean {
    const isBegun = this.#leadership?.changeConfig(change, nowMs, out) ?? false;
    this.#leaveOffice(nowMs, out);
    return isBegun;
  }

  /** Whether the transfer was begun; it is given up after `electionMaxMs`. */
  transferTo(member: MemberId, nowMs: number, out: RaftActions): boolean {
    return this.#leadership?.transferTo(member, nowMs, out) ?? false;
  }

  /** The state machine's state after the entry at `index`, which it must have applied. */
  provideSnapshot(index: number, bytes: Uint8Array): void {
    this.#state.keepSnapshot(index, bytes);
  }

  #vote(from: MemberId, message: RaftVote, nowMs: number, out: RaftActions): void {
    const isHeld = this.#state.role === 'leader' || this.#election.isHolding(nowMs);
    const isFree = message.transfer || !isHeld;
    const granted =
      isFree &&
      (message.pre ? this.#wouldVote(message) : this.#castVote(from, message, nowMs, out));
    // A granted pre-vote names the term that was asked about; the voter has not entered it.
    const term = message.pre && granted ? message.term : this.#state.term;
    const reply: RaftVoteReply = { kind: 'raft.vote-reply', term, pre: message.pre, granted };
    out.push({ kind: 'send', to: from, message: reply });
  }

  #wouldVote({ term, lastIndex, lastTerm }: RaftVote): boolean {
    return term > this.#state.term && this.#state.log.isCoveredBy(lastIndex, lastTerm);
  }

  #castVote(from: MemberId, message: RaftVote, nowMs: number, out: RaftActions): boolean {
    const { term, lastIndex, lastTerm } = message;
    if (term < this.#state.term) return false;
    if (term > this.#state.term) this.#follow(term, undefined, out);
    const isFree = this.#state.votedFor === undefined || this.#state.votedFor === from;
    if (!isFree || !this.#state.log.isCoveredBy(lastIndex, lastTerm)) return false;
    this.#state.votedFor = from;
    this.#election.arm(nowMs);
    return true;
  }

  #voteReply(from: MemberId, message: RaftVoteReply, nowMs: number, out: RaftActions): void {
    const { term, role, configs } = this.#state;
    const isAhead = message.term > term && !(message.pre && message.granted);
    if (isAhead) this.#followReply(from, message.term, out);
    const asked = message.pre ? role === 'pre-candidate' : role === 'candidate';
    const askedTerm = message.pre ? term + 1 : term;
    if (isAhead || !asked || message.term !== askedTerm || !message.granted) return;
    if (!this.#election.count(from, configs.latest)) return;
    if (message.pre) this.#stand(false, nowMs, out);
    else this.#lead(nowMs, out);
  }

  #append(from: MemberId, message: RaftAppend, nowMs: number, out: RaftActions): void {
    const isOver = message.term < this.#state.term;
    if (!isOver) this.#heardLeader(from, message.term, nowMs, out);
    const reply = isOver
      ? refuseAppend(this.#state, message)
      : takeAppend(this.#state, message, out);
    out.push({ kind: 'send', to: from, message: reply });
  }

  #snapshot(from: MemberId, message: RaftSnapshot, nowMs: number, out: RaftActions): void {
    const isOver = message.term < this.#state.term;
    if (!isOver) this.#heardLeader(from, message.term, nowMs, out);
    const reply = isOver
      ? refuseSnapshot(this.#state, message)
      : takeSnapshot(this.#state, this.#intake, from, message, out);
    out.push({ kind: 'send', to: from, message: reply });
  }

  #heardLeader(from: MemberId, term: number, nowMs: number, out: RaftActions): void {
    const isRival = term === this.#state.term && this.#state.leader !== from;
    assert(!isRival || this.#state.leader === undefined, `two leaders in term ${term}`);
    this.#follow(term, from, out);
    this.#election.heardLeader(nowMs);
  }

  #leaderReply(
    from: MemberId,
    message: RaftAppendReply | RaftSnapshotReply,
    nowMs: number,
    out: RaftActions,
  ): void {
    if (message.term > this.#state.term) this.#followReply(from, message.term, out);
    if (this.#leadership === undefined || message.term !== this.#state.term) return;
    if (message.kind === 'raft.append-reply') {
      this.#leadership.onAppendReply(from, message, nowMs, out);
    } else {
      this.#leadership.onSnapshotReply(from, message, nowMs, out);
    }
    this.#leaveOffice(nowMs, out);
  }

  #timeoutNow(from: MemberId, { term }: RaftTimeoutNow, nowMs: number, out: RaftActions): void {
    const { leader, role, configs, self } = this.#state;
    const isAsked = term === this.#state.term && leader === from && role === 'follower';
    if (isAsked && isVoter(configs.latest, self)) this.#stand(true, nowMs, out);
  }

  #electionTick(nowMs: number, isStalled: boolean, out: RaftActions): void {
    const { configs, self, term } = this.#state;
    const { voters } = configs.latest;
    const isAlone = voters.length === 1 && voters[0] === self;
    if (!isAlone && !this.#election.isDue(nowMs)) return;
    this.#election.arm(nowMs);
    // Alone there is nobody whose message could have been missed.
    if ((isStalled && !isAlone) || !this.#mayStand(nowMs)) return;

    this.#state.become('pre-candidate', term, undefined, out);
    this.#election.beginTally();
    if (this.#election.count(self, configs.latest)) this.#stand(false, nowMs, out);
    else this.#askForVotes({ term: term + 1, pre: true, transfer: false }, out);
  }

  /**
   * A learner stands when all voters together fail to: its log may be the newest, so that a voter whose
   * own newest config makes the learner a voter waits for its vote in vain. It leads only until an entry
   * of its term is committed; then every voter of a majority can follow it.
   */
  #mayStand(nowMs: number): boolean {
    const { configs, self, commit } = this.#state;
    if (configs.mayStand(self, commit)) return true;
    return isMember(configs.latest, self) && this.#election.isForsaken(nowMs);
  }

  #leaderTick(leadership: Leadership, nowMs: number, isStalled: boolean, out: RaftActions): void {
    const standing = leadership.tick(nowMs, isStalled, out);
    if (standing === 'leads') return;
    this.#election.arm(nowMs);
    this.#follow(this.#state.term, undefined, out);
    // It claims nothing in the old term, so voters need not hold on to it there.
    if (standing === 'stand-again') this.#stand(true, nowMs, out);
  }

  /** A real election, for the next term. */
  #stand(transfer: boolean, nowMs: number, out: RaftActions): void {
    const { self, configs } = this.#state;
    const term = this.#state.term + 1;
    this.#state.become('candidate', term, undefined, out);
    this.#state.votedFor = self;
    this.#election.arm(nowMs);
    this.#election.beginTally();
    if (this.#election.count(self, configs.latest)) this.#lead(nowMs, out);
    else this.#askForVotes({ term, pre: false, transfer }, out);
  }

  #askForVotes(
    { term, pre, transfer }: Pick<RaftVote, 'term' | 'pre' | 'transfer'>,
    out: RaftActions,
  ): void {
    const { log, configs, self } = this.#state;
    const { lastIndex, lastTerm } = log;
    const message: RaftVote = { kind: 'raft.vote', term, pre, transfer, lastIndex, lastTerm };
    for (const to of configs.latest.voters) {
      if (to !== self) out.push({ kind: 'send', to, message });
    }
  }

  #lead(nowMs: number, out: RaftActions): void {
    this.#intake.clear();
    this.#state.become('leader', this.#state.term, this.#state.self, out);
    this.#leadership = new Leadership(this.#state, nowMs, out);
    this.#leaveOffice(nowMs, out);
  }

  #follow(term: number, leader: MemberId | undefined, out: RaftActions): void {
    this.#leadership = undefined;
    this.#state.become('follower', term, leader, out);
  }

  /** Only a member's word counts: one that was removed may have gone on to any term. */
  #followReply(from: MemberId, term: number, out: RaftActions): void {
    if (isMember(this.#state.configs.latest, from)) this.#follow(term, undefined, out);
  }

  /** A leader that is no voter goes once that, and an entry of its term, is committed. */
  #leaveOffice(nowMs: number, out: RaftActions): void {
    const { configs, commit, self, term } = this.#state;
    if (this.#leadership === undefined || isVoter(configs.latest, self)) return;
    if (configs.latestIndex > commit || !this.#leadership.isReadable) return;
    this.#leadership.askBestToStand(out);
    this.#election.arm(nowMs);
    this.#follow(term, undefined, out);
  }

  #askForSnapshot(nowMs: number, out: RaftActions): void {
    const { isSnapshotDue, options } = this.#state;
    if (!isSnapshotDue || nowMs - this.#snapshotAskedAt < options.heartbeatMs) return;
    this.#snapshotAskedAt = nowMs;
    out.push({ kind: 'take-snapshot' });
  }
}
