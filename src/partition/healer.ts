/**
 * How lineages of one cluster become one again: whoever speaks for a lineage tells strangers how it stands,
 * the one that loses asks to be taken in, and ends once the other has agreed to that (PROTOCOL.md 2.8).
 *
 * Invariants
 * 1. A lineage ends only after the winner has committed to take it in; and one that has asked takes nobody
 *    in meanwhile. So two that take each other for the winner do not both end.
 * 2. Who speaks: the leader; for a member that nobody leads any more it speaks itself, for itself alone.
 * 3. One that takes others in asks for nothing before these have brought what they have, or for a minute: it would
 *    be nobody's to bring, and to miss, where that lineage ends as well.
 * 4. Everything is told again until it has its effect; nothing here is remembered across a change of leader.
 */
import type { MemberId } from '../base/ids.ts';
import type { Random } from '../base/random.ts';
import type { Timings } from '../base/timings.ts';
import type { MetaStanding, MetaWelcome, MetaYield } from '../wire/meta-messages.ts';
import { highestRank } from './fork.ts';
import { clusterOf } from './lineage.ts';
import { type Absorb, type Merged, mergeOf, type Yield } from './merges.ts';
import { isServing, type MetaState } from './meta-state.ts';
import { judged } from './standing.ts';

export type HealMessage = MetaStanding | MetaYield | MetaWelcome;

export interface HealView {
  readonly state: MetaState;
  readonly leader: MemberId | undefined;
  readonly isLeader: boolean;
  /** Nobody has led this member for so long that it may go elsewhere. */
  readonly isOrphan: boolean;
  /** Members that membership sees and the table does not name. */
  strangers(): readonly MemberId[];
  /** Whether it holds something that would be missing where it does not bring it. */
  isContributor(member: MemberId): boolean;
}

export interface HealActions {
  send(to: MemberId, message: HealMessage): void;
  /** Has the other lineage taken in. */
  absorb(command: Absorb): void;
  /** Counts a former member of it as missing. */
  missing(command: Merged): void;
  /** This lineage, or this member alone, is to end. */
  end(yields: Yield): void;
  /** Lineages that hold something each and were formed apart. */
  apart(theirs: string): void;
}

/** Strangers that are told at a time. */
const toldMax = 4;

export class Healer {
  readonly #self: MemberId;
  readonly #timings: Timings;
  readonly #random: Random;
  #nextTellMs = 0;
  /** What this lineage asked of another: to whom it goes, when it was asked first and last. */
  #asked:
    | { readonly lineage: string; readonly speaker: MemberId; since: number; at: number }
    | undefined;
  /** Before this nobody is asked again. */
  #askAfterMs = 0;
  /** Since when it does not ask, since it takes others in. */
  #heldSince: number | undefined;
  /** Commands on their way to take a lineage in, by when they count as lost. */
  readonly #absorbing = new Map<string, number>();
  /** Since when nobody is here who could bring what a former member had. */
  readonly #missing = new Map<MemberId, number>();

  constructor(self: MemberId, timings: Timings, random: Random) {
    this.#self = self;
    this.#timings = timings;
    this.#random = random;
  }

  tick(view: HealView, nowMs: number, actions: HealActions): void {
    if (!speaks(view) || nowMs < this.#nextTellMs) return;
    this.#nextTellMs = nowMs + this.#timings.electionMaxMs;
    const asked = this.#asked;
    if (asked !== undefined && nowMs - asked.since > 5 * this.#timings.electionMaxMs)
      this.#giveUp(nowMs);
    if (view.isLeader) this.#giveUpMissing(view.state, nowMs, actions);
    const strangers = view.strangers();
    if (strangers.length === 0) return;
    const standing = standingOf(view, this.#self);
    for (const id of this.#random.shuffle(strangers).slice(0, toldMax)) {
      actions.send(id, { kind: 'meta.standing', ...standing });
    }
  }

  /** A speaker of some lineage told how that stands. */
  met(theirs: MetaStanding, view: HealView, nowMs: number, actions: HealActions): void {
    const { state } = view;
    if (state.yields !== undefined || theirs.lineage === state.lineage.id || theirs.lineage === '')
      return;
    if (!speaks(view)) {
      // Whoever leads here decides.
      if (view.leader !== undefined && view.leader !== this.#self)
        actions.send(view.leader, theirs);
      return;
    }
    const mine = standingOf(view, this.#self);
    const verdict = judged(mine, theirs);
    if (verdict === 'mine-ends') this.#ask(theirs, view, nowMs, actions);
    else if (verdict === 'theirs-ends')
      actions.send(theirs.speaker, { kind: 'meta.standing', ...mine });
    else actions.apart(theirs.lineage);
  }

  /** Another lineage, or a member that nobody leads, asks to be taken in. */
  askedBy(
    from: MemberId,
    message: MetaYield,
    view: HealView,
    nowMs: number,
    actions: HealActions,
  ): void {
    const { standing, merged, rank, contributors } = message;
    const { state } = view;
    if (!view.isLeader || state.yields !== undefined || this.#asked !== undefined) return;
    if (judged(standingOf(view, this.#self), standing) !== 'theirs-ends') return;
    const { lineage } = standing;
    if (isTakenIn(state, message)) {
      const addresses = Array.from(state.members.values(), ({ address }) => address);
      actions.send(from, { kind: 'meta.welcome', lineage, into: state.lineage.id, addresses });
      return;
    }
    if (nowMs < (this.#absorbing.get(lineage) ?? 0)) return;
    this.#absorbing.set(lineage, nowMs + this.#timings.electionMaxMs);
    const isWhole = standing.isLed;
    actions.absorb({ type: 'absorb', lineage, merged, isWhole, rank, contributors });
  }

  /** The other side has agreed. */
  welcomed(message: MetaWelcome, view: HealView, actions: HealActions): void {
    const { lineage, into: to, addresses } = message;
    if (this.#asked?.lineage !== to || lineage !== view.state.lineage.id || !speaks(view)) return;
    actions.end({ to, addresses });
  }

  /** Another leads: what this member asked is for the new one to ask. */
  leaderChanged(): void {
    this.#asked = undefined;
    this.#absorbing.clear();
    this.#missing.clear();
  }

  #ask(theirs: MetaStanding, view: HealView, nowMs: number, actions: HealActions): void {
    if (!theirs.isLed || nowMs < this.#askAfterMs || this.#isHeld(view, nowMs)) return;
    const { lineage, speaker } = theirs;
    if (this.#asked === undefined)
      this.#asked = { lineage, speaker, since: nowMs, at: Number.NEGATIVE_INFINITY };
    if (this.#asked.lineage !== lineage || nowMs - this.#asked.at < this.#timings.resendMs) return;
    this.#asked.at = nowMs;
    const { state } = view;
    const members = view.isOrphan ? [this.#self] : [...state.members.keys()];
    actions.send(speaker, {
      kind: 'meta.yield',
      standing: standingOf(view, this.#self),
      merged: state.lineage.merged,
      rank: highestRank(state),
      contributors: members.filter((id) => view.isContributor(id)),
    });
  }

  #isHeld({ state, isOrphan }: HealView, nowMs: number): boolean {
    const isComing = [...this.#absorbing.values()].some((untilMs) => nowMs < untilMs);
    const isTakingIn = isComing || state.merges.some(({ open }) => open.length > 0);
    this.#heldSince = isTakingIn ? (this.#heldSince ?? nowMs) : undefined;
    if (isOrphan || this.#heldSince === undefined) return false;
    return nowMs - this.#heldSince < this.#timings.removeAfterMs;
  }

  /** Who was to bring something and does not come, or has gone again, is counted as missing. */
  #giveUpMissing(state: MetaState, nowMs: number, actions: HealActions): void {
    const here = new Set([...state.members.values()].flatMap(({ formerly }) => formerly));
    for (const { lineage, open } of state.merges) {
      for (const contributor of open) {
        const since = here.has(contributor) ? nowMs : (this.#missing.get(contributor) ?? nowMs);
        this.#missing.set(contributor, since);
        if (nowMs - since < this.#timings.removeAfterMs) continue;
        const none = { report: [], brought: [], parts: [], isLast: true, isWhole: false };
        actions.missing({ type: 'merged', lineage, contributor, ...none });
      }
    }
  }

  /** Not both sides at the same time again. */
  #giveUp(nowMs: number): void {
    this.#asked = undefined;
    this.#askAfterMs = nowMs + this.#timings.electionMaxMs * (1 + 2 * this.#random.next());
  }
}

function speaks({ state, isLeader, isOrphan }: HealView): boolean {
  return state.settings !== undefined && (isLeader || isOrphan);
}

function standingOf(view: HealView, speaker: MemberId): Omit<MetaStanding, 'kind'> {
  const { state, isLeader } = view;
  const { lineage, settings, structures } = state;
  let members = 0;
  for (const member of state.members.values()) if (member.data && isServing(member)) members++;
  return {
    cluster: clusterOf(lineage),
    lineage: lineage.id,
    forks: lineage.ancestors.length,
    members: isLeader ? members : 1,
    partitions: settings?.partitions ?? 0,
    lost: lostIn(state),
    isEmpty: structures.size === 0,
    isLed: isLeader,
    speaker,
  };
}

function lostIn({ groups }: MetaState): number {
  let lost = 0;
  for (const { primary, inSync } of groups.flatMap((rows) => rows ?? [])) {
    if (primary === undefined && inSync.length === 0) lost++;
  }
  return lost;
}

/** Whether the table has all that the asker said of itself. */
function isTakenIn(state: MetaState, { standing, rank, contributors }: MetaYield): boolean {
  const merge = mergeOf(state, standing.lineage);
  if (merge === undefined || merge.rank <= rank) return false;
  return contributors.every((id) => merge.open.includes(id) || merge.closed.includes(id));
}
