/**
 * The meta group as one member sees it: its Raft core, the state machine that the log feeds, the
 * controller while this member leads, and the member's own lease.
 *
 * Invariants
 * 1. Commands are applied in the order of the log and on every member, leader or not.
 * 2. Only the leader proposes, on its own account or for another member.
 * 3. A heartbeat is sent only by a member that sees itself in the table.
 */
import type { Clock } from '../base/clock.ts';
import type { MemberId, PartitionId } from '../base/ids.ts';
import type { Limits } from '../base/limits.ts';
import type { Random } from '../base/random.ts';
import type { Timings } from '../base/timings.ts';
import type { RaftActions } from '../consensus/raft-actions.ts';
import { RaftCore } from '../consensus/raft-core.ts';
import { defaultRaftLimits } from '../consensus/raft-options.ts';
import type { RaftEntry, RaftMessage } from '../wire/consensus-messages.ts';
import type {
  MetaAlter,
  MetaHandover,
  MetaHeartbeat,
  MetaHeartbeatAck,
  MetaPropose,
  MetaProposed,
  MetaRemoved,
} from '../wire/meta-messages.ts';
import { Controller, type Suspicions } from './controller.ts';
import { Lease } from './lease.ts';
import { decodeCommand, decodeState, encodeCommand, encodeState } from './meta-codec.ts';
import { MetaMachine } from './meta-machine.ts';
import type { ClusterSettings, Command, MetaState, NewMember } from './meta-state.ts';
import { type Awaited, type ProposalResult, Proposals } from './proposals.ts';

export type MetaMessage =
  | MetaHeartbeat
  | MetaHeartbeatAck
  | MetaPropose
  | MetaProposed
  | MetaAlter
  | MetaHandover
  | MetaRemoved;

export type MetaAction =
  | {
      readonly kind: 'send';
      readonly to: MemberId;
      readonly message: MetaMessage | RaftMessage;
    }
  /** Rows changed; `all` after a snapshot. */
  | { readonly kind: 'table'; readonly partitions: ReadonlySet<PartitionId> | 'all' }
  | { readonly kind: 'leader'; readonly leader: MemberId | undefined }
  /** The others have gone on without this member. */
  | { readonly kind: 'removed' };

export interface MetaGroupOptions {
  readonly member: NewMember;
  readonly clock: Clock;
  readonly random: Random;
  readonly timings: Timings;
  readonly suspicions: Suspicions;
  readonly limits: Limits;
  /** Members that may know the leader, while this one does not. */
  contacts(): readonly MemberId[];
}

export class MetaGroup {
  readonly #options: MetaGroupOptions;
  readonly #self: MemberId;
  readonly #machine = new MetaMachine();
  readonly #controller: Controller;
  readonly #proposals: Proposals;
  readonly lease: Lease;
  #raft: RaftCore | undefined;
  /** What the leader proposed and has not applied, by index. */
  readonly #awaited = new Map<number, Awaited>();
  /** The controller plans again when this much is applied. */
  #plannedAt = 0;
  #heartbeatAt = Number.NEGATIVE_INFINITY;
  /** The member that a refusal named as the leader. */
  #hint: MemberId | undefined;
  #raftOut: RaftActions = [];

  constructor(options: MetaGroupOptions) {
    this.#options = options;
    this.#self = options.member.id;
    this.#controller = new Controller(options);
    this.#proposals = new Proposals(options.timings.resendMs * 2);
    this.lease = new Lease(options.clock, options.timings);
  }

  get state(): MetaState {
    return this.#machine;
  }

  get isLeader(): boolean {
    return this.#raft?.role === 'leader';
  }

  get leader(): MemberId | undefined {
    return this.#raft?.leader;
  }

  get raft(): RaftCore | undefined {
    return this.#raft;
  }

  /** Begins a new cluster with this process as its only voter. */
  form(clusterId: string, settings: ClusterSettings, nowMs: number, out: MetaAction[]): void {
    this.#raft = this.#createRaft('bootstrap');
    this.lease.setGridTime(this.#options.clock.wall(), nowMs);
    this.#raft.tick(nowMs, 0, this.#raftOut);
    this.#propose({ type: 'form', clusterId, settings }, nowMs);
    this.#propose({ type: 'join', member: this.#options.member, settings }, nowMs);
    this.#carryOut(nowMs, out);
  }

  /** Waits for the leader of a cluster that this process asks to take it in. */
  follow(): void {
    this.#raft ??= this.#createRaft('join');
  }

  /** Has a command committed by whoever leads; `done` as in `Proposals.open`. */
  commit(
    command: Command,
    nowMs: number,
    timeoutMs: number,
    done: (result: ProposalResult | undefined) => void,
  ): void {
    this.#proposals.open(encodeCommand(command), nowMs, timeoutMs, done);
  }

  receiveRaft(from: MemberId, message: RaftMessage, nowMs: number, out: MetaAction[]): void {
    this.#raft?.receive(from, message, nowMs, this.#raftOut);
    this.#carryOut(nowMs, out);
  }

  receive(from: MemberId, message: MetaMessage, nowMs: number, out: MetaAction[]): void {
    switch (message.kind) {
      case 'meta.heartbeat':
        this.#heartbeat(from, message, nowMs, out);
        break;
      case 'meta.heartbeat-ack':
        this.lease.acknowledged(message.sentAt, message.gridTime, nowMs);
        break;
      case 'meta.propose':
        this.#proposeFor(from, message, nowMs, out);
        break;
      case 'meta.proposed':
        if (message.leader !== '') this.#hint = message.leader as MemberId;
        this.#proposals.answered(message);
        break;
      case 'meta.alter':
        if (!this.isLeader) return;
        for (const change of message.changes) {
          this.#controller.alter(this.#machine, from, change, nowMs);
        }
        break;
      case 'meta.handover':
        if (this.isLeader) this.#propose({ ...message, type: 'handover', from }, nowMs);
        break;
      case 'meta.removed':
        if (this.#machine.members.has(this.#self)) out.push({ kind: 'removed' });
        break;
    }
    this.#carryOut(nowMs, out);
  }

  tick(nowMs: number, stallMs: number, out: MetaAction[]): void {
    this.#raft?.tick(nowMs, stallMs, this.#raftOut);
    this.#carryOut(nowMs, out);
    this.#beat(nowMs, out);
    if (this.isLeader) {
      if (stallMs > this.#options.timings.electionMinMs / 2) this.#controller.excuse(nowMs);
      this.#lead(nowMs);
    }
    this.#sendProposals(nowMs, out);
    this.#carryOut(nowMs, out);
  }

  /** The end of a turn: what primaries proposed in it is committed together. */
  flush(nowMs: number, out: MetaAction[]): void {
    if (this.isLeader) {
      const command = this.#controller.takeAlterations();
      if (command !== undefined) this.#propose(command, nowMs);
    }
    this.#carryOut(nowMs, out);
  }

  #createRaft(kind: 'bootstrap' | 'join'): RaftCore {
    const { random, timings } = this.#options;
    const { raftHeartbeatMs: heartbeatMs, electionMinMs, electionMaxMs } = timings;
    const self = this.#self;
    const limits = defaultRaftLimits;
    return new RaftCore(
      { self, random, heartbeatMs, electionMinMs, electionMaxMs, ...limits },
      { kind },
    );
  }

  /** What the leader does without being asked. */
  #lead(nowMs: number): void {
    const raft = this.#raft;
    if (raft === undefined || !raft.leaderReadable()) return;
    const alterations = this.#controller.takeAlterations();
    if (alterations !== undefined) this.#propose(alterations, nowMs);
    this.#tendVoters(raft, nowMs);
    if (this.#machine.applied < this.#plannedAt) return;
    for (const command of this.#controller.commands(this.#machine, raft.config, nowMs)) {
      this.#plannedAt = Math.max(this.#plannedAt, this.#propose(command, nowMs));
    }
  }

  #tendVoters(raft: RaftCore, nowMs: number): void {
    if (raft.configIndex > raft.commit) return;
    const change = this.#controller.voterChange(this.#machine, raft.config, this.#self, nowMs);
    if (change === undefined) return;
    if (change.kind !== 'demote' || change.member !== this.#self) {
      raft.changeConfig(change, nowMs, this.#raftOut);
      return;
    }
    // A leader that leaves passes its office on; its successor takes its vote.
    const heir = this.#controller.heir(this.#machine, raft.config, this.#self, nowMs);
    if (heir !== undefined) raft.transferTo(heir, nowMs, this.#raftOut);
  }

  /** The index of the proposal, or 0 where it was not taken. */
  #propose(command: Command, nowMs: number): number {
    const result = this.#raft?.propose(encodeCommand(command), nowMs, this.#raftOut);
    return typeof result === 'object' ? result.index : 0;
  }

  #proposeFor(from: MemberId, message: MetaPropose, nowMs: number, out: MetaAction[]): void {
    const { request } = message;
    const raft = this.#raft;
    const isFormed = this.#machine.settings !== undefined;
    const result = raft?.propose(message.command, nowMs, this.#raftOut) ?? 'not-leader';
    if (typeof result === 'object') {
      this.#awaited.set(result.index, { from, request, term: result.term });
      return;
    }
    const dropped = result === 'overloaded' ? 'dropped' : 'not-leader';
    const outcome = isFormed ? dropped : 'unformed';
    this.#answer(from, request, outcome, 0, '', out);
  }

  #answer(
    to: MemberId,
    request: number,
    outcome: MetaProposed['outcome'],
    index: number,
    refusal: string,
    out: MetaAction[],
  ): void {
    const leader = this.#raft?.leader ?? '';
    const leaderAddress = this.#machine.members.get(leader as MemberId)?.address ?? '';
    const message: MetaProposed = {
      kind: 'meta.proposed',
      request,
      outcome,
      index,
      refusal,
      leader,
      leaderAddress,
    };
    if (to === this.#self) this.#proposals.answered(message);
    else out.push({ kind: 'send', to, message });
  }

  #sendProposals(nowMs: number, out: MetaAction[]): void {
    if (this.#proposals.size === 0) return;
    const contacts = this.#options.contacts();
    this.#proposals.due(nowMs, (request, command) => {
      if (this.isLeader) {
        this.#proposeFor(this.#self, { kind: 'meta.propose', request, command }, nowMs, out);
        return;
      }
      const hint = this.#hint;
      this.#hint = undefined;
      const known = this.#raft?.leader ?? hint;
      const to = known ?? (contacts.length > 0 ? this.#options.random.pick(contacts) : undefined);
      if (to === undefined || to === this.#self) return;
      out.push({ kind: 'send', to, message: { kind: 'meta.propose', request, command } });
    });
  }

  /** Asks for the lease, of itself where this member leads. */
  #beat(nowMs: number, out: MetaAction[]): void {
    const leader = this.#raft?.leader;
    const isMember = this.#machine.members.has(this.#self);
    if (leader === undefined || !isMember) return;
    if (nowMs - this.#heartbeatAt < this.#options.timings.leaseHeartbeatMs) return;
    this.#heartbeatAt = nowMs;
    this.lease.sent(nowMs);
    const message: MetaHeartbeat = {
      kind: 'meta.heartbeat',
      sentAt: nowMs,
      applied: this.#machine.applied,
    };
    if (leader === this.#self) this.#heartbeat(leader, message, nowMs, out);
    else out.push({ kind: 'send', to: leader, message });
  }

  #heartbeat(from: MemberId, message: MetaHeartbeat, nowMs: number, out: MetaAction[]): void {
    const raft = this.#raft;
    if (raft === undefined || !this.isLeader || !raft.leaderReadable()) return;
    const { sentAt } = message;
    const member = this.#machine.members.get(from);
    if (member === undefined) {
      out.push({ kind: 'send', to: from, message: { kind: 'meta.removed', sentAt } });
      return;
    }
    const contactAt = raft.contactAt(nowMs);
    const gridTime = this.lease.gridTime(nowMs);
    const revival = this.#controller.revival(member, message.applied, nowMs, gridTime);
    if (revival !== undefined) this.#propose(revival, nowMs);
    if (!this.#controller.heartbeat(member, message.applied, contactAt, nowMs)) return;
    if (from === this.#self) {
      this.lease.acknowledged(sentAt, gridTime, nowMs);
    } else {
      const ack: MetaHeartbeatAck = { kind: 'meta.heartbeat-ack', sentAt, gridTime };
      out.push({ kind: 'send', to: from, message: ack });
    }
  }

  #carryOut(nowMs: number, out: MetaAction[]): void {
    // Carrying out may lead to further actions of the core.
    for (let at = 0; at < this.#raftOut.length; at++) {
      const action = this.#raftOut[at];
      if (action === undefined) continue;
      switch (action.kind) {
        case 'send':
          out.push(action);
          break;
        case 'commit':
          this.#apply(action.entry, out);
          this.lease.passGridTime(this.#machine.gridTime, nowMs);
          break;
        case 'restore':
          this.#machine.load(decodeState(action.bytes));
          this.lease.passGridTime(this.#machine.gridTime, nowMs);
          out.push({ kind: 'table', partitions: 'all' });
          break;
        case 'take-snapshot':
          this.#raft?.provideSnapshot(this.#machine.applied, encodeState(this.#machine));
          break;
        case 'role':
          this.#roleChanged(action.leader, nowMs, out);
          break;
      }
    }
    this.#raftOut = [];
  }

  #apply(entry: RaftEntry, out: MetaAction[]): void {
    const awaited = this.#awaited.get(entry.index);
    this.#awaited.delete(entry.index);
    if (entry.kind !== 'command') {
      this.#machine.skip(entry.index);
      return;
    }
    const { refusal, partitions } = this.#machine.apply(entry.index, decodeCommand(entry.body));
    out.push({ kind: 'table', partitions });
    if (awaited === undefined) return;
    const { from, request, term } = awaited;
    const outcome = term === entry.term ? 'committed' : 'dropped';
    this.#answer(from, request, outcome, entry.index, refusal, out);
  }

  #roleChanged(leader: MemberId | undefined, nowMs: number, out: MetaAction[]): void {
    if (leader === this.#self && this.isLeader) {
      this.#controller.lead(nowMs);
      this.#plannedAt = 0;
    } else {
      this.#awaited.clear();
    }
    if (leader !== undefined) this.#proposals.hurry();
    // The next tick asks the new leader for the lease at once.
    this.#heartbeatAt = Number.NEGATIVE_INFINITY;
    out.push({ kind: 'leader', leader });
  }
}
