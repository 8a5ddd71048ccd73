/**
 * What must hold of membership at every moment (PROTOCOL.md 6.4, I15): beliefs only move up, only the accused
 * raises its own incarnation, nobody doubts itself; in the calm nobody who lives is held for dead, and at rest
 * everybody has found out who lives and who does not.
 */
import type { MemberId } from '../../src/base/ids.ts';
import type { Swim } from '../../src/membership/swim.ts';
import type { SwimMember } from '../../src/membership/swim-types.ts';
import type { SwimState } from '../../src/wire/membership-messages.ts';

/** At one incarnation the later overrides. */
const ranks: Readonly<Record<SwimState, number>> = { alive: 0, suspect: 1, dead: 2, left: 3 };
/** A link that is half-open is found within 9 s, and who was suspected over it dies at the latest 6 s after that. */
const graceMs = 16_000;
const violationsMax = 10;

interface Observer {
  readonly id: MemberId;
  readonly swim: Pick<Swim, 'members' | 'stateOf' | 'incarnation'>;
}

/** Those whose processes are up, and the time. */
interface Observed {
  readonly world: { readonly now: number };
  readonly members: readonly Observer[];
}

type Living = ReadonlyMap<MemberId, Observer>;
type Beliefs = ReadonlyMap<MemberId, SwimMember>;

export class SwimInvariants {
  readonly violations: string[] = [];
  readonly looks = { beliefs: 0, deaths: 0, calm: 0, rests: 0 };
  readonly #grid: Observed;
  /** What each held when that was last looked at. */
  #before: ReadonlyMap<MemberId, Beliefs> = new Map();
  /** From when on every death that is found has to be one. */
  #calmFrom = Number.POSITIVE_INFINITY;

  constructor(grid: Observed) {
    this.#grid = grid;
  }

  /** From now on nothing goes wrong; what went wrong may still be found out for a while. */
  calm(afterMs = graceMs): void {
    this.#calmFrom = this.#grid.world.now + afterMs;
  }

  disturbed(): void {
    this.#calmFrom = Number.POSITIVE_INFINITY;
  }

  check(): void {
    const living = this.#living();
    const now = new Map<MemberId, Beliefs>();
    for (const { id, swim } of living.values()) {
      const beliefs = new Map(Array.from(swim.members, (belief) => [belief.id, belief]));
      const before = this.#before.get(id);
      now.set(id, beliefs);
      for (const belief of beliefs.values()) {
        this.#checkBelief(id, belief, living);
        const older = before?.get(belief.id);
        if (older !== undefined) this.#checkChange(id, older, belief, living);
      }
    }
    if (this.#isCalm) this.looks.calm++;
    this.#before = now;
  }

  /** When everybody has had the time to find out. */
  checkAtRest(): void {
    const living = this.#living();
    this.looks.rests++;
    for (const { id, swim } of living.values()) {
      for (const subject of living.keys()) {
        const state = swim.stateOf(subject);
        if (state !== 'alive') this.#report(`${id} holds ${subject} for ${state ?? 'nobody'}`);
      }
      const gone = [...swim.members].filter((belief) => !living.has(belief.id));
      for (const { id: subject, state } of gone) {
        if (ranks[state] < ranks.dead)
          this.#report(`${id} holds ${subject} for ${state}, which is gone`);
      }
    }
  }

  get #isCalm(): boolean {
    return this.#grid.world.now >= this.#calmFrom;
  }

  #living(): Living {
    return new Map(this.#grid.members.map((member) => [member.id, member]));
  }

  #checkBelief(observer: MemberId, { id, state, incarnation }: SwimMember, living: Living): void {
    this.looks.beliefs++;
    if (id === observer) {
      const isSure = state === 'alive' || state === 'left';
      if (!isSure) this.#report(`${id} holds itself for ${state}`);
      return;
    }
    const own = living.get(id)?.swim.incarnation ?? Number.POSITIVE_INFINITY;
    if (incarnation <= own) return;
    this.#report(
      `${observer} has heard of incarnation ${incarnation} of ${id}, which is at ${own}`,
    );
  }

  #checkChange(observer: MemberId, before: SwimMember, now: SwimMember, living: Living): void {
    const isBack = before.state === 'left' && ranks[now.state] < ranks.dead;
    const isSame = before.incarnation === now.incarnation && before.state !== 'left';
    const hasFallen = isSame && ranks[now.state] < ranks[before.state];
    if (isBack || hasFallen || now.incarnation < before.incarnation) {
      const [was, is] = [before, now].map((one) => `${one.state} ${one.incarnation}`);
      this.#report(`${observer} held ${now.id} for ${was}, and then for ${is}`);
    }
    if (now.state !== 'dead' || before.state === 'dead') return;
    this.looks.deaths++;
    if (!this.#isCalm || !living.has(now.id)) return;
    this.#report(`${observer} holds ${now.id} for dead, which lives and is hindered by nothing`);
  }

  #report(violation: string): void {
    if (this.violations.length >= violationsMax) return;
    this.violations.push(`${this.#grid.world.now.toFixed(1)} ms: I15: ${violation}`);
  }
}
