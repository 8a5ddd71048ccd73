/**
 * What fails together: copies of a partition are kept in distinct zones where there are as many zones as copies,
 * else on distinct hosts where there are as many of these, else on distinct members (PROTOCOL.md 3.5).
 */
import type { MemberId } from '../base/ids.ts';
import type { MemberRow } from './meta-state.ts';

export class Domains {
  readonly #of = new Map<MemberId, string>();

  /** `members`: all that may be given copies; `copies`: how many a partition is to have. */
  constructor(members: readonly MemberRow[], copies: number) {
    const nameOf = [zoneOf, hostOf].find((name) => countOf(members, name) >= copies);
    for (const member of members) this.#of.set(member.id, nameOf?.(member) ?? member.id);
  }

  /** A member that may not be given copies is a domain of its own: its copies are on their way out. */
  of(id: MemberId): string {
    return this.#of.get(id) ?? id;
  }

  /** Whether a member fails together with one of some others. */
  isShared(id: MemberId, others: readonly MemberId[]): boolean {
    const domain = this.of(id);
    return others.some((other) => other !== id && this.of(other) === domain);
  }
}

/** Members that name no zone are in one together. */
function zoneOf({ zone }: MemberRow): string {
  return `zone ${zone}`;
}

function hostOf({ address }: MemberRow): string {
  const at = address.lastIndexOf(':');
  return `host ${at < 0 ? address : address.slice(0, at)}`;
}

function countOf(members: readonly MemberRow[], name: (member: MemberRow) => string): number {
  return new Set(members.map(name)).size;
}
