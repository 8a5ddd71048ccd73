/**
 * Who came and who went, as the meta leader sees it: whether it is the time to move copies and primaries for balance.
 *
 * After a member was lost it is not, for a while, since its process may come straight back: then it takes the place
 * of the lost one, and what moves moves once. That wait ends with the time, or when as many have come as were lost.
 */
import type { MemberId } from '../base/ids.ts';
import { isEligible, type MemberStatus, type MetaState } from './meta-state.ts';

/** How long after members came or went nothing is levelled. */
const calmMs = 2_000;

export class Comings {
  readonly #delayMs: number;
  #seen: Map<MemberId, MemberStatus> | undefined;
  #changedAt = Number.NEGATIVE_INFINITY;
  /** Data members that were lost and nobody has come for yet. */
  #missing = 0;
  #movesFrom = Number.NEGATIVE_INFINITY;

  constructor(delayMs: number) {
    this.#delayMs = delayMs;
  }

  /** Another member has led meanwhile: what it saw is not known here. */
  forget(): void {
    this.#seen = undefined;
    this.#missing = 0;
    this.#movesFrom = Number.NEGATIVE_INFINITY;
  }

  observe(state: MetaState, nowMs: number): void {
    const before = this.#seen;
    if (before !== undefined && !this.#hasChanged(state, before)) return;
    this.#changedAt = nowMs;
    this.#seen = new Map([...state.members.values()].map(({ id, status }) => [id, status]));
    const lost = before === undefined ? countSuspended(state) : countLost(state, before);
    if (lost > 0) this.#movesFrom = nowMs + this.#delayMs;
    const came = before === undefined ? 0 : countCome(state, before);
    this.#missing = Math.max(0, this.#missing + lost - came);
  }

  mayMove(nowMs: number): boolean {
    const isCalm = nowMs - this.#changedAt > calmMs;
    return isCalm && (this.#missing === 0 || nowMs >= this.#movesFrom);
  }

  #hasChanged(state: MetaState, before: ReadonlyMap<MemberId, MemberStatus>): boolean {
    if (state.members.size !== before.size) return true;
    for (const { id, status } of state.members.values()) if (before.get(id) !== status) return true;
    return false;
  }
}

function countSuspended({ members }: MetaState): number {
  return [...members.values()].filter(({ data, status }) => data && status === 'suspended').length;
}

/** Who was up and is suspended or gone; who leaves says so first. */
function countLost(state: MetaState, before: ReadonlyMap<MemberId, MemberStatus>): number {
  let lost = 0;
  for (const [id, status] of before) {
    const member = state.members.get(id);
    const isThere = member !== undefined && (member.status !== 'suspended' || !member.data);
    if (status === 'up' && !isThere) lost++;
  }
  return lost;
}

function countCome(state: MetaState, before: ReadonlyMap<MemberId, MemberStatus>): number {
  let came = 0;
  for (const member of state.members.values()) {
    if (isEligible(member) && before.get(member.id) !== 'up') came++;
  }
  return came;
}
