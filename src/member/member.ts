/**
 * One process as a member: membership, meta group, partitions and calls, wired to one clock and one
 * transport. It makes no decision of its own, and it has no promises: the simulator runs it unchanged,
 * and grid-member.ts puts the public API over it.
 */
import type { ActorRef } from '../actors/actor.ts';
import { ActorSystem } from '../actors/actor-system.ts';
import { type Clock, repeat, type Timer } from '../base/clock.ts';
import type { CallerId, MemberId } from '../base/ids.ts';
import type { Logger } from '../base/logger.ts';
import type { Random } from '../base/random.ts';
import type { Stall } from '../base/stall.ts';
import type { MergePolicy } from '../grid-merge.ts';
import type { MembershipActor, MembershipInput } from '../membership/membership-actor.ts';
import type { Swim } from '../membership/swim.ts';
import type { SwimAction } from '../membership/swim-types.ts';
import type { Dialect } from '../partition/dialect.ts';
import type { Yield } from '../partition/merges.ts';
import type { MetaAction } from '../partition/meta-actions.ts';
import type { MetaActor, MetaInput } from '../partition/meta-actor.ts';
import type { MetaGroup } from '../partition/meta-group.ts';
import { type Command, isServing, type MetaState } from '../partition/meta-state.ts';
import type { BeforeStep } from '../partition/move-steps.ts';
import type { PartitionHost } from '../partition/partition-host.ts';
import type { ProposalResult } from '../partition/proposals.ts';
import { MemberRouter } from '../partition/router.ts';
import type { StructureType } from '../partition/store.ts';
import { Calls } from '../transport/calls.ts';
import type { Transport } from '../transport/transport.ts';
import type { OpRequest } from '../wire/op-messages.ts';
import { type ClientPort, noClients } from './client-port.ts';
import { Departure } from './departure.ts';
import { Dispatch } from './dispatch.ts';
import { claim, type Inheritance, type MergeInheritance } from './inheritance.ts';
import { Joining } from './joining.ts';
import { createMembership, createMeta, newMemberOf } from './member-actors.ts';
import { MemberCourier } from './member-courier.ts';
import { createHost } from './member-host.ts';
import type { MemberSettings } from './member-settings.ts';
import { isSafe, unsafeReason } from './member-view.ts';
import { Mergers } from './mergers.ts';
import { Roster } from './roster.ts';
import { MemberSightings } from './sightings.ts';

/** What a member lives on; the simulator passes its own. */
export interface MemberParts {
  readonly id: MemberId;
  readonly clock: Clock;
  readonly random: Random;
  readonly transport: Transport;
  readonly stall: Stall;
  readonly logger: Logger;
  /** What an earlier identity of the process left to this one. */
  readonly inheritance?: Inheritance | undefined;
  /** For harnesses: told right before each step of a move. */
  readonly beforeStep?: BeforeStep | undefined;
  /** For harnesses: a process of another version. */
  readonly dialect?: Dialect | undefined;
  readonly mergePolicies?: Readonly<Record<string, MergePolicy>>;
}

export interface MemberEvents {
  /** The table has changed, or who leads. */
  onTable(): void;
  onSwim(action: Exclude<SwimAction, { kind: 'send' }>): void;
  /** This member was removed by the others, or has lost an invariant: it serves nothing any more. */
  onStopped(reason: 'removed' | 'failed', error: unknown): void;
  /** This member has ended: the process is to go on as another one, with this. */
  onSucceeded(inheritance: Inheritance): void;
  /** Another cluster of this name holds something too, and nobody said that they belong together. */
  onApart(lineage: string): void;
}

const tickMs = 25;
const comesBack =
  'expected to be the member that this process was, found that it joins again as another one; wait for `connected` among its events, then call again';
const supervision = { onFailure: 'escalate' } as const;

export class Member {
  readonly id: MemberId;
  readonly settings: MemberSettings;
  readonly host: PartitionHost;
  readonly calls: Calls;
  readonly router: MemberRouter;
  readonly joining: Joining;
  /** Who speaks for light clients; set before the first of them comes. */
  clients: ClientPort = noClients;
  readonly #parts: MemberParts;
  readonly #events: MemberEvents;
  readonly #actors: ActorSystem;
  readonly #sightings: MemberSightings;
  readonly #membership: MembershipActor;
  readonly #membershipRef: ActorRef<MembershipInput>;
  readonly #meta: MetaActor;
  readonly #metaRef: ActorRef<MetaInput>;
  readonly #roster: Roster;
  readonly #dispatch: Dispatch;
  readonly #departure: Departure;
  readonly #timer: Timer;
  /** Whether the table has ever named this member. */
  #wasIn = false;
  /** Brings in what this process had in a lineage that ended. */
  readonly #mergers: Mergers;
  #isClosed = false;

  constructor(
    parts: MemberParts,
    settings: MemberSettings,
    types: ReadonlyMap<string, StructureType>,
    events: MemberEvents,
  ) {
    this.id = parts.id;
    this.settings = settings;
    this.#parts = parts;
    this.#events = events;
    const { clock, random, logger, transport } = parts;
    const onEscalation = (_: string, error: unknown) => this.#stop('failed', error);
    this.#actors = new ActorSystem({ clock, logger, onEscalation });
    this.#sightings = new MemberSightings(this.id, () => this.swim);
    this.#membership = createMembership(parts, settings, (action) => this.#carryOutSwim(action));
    this.#meta = createMeta(parts, settings, this, this.#sightings, (action) =>
      this.#carryOutMeta(action),
    );
    this.#membershipRef = this.#actors.spawn('membership', () => this.#membership, { supervision });
    this.#metaRef = this.#actors.spawn('meta', () => this.#meta, { supervision });
    this.#roster = new Roster(this.state, settings.timings.suspicionMinMs * 2);
    this.joining = this.#createJoining();
    this.#dispatch = this.#createDispatch();
    this.host = this.#createHost(types);
    this.#actors.scheduler.onTurnEnd(() => this.#meta.flush());
    const caller = this.id as string as CallerId;
    const { refuseAfterMs } = settings.timings;
    const courier = new MemberCourier(this.id, this.meta, this.#dispatch, clock, refuseAfterMs);
    this.calls = new Calls({ caller, clock, random, limits: settings.limits, courier });
    const commit = this.#commit.bind(this);
    this.#departure = new Departure(this.id, commit);
    const { id, host, calls, meta } = this;
    this.router = new MemberRouter({ self: id, clock, meta, commit, host, calls });
    transport.listen(this.#dispatch);
    this.#timer = repeat(clock, tickMs, () => this.#tick());
    const { inheritance, mergePolicies: policies = {} } = parts;
    if (inheritance?.kind === 'fork') {
      this.#metaRef.tellControl(claim(inheritance, newMemberOf(parts, settings), parts, host));
    }
    this.#mergers = new Mergers(
      { self: id, clock, logger, policies, router: this.router, state: this.state, commit },
      inheritance,
    );
  }

  get state(): MetaState {
    return this.#meta.group.state;
  }

  get meta(): MetaGroup {
    return this.#meta.group;
  }

  get swim(): Swim {
    return this.#membership.swim;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Whether this member is one of the cluster and may serve. */
  get isReady(): boolean {
    const isIn = !this.#isClosed && isServing(this.state.members.get(this.id));
    return isIn && this.meta.lease.isValid(this.#parts.clock.monotonic());
  }

  /** What this process had elsewhere and has not brought in yet, for the identity after this one. */
  get unfinished(): MergeInheritance | undefined {
    return this.#mergers.unfinished;
  }

  get isSafe(): boolean {
    return isSafe(this.state, this.meta.raft?.config, (id) => this.#isSuspect(id));
  }

  /** What is still to come until the grid is safe, as this member sees it. */
  get unsafeReason(): string | undefined {
    return unsafeReason(this.state, this.meta.raft?.config, (id) => this.#isSuspect(id));
  }

  /** Whether this member said that it goes, and the others have taken over all that it held. */
  get isHandedOver(): boolean {
    return this.#departure.isOver;
  }

  /** Says that this member is about to go, so that the others take over what it holds. */
  leave(timeoutMs: number): void {
    this.#departure.begin(timeoutMs);
  }

  /** Tells everybody that this process goes, and that its going is no crash. */
  sayGoodbye(): void {
    this.#membershipRef.tellControl({ kind: 'leave' });
  }

  /** Hands a request of a client to another member; false where it cannot be reached. */
  readonly toMember = (to: MemberId, message: OpRequest) => this.#dispatch.toMember(to, message);
  readonly runAfter = (bring: () => void) => this.#actors.scheduler.runAfter(bring);

  /** Somebody's word that the voters that are missed are gone for good: see `ForkWatch.goOnAlone`. */
  readonly goOnAlone = (done: (refusal: string | undefined) => void) =>
    this.#metaRef.tellControl({ kind: 'go-on-alone', done });

  /** Lost partitions come back, empty. */
  acceptLoss(timeoutMs: number, done: (isDone: boolean) => void): void {
    this.router.acceptLoss(timeoutMs, done);
  }

  /** Idempotent. Open calls end with `GRID_CLOSED`, and this text where there is one. */
  close(text?: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#timer.cancel();
    this.#actors.stop();
    this.calls.close(text);
    this.#parts.transport.close();
  }

  #tick(): void {
    const stallMs = this.#parts.stall.lagMs(this.settings.timings.probeIntervalMs);
    this.#membershipRef.tellControl({ kind: 'tick', stallMs });
    this.#metaRef.tellControl({ kind: 'tick', stallMs });
    this.host.tick(this.#parts.clock.monotonic());
    this.calls.tick();
    if (this.isReady) this.#mergers.tick();
    this.#departure.tick(this.state.members.get(this.id));
    if (!this.#wasIn && !this.#departure.isWanted && !this.meta.isLeader) this.joining.tick();
  }

  #commit(
    command: Command,
    timeoutMs: number,
    done: (result: ProposalResult | undefined) => void,
  ): void {
    if (this.#isClosed) done(undefined);
    else this.#metaRef.tellControl({ kind: 'commit', command, timeoutMs, done });
  }

  /** Doubted by membership, or its process refused a connection just now. */
  #isSuspect(id: MemberId): boolean {
    const nowMs = this.#parts.clock.monotonic();
    return this.isDoubtful(id) || this.#roster.isRefused(id, nowMs);
  }

  isDoubtful(id: MemberId): boolean {
    return id !== this.id && this.swim.stateOf(id) !== 'alive';
  }

  #carryOutSwim(action: SwimAction): void {
    if (action.kind === 'send') {
      this.#parts.transport.send(action.to, action.id, 'control', action.message);
      return;
    }
    const member = action.kind === 'replaced' ? action.old : action.member;
    if (action.kind === 'replaced') this.#condemn(member.id);
    else this.#roster.note(member.id, member.address);
    if (action.kind === 'dead' || action.kind === 'left' || action.kind === 'replaced') {
      this.calls.peerLost(member.id);
      this.clients.peerLost(member.id);
    }
    this.#events.onSwim(action);
  }

  /** Another process is at the address: proof that the old one is gone. */
  #condemn(id: MemberId): void {
    if (!this.meta.isLeader || !this.state.members.has(id)) return;
    this.#commit({ type: 'remove', id }, this.settings.timings.removeAfterMs, () => {});
  }

  #carryOutMeta(action: MetaAction): void {
    switch (action.kind) {
      case 'send':
        this.#dispatch.toMember(action.to, action.message);
        break;
      case 'table':
        this.router.structuresChanged();
        this.host.tableChanged(action.partitions);
        this.calls.tableChanged();
        this.clients.tableChanged();
        this.#events.onTable();
        this.#watchOwnRow();
        break;
      case 'leader':
        this.#events.onTable();
        break;
      case 'removed':
        this.#removed();
        break;
      case 'fork':
        this.#succeed(undefined);
        break;
      case 'yield':
        this.#succeed(action.yields);
        break;
      case 'apart':
        this.#events.onApart(action.lineage);
        break;
    }
  }

  /** An identity that the table has dropped is never taken in again. */
  #watchOwnRow(): void {
    if (this.state.members.has(this.id)) this.#wasIn = true;
    else if (this.#wasIn) this.#removed();
  }

  #removed(): void {
    // Who leaves goes on until the others have heard its goodbye.
    if (this.#departure.isWanted) this.#departure.isOver = true;
    else this.#stop('removed', undefined);
  }

  /** Ends, and leaves all to an identity that goes on alone, or that goes where this lineage was merged. */
  #succeed(into: Yield | undefined): void {
    if (this.#isClosed || this.#departure.isWanted) return;
    const { id: from, state, meta } = this;
    const { clock } = this.#parts;
    const gridTime = meta.lease.gridTime(clock.monotonic());
    const wallTime = clock.wall();
    const legacy = this.host.surrender();
    const isAlone = state.yields === undefined;
    const besides = this.unfinished;
    this.close(comesBack);
    this.#events.onSucceeded(
      into === undefined
        ? { kind: 'fork', from, state, legacy, besides, gridTime, wallTime }
        : { kind: 'merge', from, state, legacy, besides, into, isAlone },
    );
  }

  #stop(reason: 'removed' | 'failed', error: unknown): void {
    if (this.#isClosed) return;
    this.close(reason === 'removed' ? comesBack : undefined);
    this.#events.onStopped(reason, error);
  }

  #createJoining(): Joining {
    const { clock, random } = this.#parts;
    return new Joining({
      self: newMemberOf(this.#parts, this.settings),
      settings: this.settings,
      clock,
      random,
      others: () => this.#sightings.others(),
      hasSeenCluster: () => this.#dispatch.hasSeenCluster,
      form: (clusterId, settings) =>
        this.#metaRef.tellControl({ kind: 'form', clusterId, settings }),
      follow: () => this.#metaRef.tellControl({ kind: 'follow' }),
      pledgeTo: (candidate) =>
        this.#dispatch.toMember(candidate, { kind: 'meta.pledge', candidate }),
      commit: (command, timeoutMs, done) => this.#commit(command, timeoutMs, done),
    });
  }

  #createDispatch(): Dispatch {
    const { transport, clock } = this.#parts;
    return new Dispatch({
      self: this.id,
      nowMs: () => clock.monotonic(),
      transport,
      roster: this.#roster,
      membership: this.#membershipRef,
      meta: this.#metaRef,
      leader: () => this.meta.leader,
      host: () => this.host,
      calls: () => this.calls,
      clients: () => this.clients,
      onPledge: (from) => this.joining.pledgedBy(from),
      runAfter: this.runAfter,
    });
  }

  #createHost(types: ReadonlyMap<string, StructureType>): PartitionHost {
    const { clock, inheritance, beforeStep } = this.#parts;
    return createHost({
      beforeStep,
      self: this.id,
      settings: this.settings,
      clock,
      actors: this.#actors,
      state: this.state,
      lease: this.meta.lease,
      roster: this.#roster,
      clients: () => this.clients,
      types,
      outlet: this.#dispatch,
      budget: inheritance?.legacy.budget,
      heirloom: (partition) => this.#mergers.give(partition),
    });
  }
}
