/**
 * When this member's lineage is over for it, and how that comes about: it goes on alone, or its lineage
 * is merged into another one, or it goes over to another since nobody leads it any more.
 */
import type { MemberId } from '../base/ids.ts';
import type { Random } from '../base/random.ts';
import type { Timings } from '../base/timings.ts';
import type { RaftCore } from '../consensus/raft-core.ts';
import type { MetaStanding } from '../wire/meta-messages.ts';
import { type ForkView, ForkWatch, type Sightings } from './fork-watch.ts';
import { type HealActions, Healer, type HealMessage, type HealView } from './healer.ts';
import { clusterOf } from './lineage.ts';
import type { Yield } from './merges.ts';
import { type Command, isServing, type MetaState } from './meta-state.ts';

export interface SuccessionOptions {
  readonly self: MemberId;
  readonly timings: Timings;
  readonly random: Random;
  readonly state: MetaState;
  readonly sightings: Sightings;
  /** Since when the member's lease is over; undefined while it is not. */
  voidSince(nowMs: number): number | undefined;
}

export interface SuccessionActions {
  send(to: MemberId, message: HealMessage): void;
  propose(command: Command): void;
  /** Goes on alone. */
  fork(): void;
  /** Ends here, and goes where another lineage has taken this one in. */
  yield(yields: Yield): void;
  apart(lineage: string): void;
}

export class Succession {
  readonly #options: SuccessionOptions;
  readonly #watch: ForkWatch;
  readonly #healer: Healer;
  /** When this lineage ended, as this member learnt, and at which index. */
  #ended: { readonly at: number; readonly index: number } | undefined;

  constructor(options: SuccessionOptions) {
    const { self, timings, random, sightings } = options;
    this.#options = options;
    this.#watch = new ForkWatch(self, timings, sightings);
    this.#healer = new Healer(self, timings, random);
  }

  /** Somebody has said something. */
  heard(from: MemberId, raft: RaftCore | undefined, nowMs: number): void {
    if (raft?.config.voters.includes(from)) this.#watch.heard(from, nowMs);
  }

  leaderChanged(): void {
    this.#healer.leaderChanged();
  }

  receive(
    from: MemberId,
    message: HealMessage,
    raft: RaftCore | undefined,
    nowMs: number,
    actions: SuccessionActions,
  ): void {
    if (raft === undefined) return;
    const view = this.#healView(raft, nowMs);
    const heal = this.#healActions(view, actions);
    switch (message.kind) {
      case 'meta.standing':
        if (isOther(message, view.state)) this.#watch.heardOfOther(nowMs);
        this.#healer.met(message, view, nowMs, heal);
        break;
      case 'meta.yield':
        this.#healer.askedBy(from, message, view, nowMs, heal);
        break;
      case 'meta.welcome':
        this.#healer.welcomed(message, view, heal);
        break;
    }
  }

  /** As of `ForkWatch.goOnAlone`. */
  goOnAlone(raft: RaftCore, nowMs: number): string | undefined {
    return this.#watch.goOnAlone(this.#forkView(raft, nowMs));
  }

  tick(raft: RaftCore, nowMs: number, stallMs: number, actions: SuccessionActions): void {
    const { state } = this.#options;
    const isForkDue = this.#watch.tick(this.#forkView(raft, nowMs), nowMs, stallMs);
    if (state.yields !== undefined) {
      if (this.#mayGo(raft, nowMs)) actions.yield(state.yields);
    } else if (isForkDue) {
      actions.fork();
    } else {
      const view = this.#healView(raft, nowMs);
      this.#healer.tick(view, nowMs, this.#healActions(view, actions));
    }
  }

  /** A leader goes last: who has not heard of the end could not learn it from anybody else. */
  #mayGo(raft: RaftCore, nowMs: number): boolean {
    const { state, self, timings } = this.#options;
    this.#ended ??= { at: nowMs, index: state.applied };
    const { at, index } = this.#ended;
    if (raft.role !== 'leader' || nowMs - at >= 2 * timings.leaseMs) return true;
    const others = [...state.members.values()].filter((member) => member.id !== self);
    const knows = (id: MemberId) => (raft.matchOf(id) ?? 0) >= index;
    const isKnown = others.every((member) => !isServing(member) || knows(member.id));
    // That it is committed they learn with the next heartbeat.
    return isKnown && nowMs - at >= 2 * timings.raftHeartbeatMs;
  }

  #forkView(raft: RaftCore, nowMs: number): ForkView {
    const { state, voidSince } = this.#options;
    return { state, config: raft.config, voidSince: voidSince(nowMs) };
  }

  #healView(raft: RaftCore, nowMs: number): HealView {
    const { state, sightings, self } = this.#options;
    const isLeader = raft.role === 'leader' && raft.leaderReadable();
    const isOrphan = !isLeader && this.#watch.isOrphan(this.#forkView(raft, nowMs), nowMs);
    return {
      state,
      leader: raft.leader,
      isLeader,
      isOrphan,
      strangers: () => sightings.strangers().filter((id) => !state.members.has(id)),
      isContributor: (id) => isContributor(state, id, isOrphan && id === self),
    };
  }

  #healActions(view: HealView, actions: SuccessionActions): HealActions {
    return {
      send: (to, message) => actions.send(to, message),
      absorb: (command) => actions.propose(command),
      missing: (command) => actions.propose(command),
      end(yields) {
        if (view.isLeader) actions.propose({ type: 'yield', ...yields });
        else actions.yield(yields);
      },
      apart: (lineage) => actions.apart(lineage),
    };
  }
}

/** Whether it is of another lineage of this cluster, to which a member can go that nobody leads. */
function isOther({ cluster, lineage, isLed }: MetaStanding, { lineage: own }: MetaState): boolean {
  return isLed && lineage !== own.id && cluster === clusterOf(own);
}

/** Whoever is primary brings the partition; one that nobody leads brings what it has in sync. */
function isContributor(state: MetaState, id: MemberId, isAlone: boolean): boolean {
  return state.groups.some((rows) =>
    rows?.some((row) => row.primary === id || (isAlone && row.inSync.includes(id))),
  );
}
