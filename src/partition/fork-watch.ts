/**
 * Whether this member is to go on alone: the only voter is gone, or in mode `availability` a majority of
 * them, and this member is the one that is to do it (PROTOCOL.md 2.8, rule 0.3).
 *
 * Rules
 * 1. Never in mode `consistency`; in mode `auto` only with fewer than three voters, which is so in clusters
 *    of one or two data members, and where a third is just coming or has left in peace. Two voters of more members
 *    are those between which another is about to take the seat of one that died: the others may have gone on.
 * 2. Never while so many voters are heard or seen, this one counted, that they could decide.
 * 3. The wait begins anew after every pause of this process: what it did not hear is not proof of silence.
 * 4. The wait is short where it is proven that they are gone for good: then there is nothing to split from.
 * 5. It has to be due at two ticks in a row: what came while this process was late is read in between.
 * 6. Who has heard a voter that was to do it waits anew, as if that could still decide: it may have done it.
 * 7. Who hears that another has gone on already goes there, and goes on alone only where nobody takes it in.
 * 8. Somebody's word that those who are missed are gone for good is as good as proof, in every mode; then the member
 *    that was told goes on. It stands until there is a lease again.
 */
import type { MemberId } from '../base/ids.ts';
import type { Timings } from '../base/timings.ts';
import type { RaftConfig } from '../wire/consensus-messages.ts';
import { isEligible, type MemberRow, type MetaState } from './meta-state.ts';

/** What membership knows of others. */
export interface Sightings {
  /** Alive, or suspected and not given up. */
  isSeen(member: MemberId): boolean;
  /** It left, or another process is at its address. */
  isGoneForGood(member: MemberId): boolean;
  /** Alive, and perhaps of another lineage. */
  strangers(): readonly MemberId[];
}

export interface ForkView {
  readonly state: MetaState;
  readonly config: RaftConfig;
  /** Since when this member's lease is over; undefined while it is not. */
  readonly voidSince: number | undefined;
}

/** To ask, to be taken in and to be told takes about two of these; some are lost on the way. */
const goingOverElections = 10;

export class ForkWatch {
  readonly #self: MemberId;
  readonly #timings: Timings;
  readonly #sightings: Sightings;
  /** When each voter was last heard. */
  readonly #heardAt = new Map<MemberId, number>();
  /** When this process last stood still. */
  #stoodStillAt = Number.NEGATIVE_INFINITY;
  #tickedAt: number | undefined;
  #wasDue = false;
  /** When another lineage of the cluster, which somebody leads, was last heard of. */
  #otherAt = Number.NEGATIVE_INFINITY;
  /** Somebody has said that the voters that are missed are gone for good. */
  #isTold = false;

  constructor(self: MemberId, timings: Timings, sightings: Sightings) {
    this.#self = self;
    this.#timings = timings;
    this.#sightings = sightings;
  }

  /** A message of a voter came. */
  heard(voter: MemberId, nowMs: number): void {
    this.#heardAt.set(voter, nowMs);
  }

  /** Somebody leads another lineage of this cluster. */
  heardOfOther(nowMs: number): void {
    this.#otherAt = nowMs;
  }

  /** Somebody's word that the voters that are missed are gone for good. Why it cannot be taken, where it cannot. */
  goOnAlone({ state, config, voidSince }: ForkView): string | undefined {
    const { data: isData = false, status = 'joining' } = state.members.get(this.#self) ?? {};
    if (!isData) return 'this member holds no data; tell one that does';
    if (status === 'joining' || status === 'leaving') return `this member is ${status}`;
    if (state.yields !== undefined)
      return 'its history goes on in another, to which it is going over';
    if (voidSince === undefined) return 'it has a lease from a majority of the voters';
    if (this.#seesMajority(config.voters)) {
      return 'a majority of the voters is alive, or not given up yet; where it is gone, say it again in some seconds';
    }
    this.#isTold = true;
    return undefined;
  }

  /** Whether to go on alone now. */
  tick(view: ForkView, nowMs: number, stallMs: number): boolean {
    this.#noteStall(nowMs, stallMs);
    if (view.voidSince === undefined) this.#isTold = false;
    const wasDue = this.#wasDue;
    this.#wasDue = this.#isDue(view, nowMs);
    return wasDue && this.#wasDue;
  }

  /** Whether another went on alone long ago, if any may: this member may follow it. */
  isOrphan(view: ForkView, nowMs: number): boolean {
    return this.#hasMissed(view, nowMs, this.#timings.leaseMs, Number.NEGATIVE_INFINITY);
  }

  #noteStall(nowMs: number, stallMs: number): void {
    const { electionMinMs } = this.#timings;
    const lateMs = nowMs - (this.#tickedAt ?? Number.NEGATIVE_INFINITY);
    this.#tickedAt = nowMs;
    if (Math.max(lateMs, stallMs) > electionMinMs / 2) this.#stoodStillAt = nowMs;
  }

  #isDue(view: ForkView, nowMs: number): boolean {
    const { config, state } = view;
    if (!this.#isTold && !this.#mayFork(state, config)) return false;
    const since = this.#isTold
      ? Number.NEGATIVE_INFINITY
      : this.#earlierHeardAt(state, config.voters);
    return this.#hasMissed(view, nowMs, this.#goingOverMs(nowMs), since);
  }

  /** What it takes to be taken in by another lineage, where there is one. */
  #goingOverMs(nowMs: number): number {
    const { leaseMs, electionMaxMs } = this.#timings;
    return nowMs - this.#otherAt < 2 * leaseMs ? leaseMs + goingOverElections * electionMaxMs : 0;
  }

  /** Whether those who decide were missed for long, and so much longer. */
  #hasMissed(
    { voidSince, config }: ForkView,
    nowMs: number,
    moreMs: number,
    heardAt: number,
  ): boolean {
    const { voters } = config;
    if (voidSince === undefined || voters.length === 0) return false;
    // They elect a leader among themselves, or have one.
    if (this.#seesMajority(voters)) return false;
    const { forkAfterMs, leaseMs, leaseMarginMs } = this.#timings;
    const missed = voters.filter((id) => id !== this.#self);
    const isProven = this.#isTold || missed.every((id) => this.#sightings.isGoneForGood(id));
    const waitMs = isProven ? leaseMs + leaseMarginMs : forkAfterMs;
    return nowMs - Math.max(voidSince, heardAt, this.#quietSince(voters)) >= waitMs + moreMs;
  }

  /** When voters that can decide were last heard, this member counted: a few of them that hear each other cannot. */
  #quietSince(voters: readonly MemberId[]): number {
    const others = voters.filter((id) => id !== this.#self);
    const own = voters.length - others.length;
    const needed = Math.floor(voters.length / 2) + 1 - own;
    const heardAt = others.map((id) => this.#heardAt.get(id) ?? Number.NEGATIVE_INFINITY);
    heardAt.sort((one, other) => other - one);
    return Math.max(this.#stoodStillAt, heardAt[needed - 1] ?? Number.NEGATIVE_INFINITY);
  }

  /** When a voter was last heard that is to go on alone rather than this member. */
  #earlierHeardAt({ members }: MetaState, voters: readonly MemberId[]): number {
    const own = members.get(this.#self);
    const earlier = voters.filter((id) => {
      const other = members.get(id);
      return own === undefined || other === undefined || isBefore(other, own, voters);
    });
    return Math.max(...earlier.map((id) => this.#heardAt.get(id) ?? Number.NEGATIVE_INFINITY));
  }

  #mayFork(state: MetaState, { voters }: RaftConfig): boolean {
    const splitBrain = state.settings?.splitBrain ?? 'consistency';
    if (splitBrain === 'consistency') return false;
    if (splitBrain === 'auto' && (voters.length > 2 || isBetweenSeats(state, voters))) return false;
    return this.#self === firstOf(state, voters, this.#isSeen);
  }

  #seesMajority(voters: readonly MemberId[]): boolean {
    return voters.filter(this.#isSeen).length > voters.length / 2;
  }

  readonly #isSeen = (id: MemberId) => id === this.#self || this.#sightings.isSeen(id);
}

/** Whether two voters are to be three again: more than two members stay. */
function isBetweenSeats({ members }: MetaState, voters: readonly MemberId[]): boolean {
  return voters.length === 2 && [...members.values()].filter(isEligible).length > 2;
}

/** The oldest voter that is seen, or where there is none the oldest other member that holds partitions. */
function firstOf(
  state: MetaState,
  voters: readonly MemberId[],
  isSeen: (id: MemberId) => boolean,
): MemberId | undefined {
  let first: MemberRow | undefined;
  for (const member of state.members.values()) {
    if (!member.data || !isSeen(member.id)) continue;
    if (member.status === 'joining' || member.status === 'leaving') continue;
    if (first === undefined || isBefore(member, first, voters)) first = member;
  }
  return first?.id;
}

function isBefore(one: MemberRow, other: MemberRow, voters: readonly MemberId[]): boolean {
  const votes = voters.includes(one.id);
  if (votes !== voters.includes(other.id)) return votes;
  return one.joinedAt < other.joinedAt;
}
