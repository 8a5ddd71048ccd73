/**
 * What the meta leader does beside keeping the log: it grants leases, suspends and removes members,
 * weighs what primaries propose, and appoints learners and voters (PROTOCOL.md 2.3, 2.5).
 *
 * Invariants
 * 1. A lease is granted only while no other leader can have been elected: a majority's contact, counted
 *    from when it was sent, is younger than the shortest election.
 * 2. A member is suspended only after every lease that any leader granted it is over; a new leader waits
 *    a whole lease before it holds any for over.
 * 3. A lease is granted only to a member that knows the table as it was when it last began to serve or
 *    later, and whose suspension is not on its way: so what it believes to be primary of, it is.
 * 4. Time alone removes nobody while that would leave a partition without a serving copy in sync.
 * 5. A new leader grants no lease before it has heard a majority of the voters, and with each what grid time is
 *    there: it may have been a member for so short a time that no leader has told it.
 * 6. Everything is level-triggered: what is to be done follows from the state as it is.
 */
import type { MemberId, PartitionId } from '../base/ids.ts';
import type { Limits } from '../base/limits.ts';
import type { Timings } from '../base/timings.ts';
import { type ConfigChange, majorityOf } from '../consensus/config.ts';
import type { RaftConfig } from '../wire/consensus-messages.ts';
import type { InSyncChange } from '../wire/meta-messages.ts';
import { Comings } from './comings.ts';
import { Upgrade } from './dialect.ts';
import { isSameSet } from './meta-rows.ts';
import {
  type Alteration,
  type Assignment,
  type Command,
  copiesWanted,
  groupOf,
  holdsNothing,
  isServing,
  type MemberRow,
  type MetaState,
  type PartitionRow,
  rowOf,
} from './meta-state.ts';
import { handoversToCome, plan } from './placement.ts';
import { hasSurplusVoters, nextVoterChange } from './voters.ts';

/** What membership says of a member; a suspicion, never proof. */
export interface Suspicions {
  isDoubtful(member: MemberId): boolean;
}

/** A handover that does not end within this is given up and tried again later. */
const handoverMs = 2_000;
/**
 * Handovers that only make primaries level are spread over a time: each makes its callers wait, and a member that is
 * primary for the first time has code to warm up.
 */
const handovers = { spreadMs: 20_000, gapMinMs: 25, gapMaxMs: 250 };

export interface ControllerOptions {
  readonly timings: Timings;
  readonly suspicions: Suspicions;
  readonly limits: Limits;
}

export class Controller {
  readonly #timings: Timings;
  readonly #suspicions: Suspicions;
  readonly #copiesMax: number;
  /** Until when each member may hold a lease; of one that never had any, when it was first seen. */
  readonly #grants = new Map<MemberId, number>();
  /** Who has been heard since this member leads. */
  readonly #heard = new Set<MemberId>();
  /** Members whose suspension was proposed and is not applied. */
  readonly #suspending = new Set<MemberId>();
  /** Before this no lease is held for over. */
  #leaseFloor = 0;
  #alterations: Alteration[] = [];
  /** Rows whose only other copy is silent, and since when. */
  readonly #slow = new Map<PartitionId, { readonly since: number; askedAt: number }>();
  readonly #handovers = new Map<
    PartitionId,
    { readonly version: number; readonly since: number }
  >();
  #handOverFrom = Number.NEGATIVE_INFINITY;
  /** How many were to come when primaries were least level. */
  #handoversMost = 0;
  readonly #comings: Comings;
  readonly #upgrade: Upgrade;
  /** From whom to whom a copy was given up, and until when nobody tries again. */
  readonly #failed = new Map<string, number>();
  /** What the last plan looked at, where it found nothing to do. */
  #restedAt = '';
  /** Somebody has come back: until then nobody is removed for its silence, for more may be on their way. */
  #reunionUntil = Number.NEGATIVE_INFINITY;

  constructor({ timings, suspicions, limits }: ControllerOptions) {
    this.#timings = timings;
    this.#suspicions = suspicions;
    this.#copiesMax = limits.copySessionsMax;
    this.#comings = new Comings(timings.rebalanceDelayMs);
    this.#upgrade = new Upgrade(timings.upgradeDelayMs);
  }

  /** This member has become the meta leader. */
  lead(nowMs: number): void {
    this.#leaseFloor = nowMs + this.#timings.leaseMs;
    this.#grants.clear();
    this.#heard.clear();
    this.#suspending.clear();
    this.#alterations = [];
    this.#slow.clear();
    this.#handovers.clear();
    this.#handoversMost = 0;
    this.#failed.clear();
    this.#comings.forget();
    this.#upgrade.forget();
    this.#restedAt = '';
  }

  /** This process stood still: what it did not hear from others is not their fault. */
  excuse(nowMs: number): void {
    this.#leaseFloor = Math.max(this.#leaseFloor, nowMs + this.#timings.leaseMs);
  }

  heard(id: MemberId): void {
    this.#heard.add(id);
  }

  hasHeardMajority(config: RaftConfig): boolean {
    const heard = config.voters.filter((id) => this.#heard.has(id)).length;
    return heard >= majorityOf(config);
  }

  /**
   * Whether the heartbeat of a member that has applied the log up to `applied` is granted. `contactAt`:
   * as Raft's leader counts it.
   */
  heartbeat(
    member: MemberRow,
    applied: number,
    contactAt: number | undefined,
    nowMs: number,
  ): boolean {
    if (contactAt === undefined || nowMs - contactAt >= this.#timings.electionMinMs) return false;
    if (!isServing(member) || applied < member.servingSince) return false;
    if (this.#suspending.has(member.id)) return false;
    this.#grants.set(member.id, nowMs + this.#timings.leaseMs);
    return true;
  }

  /** A heartbeat of one that has caught up after joining, or is back: what it is to be from now on. */
  revival(
    member: MemberRow,
    applied: number,
    nowMs: number,
    gridTime: number,
  ): Command | undefined {
    const hasJoined = member.status === 'joining' && applied >= member.joinedAt;
    if (!hasJoined && member.status !== 'suspended') return undefined;
    if (!hasJoined) this.#reunionUntil = nowMs + this.#timings.healMs;
    // Time to ask for its first lease before the lack of one counts against it.
    this.#grants.set(member.id, nowMs + this.#timings.leaseMs);
    return { type: 'status', id: member.id, status: 'up', gridTime };
  }

  /** A primary's proposal; what is allowed is committed with the others of the turn. */
  alter(state: MetaState, from: MemberId, change: InSyncChange, nowMs: number): void {
    const row = rowOf(state, change.partition);
    if (row === undefined || row.version !== change.version || row.term !== change.term) return;
    if (!this.#mayShrink(state, row, change, nowMs)) return;
    const { partition, term, version, inSync } = change;
    if (row.learner !== undefined && isSameSet(row.inSync, inSync)) {
      // Longer than it takes to give one up: else the next that waits for its turn is given the same way again.
      const { rebalanceDelayMs, copyStallMaxMs } = this.#timings;
      const until = nowMs + Math.max(rebalanceDelayMs, 3 * copyStallMaxMs);
      this.#failed.set(pairOf(from, row.learner), until);
    }
    this.#alterations.push({ from, partition, term, version, inSync });
  }

  takeAlterations(): Command | undefined {
    if (this.#alterations.length === 0) return undefined;
    const changes = this.#alterations;
    this.#alterations = [];
    return { type: 'alter', changes };
  }

  /** What is to be committed next, in view of the state. */
  commands(state: MetaState, config: RaftConfig, nowMs: number): Command[] {
    const commands: Command[] = [];
    this.#meet(state, nowMs);
    for (const member of state.members.values()) {
      const command = this.#judge(state, config, member, nowMs);
      if (command !== undefined) commands.push(command);
    }
    const changes = this.#plan(state, nowMs);
    if (changes.length > 0) commands.push({ type: 'assign', changes });
    const raise = this.#upgrade.next(state, nowMs);
    if (raise !== undefined) commands.push(raise);
    return commands;
  }

  #plan(state: MetaState, nowMs: number): readonly Assignment[] {
    this.#comings.observe(state, nowMs);
    this.#forgetSlow(state, nowMs);
    this.#forgetFailed(nowMs);
    const mayMove = this.#comings.mayMove(nowMs);
    const mayHandOver = nowMs >= this.#handOverFrom;
    // A look at the whole table, at each tick, is much where the table is large.
    const seen = `${state.applied} ${mayMove} ${mayHandOver} ${this.#slow.size} ${this.#failed.size}`;
    if (seen === this.#restedAt) return [];
    const changes = plan(state, {
      slow: new Set(this.#slow.keys()),
      mayMove,
      mayHandOver,
      copiesMax: this.#copiesMax,
      isOverdue: (partition, row) => this.#isOverdue(partition, row, nowMs),
      hasFailed: (source, learner) => this.#failed.has(pairOf(source, learner)),
    });
    if (changes.some(({ transferTo }) => transferTo !== undefined)) {
      this.#handOverFrom = nowMs + this.#handoverGapMs(state);
    } else if (mayHandOver) {
      this.#handoversMost = 0;
    }
    // A handover that takes too long is found by looking again.
    this.#restedAt = changes.length > 0 || isHandingOver(state) ? '' : seen;
    return changes;
  }

  #handoverGapMs(state: MetaState): number {
    this.#handoversMost = Math.max(this.#handoversMost, handoversToCome(state), 1);
    const { spreadMs, gapMinMs, gapMaxMs } = handovers;
    return Math.min(gapMaxMs, Math.max(gapMinMs, spreadMs / this.#handoversMost));
  }

  voterChange(
    state: MetaState,
    config: RaftConfig,
    leader: MemberId,
    nowMs: number,
  ): ConfigChange | undefined {
    return nextVoterChange(state, config, {
      leader,
      isLongGone: (id) => this.#isLongGone(state, id, nowMs),
      isFresh: (id) => this.#isFresh(id, nowMs),
    });
  }

  /** Who may lead after this member: a voter that is up and was heard from just now. */
  heir(
    state: MetaState,
    config: RaftConfig,
    leader: MemberId,
    nowMs: number,
  ): MemberId | undefined {
    return config.voters.find(
      (id) => id !== leader && state.members.get(id)?.status === 'up' && this.#isFresh(id, nowMs),
    );
  }

  /** Heard from so lately that it can hardly have died since. */
  #isFresh(id: MemberId, nowMs: number): boolean {
    const { leaseMs, leaseHeartbeatMs } = this.#timings;
    return (this.#grants.get(id) ?? 0) - leaseMs > nowMs - 2 * leaseHeartbeatMs;
  }

  /** Whether shrinking to the primary alone is right: a second opinion (PROTOCOL.md 2.5). */
  #mayShrink(state: MetaState, row: PartitionRow, change: InSyncChange, nowMs: number): boolean {
    const removed = row.inSync.filter((id) => !change.inSync.includes(id));
    if (removed.length === 0 || change.inSync.length > 1) return true;
    const backups = groupOf(change.partition, state.settings?.partitions ?? 1);
    if (copiesWanted(state, backups) === 1) return true;
    const isDead = (id: MemberId) =>
      state.members.get(id)?.status !== 'up' || this.#suspicions.isDoubtful(id);
    if (removed.every(isDead)) return true;
    // The backup is alive for this leader: another copy first, and only then without it.
    const slow = this.#slow.get(change.partition) ?? { since: nowMs, askedAt: nowMs };
    slow.askedAt = nowMs;
    this.#slow.set(change.partition, slow);
    return nowMs - slow.since > this.#timings.writeStallMaxMs;
  }

  /** A backup is slow for as long as its primary says so, again and again. */
  #forgetSlow(state: MetaState, nowMs: number): void {
    for (const [partition, { askedAt }] of this.#slow) {
      const row = rowOf(state, partition);
      const isOver = nowMs - askedAt > this.#timings.resendMs * 4;
      if (row === undefined || row.inSync.length !== 2 || isOver) this.#slow.delete(partition);
    }
  }

  #forgetFailed(nowMs: number): void {
    for (const [pair, until] of this.#failed) if (nowMs >= until) this.#failed.delete(pair);
  }

  /** Who has just joined is not judged by heartbeats that it could not send. */
  #meet(state: MetaState, nowMs: number): void {
    for (const id of this.#grants.keys()) if (!state.members.has(id)) this.#grants.delete(id);
    for (const id of state.members.keys()) if (!this.#grants.has(id)) this.#grants.set(id, nowMs);
  }

  #judge(
    state: MetaState,
    config: RaftConfig,
    member: MemberRow,
    nowMs: number,
  ): Command | undefined {
    if (member.status === 'leaving' && holdsNothing(state, member.id)) {
      // A voter gives up its vote first, so that its going does not count as a crash.
      const isVoter = config.voters.includes(member.id);
      const isFree = !isVoter && !hasSurplusVoters(state, config);
      return isFree ? { type: 'remove', id: member.id } : undefined;
    }
    const lapsedMs = nowMs - this.#leaseEnd(member.id);
    if (isServing(member)) {
      const isOver = lapsedMs > this.#timings.leaseMarginMs;
      const isGone = this.#suspicions.isDoubtful(member.id);
      if (!isOver || !(isGone || lapsedMs > this.#timings.suspendAfterMs)) return undefined;
      this.#suspending.add(member.id);
      return { type: 'status', id: member.id, status: 'suspended' };
    }
    this.#suspending.delete(member.id);
    return this.#mayRemove(state, member.id, lapsedMs, nowMs)
      ? { type: 'remove', id: member.id }
      : undefined;
  }

  #mayRemove(state: MetaState, id: MemberId, lapsedMs: number, nowMs: number): boolean {
    const isExpired = lapsedMs > this.#timings.removeAfterMs && nowMs >= this.#reunionUntil;
    return isExpired && isSpared(state, id);
  }

  #leaseEnd(member: MemberId): number {
    return Math.max(this.#grants.get(member) ?? 0, this.#leaseFloor);
  }

  #isLongGone(state: MetaState, id: MemberId, nowMs: number): boolean {
    if (state.members.get(id)?.status !== 'suspended') return false;
    return nowMs - this.#leaseEnd(id) > this.#timings.replaceVoterMs;
  }

  #isOverdue(partition: PartitionId, row: PartitionRow, nowMs: number): boolean {
    const known = this.#handovers.get(partition);
    if (known === undefined || known.version !== row.version) {
      this.#handovers.set(partition, { version: row.version, since: nowMs });
      return false;
    }
    return nowMs - known.since > handoverMs;
  }
}

/** Rule 0.2: each partition that the member is in sync for has another serving copy in sync. */
function isSpared(state: MetaState, id: MemberId): boolean {
  const isCovered = (row: PartitionRow) =>
    !row.inSync.includes(id) ||
    row.inSync.some((other) => other !== id && isServing(state.members.get(other)));
  return state.groups.every((rows) => rows === undefined || rows.every(isCovered));
}

function pairOf(source: MemberId, learner: MemberId): string {
  return `${source} ${learner}`;
}

function isHandingOver({ groups }: MetaState): boolean {
  return groups.some((rows) => rows?.some(({ transferTo }) => transferTo !== undefined));
}
