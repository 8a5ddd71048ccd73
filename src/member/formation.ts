/**
 * How a process comes into a cluster (PROTOCOL.md 2.2): it joins one that it finds, and forms one only
 * where that cannot make two.
 *
 * Rules
 * 1. Whoever is in a cluster takes joiners in: a process that reaches one joins it.
 * 2. Processes that are all outside a cluster give a pledge, once in ten seconds, to the lowest
 *    identity that they see, and only when they see as many as are expected. Who holds pledges of
 *    more than half of the expected number, or of those that it sees where they are more, forms the
 *    cluster.
 * 3. A process that sees nobody forms a cluster of one only where it expects nobody else, and has no
 *    seeds, or is one of them and none of the others has turned it away.
 * 4. A process that expects more than can come (a cluster went on without it) only ever joins.
 * 5. Of processes that find each other by ports (siblings.ts) only the one that is permitted to forms,
 *    when it sees as many as are expected; nobody pledges.
 */
import type { MemberId } from '../base/ids.ts';

export interface FormationOptions {
  readonly self: MemberId;
  /** A lite member joins; it never forms. */
  readonly isData: boolean;
  readonly expect: number;
  readonly hasOtherSeeds: boolean;
  readonly mayFormAlone: boolean;
  /** How long the seeds are given to answer before rule 3 applies. */
  readonly patienceMs: number;
  /** Whether rule 5 holds. @default false */
  readonly needsPermit?: boolean;
}

export type FormationStep =
  | { readonly kind: 'wait' }
  /** Ask any member that is known to take this one in. */
  | { readonly kind: 'join' }
  | { readonly kind: 'pledge'; readonly candidate: MemberId }
  | { readonly kind: 'form' };

const pledgeMs = 10_000;
const wait: FormationStep = { kind: 'wait' };

export class Formation {
  #options: FormationOptions;
  readonly #startedAt: number;
  #pledge: { readonly candidate: MemberId; readonly at: number } | undefined;
  /** Who pledged to this process, and when. */
  readonly #pledged = new Map<MemberId, number>();
  #permittedUntil = Number.NEGATIVE_INFINITY;
  #isTurnedAway = false;
  #isOver = false;

  constructor(options: FormationOptions, nowMs: number) {
    this.#options = options;
    this.#startedAt = nowMs;
  }

  /** Whether it has come to forming one. */
  get isOver(): boolean {
    return this.#isOver;
  }

  pledgedBy(from: MemberId, nowMs: number): void {
    this.#pledged.set(from, nowMs);
  }

  /** Somebody answers at a seed, and does not take this process for one of theirs: it is not the first. */
  turnedAway(): void {
    this.#isTurnedAway = true;
  }

  /** Rule 5: until then, and no longer. */
  permit(untilMs: number | undefined): void {
    this.#permittedUntil = untilMs ?? Number.NEGATIVE_INFINITY;
  }

  seedsChanged(seeds: Pick<FormationOptions, 'hasOtherSeeds' | 'mayFormAlone'>): void {
    this.#options = { ...this.#options, ...seeds };
  }

  /** `others`: data members that are reachable; `hasCluster`: whether one of them is in a cluster. */
  next(others: readonly MemberId[], hasCluster: boolean, nowMs: number): FormationStep {
    if (this.#isOver) return wait;
    if (hasCluster || !this.#options.isData) return { kind: 'join' };
    const { self, expect, hasOtherSeeds, mayFormAlone, patienceMs } = this.#options;
    if (this.#options.needsPermit === true) return this.#permitted(others.length + 1, nowMs);
    const isPatient = nowMs - this.#startedAt >= patienceMs;
    if (expect === 1 && others.length === 0) {
      const isFirst = mayFormAlone && isPatient && !this.#isTurnedAway;
      return !hasOtherSeeds || isFirst ? this.#form() : wait;
    }
    // Those that are there may be in a cluster and not have said so yet.
    if (others.length + 1 < expect || !isPatient) return { kind: 'join' };
    return this.#vote(self, others, nowMs);
  }

  #permitted(present: number, nowMs: number): FormationStep {
    const isPermitted = nowMs < this.#permittedUntil && present >= this.#options.expect;
    return isPermitted ? this.#form() : { kind: 'join' };
  }

  #vote(self: MemberId, others: readonly MemberId[], nowMs: number): FormationStep {
    if (this.#pledge === undefined || nowMs - this.#pledge.at >= pledgeMs) {
      const candidate = [self, ...others].sort()[0] ?? self;
      this.#pledge = { candidate, at: nowMs };
    }
    const { candidate } = this.#pledge;
    if (candidate !== self) return { kind: 'pledge', candidate };
    let pledges = 1;
    for (const at of this.#pledged.values()) if (nowMs - at < pledgeMs) pledges++;
    // More may be there than were expected; half of those that were could form a cluster twice.
    const present = Math.max(this.#options.expect, others.length + 1);
    const needed = Math.floor(present / 2) + 1;
    return pledges >= needed ? this.#form() : { kind: 'join' };
  }

  #form(): FormationStep {
    this.#isOver = true;
    return { kind: 'form' };
  }
}
