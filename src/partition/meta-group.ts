/**
 * The meta group as one member sees it: its Raft core, the state machine that the log feeds, the
 * controller while this member leads, and the member's own lease.
 *
 * Invariants
 * 1. Commands are applied in the order of the log and on every member, leader or not.
 * 2. Only the leader proposes, on its own account or for another member.
 * 3. A heartbeat is sent only by a member that sees itself in the table.
 */
import { assert } from '../base/assert.ts';
import type { Clock } from '../base/clock.ts';
import type { MemberId } from '../base/ids.ts';
import type { Limits } from '../base/limits.ts';
import type { Random } from '../base/random.ts';
import type { Timings } from '../base/timings.ts';
import type { RaftActions } from '../consensus/raft-actions.ts';
import type { RaftCore } from '../consensus/raft-core.ts';
import type { RaftConfig, RaftEntry, RaftMessage } from '../wire/consensus-messages.ts';
import type { MetaHeartbeat, MetaHeartbeatAck, MetaRemoved } from '../wire/meta-messages.ts';
import { Controller, type Suspicions } from './controller.ts';
import { type Dialect, ownDialect, refusalOf } from './dialect.ts';
import type { Sightings } from './fork-watch.ts';
import { Lease } from './lease.ts';
import type { MetaAction, MetaMessage } from './meta-actions.ts';
import { decodeCommand, decodeState, encodeCommand, encodeState } from './meta-codec.ts';
import { MetaMachine } from './meta-machine.ts';
import { createRaft } from './meta-raft.ts';
import type { ClusterSettings, Command, MetaState, NewMember } from './meta-state.ts';
import { Motions } from './motions.ts';
import type { ProposalResult } from './proposals.ts';
import { Succession, type SuccessionActions } from './succession.ts';

export interface MetaGroupOptions {
  readonly member: NewMember;
  readonly clock: Clock;
  readonly random: Random;
  readonly timings: Timings;
  readonly suspicions: Suspicions;
  readonly sightings: Sightings;
  readonly limits: Limits;
  /** @default that of this code */
  readonly dialect?: Dialect | undefined;
  /** The lineage that it is to join; empty where it is to find one. @default '' */
  readonly lineage?: string;
  /** Members that may know the leader, while this one does not. */
  contacts(): readonly MemberId[];
}

export class MetaGroup {
  readonly #options: MetaGroupOptions;
  readonly #self: MemberId;
  readonly #dialect: Dialect;
  readonly #machine = new MetaMachine();
  readonly #controller: Controller;
  readonly #motions: Motions;
  readonly #succession: Succession;
  readonly lease: Lease;
  #raft: RaftCore | undefined;
  /** The controller plans again when this much is applied. */
  #plannedAt = 0;
  /** The config after which voters were looked at last. */
  #tendedAt = 0;
  #heartbeatAt = Number.NEGATIVE_INFINITY;
  #raftOut: RaftActions = [];

  constructor(options: MetaGroupOptions) {
    this.#options = options;
    this.#self = options.member.id;
    this.#dialect = options.dialect ?? ownDialect;
    this.#controller = new Controller(options);
    const { random, timings, contacts } = options;
    const motions = {
      self: this.#self,
      random,
      state: this.#machine,
      resendMs: timings.resendMs * 2,
      strayedMs: timings.leaseMs,
      raft: () => this.#raft,
      isLed: () => this.lease.isValid(options.clock.monotonic()),
      contacts,
      refusalOf: (command: Uint8Array) =>
        refusalOf(decodeCommand(command), this.#dialect, this.#machine),
    };
    this.#motions = new Motions(motions, options.lineage);
    this.lease = new Lease(options.clock, timings);
    this.#succession = new Succession({
      self: this.#self,
      timings,
      random,
      state: this.#machine,
      sightings: options.sightings,
      voidSince: (nowMs) => this.lease.voidSince(nowMs),
    });
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
    this.#raft = createRaft(this.#options, { kind: 'bootstrap' });
    this.lease.setGridTime(this.#options.clock.wall(), nowMs);
    this.#raft.tick(nowMs, 0, this.#raftOut);
    const protocol = this.#dialect.protocolMin;
    this.#propose({ type: 'form', clusterId, settings, protocol }, nowMs);
    this.#propose({ type: 'join', member: this.#options.member, settings }, nowMs);
    this.#carryOut(nowMs, out);
  }

  /** Goes on as the only voter of a lineage that begins with this state. */
  inherit(state: MetaState, gridTime: number, nowMs: number, out: MetaAction[]): void {
    this.#machine.load(state);
    const bytes = encodeState(state);
    this.#raft = createRaft(this.#options, { kind: 'inherit', index: state.applied, bytes });
    this.lease.setGridTime(gridTime, nowMs);
    this.#raft.tick(nowMs, 0, this.#raftOut);
    // The first command has the state machine look at what is lost.
    this.#propose({ type: 'status', id: this.#self, status: 'up' }, nowMs);
    out.push({ kind: 'table', partitions: 'all' });
    this.#carryOut(nowMs, out);
  }

  /** Waits for the leader of a cluster that this process asks to take it in. */
  follow(): void {
    this.#raft ??= createRaft(this.#options, { kind: 'join' });
  }

  /** Has a command committed by whoever leads; `done` as in `Proposals.open`. */
  commit(
    command: Command,
    nowMs: number,
    timeoutMs: number,
    done: (result: ProposalResult | undefined) => void,
  ): void {
    this.#motions.open(command, nowMs, timeoutMs, done);
  }

  receiveRaft(from: MemberId, message: RaftMessage, nowMs: number, out: MetaAction[]): void {
    this.#succession.heard(from, this.#raft, nowMs);
    this.#raft?.receive(from, message, nowMs, this.#raftOut);
    this.#carryOut(nowMs, out);
  }

  receive(from: MemberId, message: MetaMessage, nowMs: number, out: MetaAction[]): void {
    this.#succession.heard(from, this.#raft, nowMs);
    switch (message.kind) {
      case 'meta.heartbeat':
        this.#heartbeat(from, message, nowMs, out);
        break;
      case 'meta.heartbeat-ack':
        this.lease.acknowledged(message.sentAt, message.gridTime, nowMs);
        break;
      case 'meta.propose':
        this.#motions.asked(from, message, nowMs, this.#raftOut, this.#sender(out));
        break;
      case 'meta.proposed':
        if (!this.#motions.answered(message, nowMs)) out.push({ kind: 'removed' });
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
        if (this.#isOwn(message)) out.push({ kind: 'removed' });
        break;
      default:
        this.#succession.receive(from, message, this.#raft, nowMs, this.#successor(nowMs, out));
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
    this.#motions.send(nowMs, this.#raftOut, this.#sender(out));
    this.#carryOut(nowMs, out);
    if (this.#raft !== undefined) {
      this.#succession.tick(this.#raft, nowMs, stallMs, this.#successor(nowMs, out));
      this.#carryOut(nowMs, out);
    }
  }

  /** As of `ForkWatch.goOnAlone`. */
  goOnAlone(nowMs: number): string | undefined {
    return this.#raft ? this.#succession.goOnAlone(this.#raft, nowMs) : 'it is in no grid';
  }

  /** The end of a turn: what primaries proposed in it is committed together. */
  flush(nowMs: number, out: MetaAction[]): void {
    if (this.isLeader) {
      const command = this.#controller.takeAlterations();
      if (command !== undefined) this.#propose(command, nowMs);
      this.#followUp(nowMs);
    }
    this.#carryOut(nowMs, out);
  }

  /** Another lineage's word on this member means nothing: here it may be one. */
  #isOwn({ lineage }: MetaRemoved): boolean {
    return this.#machine.lineage.id === lineage && this.#machine.members.has(this.#self);
  }

  #successor(nowMs: number, out: MetaAction[]): SuccessionActions {
    return {
      send: this.#sender(out),
      propose: (command) => void this.#propose(command, nowMs),
      fork: () => out.push({ kind: 'fork' }),
      yield: (yields) => out.push({ kind: 'yield', yields }),
      apart: (lineage) => out.push({ kind: 'apart', lineage }),
    };
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

  /** The step after a change of voters does not wait for a tick: on the way down two voters need each other. */
  #followUp(nowMs: number): void {
    const raft = this.#raft;
    if (raft === undefined || raft.configIndex <= this.#tendedAt || !raft.leaderReadable()) return;
    this.#tendVoters(raft, nowMs);
  }

  #tendVoters(raft: RaftCore, nowMs: number): void {
    if (raft.configIndex > raft.commit) return;
    this.#tendedAt = raft.configIndex;
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
    if (refusalOf(command, this.#dialect, this.#machine) !== '') return 0;
    const result = this.#raft?.propose(encodeCommand(command), nowMs, this.#raftOut);
    return typeof result === 'object' ? result.index : 0;
  }

  #sender(out: MetaAction[]): (to: MemberId, message: MetaMessage) => void {
    return (to, message) => out.push({ kind: 'send', to, message });
  }

  /** Asks for the lease, of itself where this member leads. */
  #beat(nowMs: number, out: MetaAction[]): void {
    const isMember = this.#machine.members.has(this.#self);
    const leader = this.#raft?.leader ?? this.#anybody();
    if (leader === undefined || !isMember) return;
    if (nowMs - this.#heartbeatAt < this.#options.timings.leaseHeartbeatMs) return;
    this.#heartbeatAt = nowMs;
    this.lease.sent(nowMs);
    const message: MetaHeartbeat = {
      kind: 'meta.heartbeat',
      sentAt: nowMs,
      applied: this.#machine.applied,
      gridTime: this.lease.gridTime(nowMs),
    };
    if (leader === this.#self) this.#heartbeat(leader, message, nowMs, out);
    else out.push({ kind: 'send', to: leader, message });
  }

  /** Somebody who may know why no leader is heard of: perhaps the others have gone on without this member. */
  #anybody(): MemberId | undefined {
    const contacts = this.#options.contacts();
    return contacts.length > 0 ? this.#options.random.pick(contacts) : undefined;
  }

  #heartbeat(from: MemberId, message: MetaHeartbeat, nowMs: number, out: MetaAction[]): void {
    const raft = this.#raft;
    // A lineage that has ended serves nothing any more.
    if (this.#machine.yields !== undefined) return;
    const { sentAt } = message;
    const member = this.#machine.members.get(from);
    const isInOffice = this.isLeader && raft?.leaderReadable() === true;
    if (this.#machine.departed.has(from) || (member === undefined && isInOffice)) {
      const { id: lineage } = this.#machine.lineage;
      out.push({ kind: 'send', to: from, message: { kind: 'meta.removed', sentAt, lineage } });
      return;
    }
    if (raft === undefined || member === undefined || !isInOffice) return;
    if (!this.#learnGridTime(from, message, raft.config, nowMs)) return;
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

  /** Whether this leader has grid time from enough to grant a lease: it may never have been told itself. */
  #learnGridTime(
    from: MemberId,
    { gridTime }: MetaHeartbeat,
    config: RaftConfig,
    nowMs: number,
  ): boolean {
    if (this.#controller.hasHeardMajority(config)) return true;
    this.lease.passGridTime(gridTime, nowMs);
    this.#controller.heard(from);
    return this.#controller.hasHeardMajority(config);
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
    if (entry.kind !== 'command') {
      this.#machine.skip(entry.index);
      this.#motions.applied(entry, '', this.#sender(out));
      return;
    }
    const command = decodeCommand(entry.body);
    const isKnown = (this.#dialect.since[command.type] ?? Infinity) <= this.#dialect.protocol;
    assert(isKnown, `every member speaks the version of what is committed, not so ${command.type}`);
    const { refusal, partitions } = this.#machine.apply(entry.index, command);
    out.push({ kind: 'table', partitions });
    this.#motions.applied(entry, refusal, this.#sender(out));
  }

  #roleChanged(leader: MemberId | undefined, nowMs: number, out: MetaAction[]): void {
    if (leader === this.#self && this.isLeader) {
      this.#controller.lead(nowMs);
      this.#plannedAt = 0;
    }
    this.#motions.leaderChanged(leader);
    this.#succession.leaderChanged();
    // The next tick asks the new leader for the lease at once.
    this.#heartbeatAt = Number.NEGATIVE_INFINITY;
    out.push({ kind: 'leader', leader });
  }
}
