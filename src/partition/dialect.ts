/**
 * Which commands the members of a cluster may be given: none that one of them does not know (PROTOCOL.md 0,
 * "Versions"). A process speaks its own version of the protocol and the one before; a cluster speaks one, which
 * is committed like everything else that all have to agree on.
 *
 * Rules
 * 1. A command is proposed only where the cluster speaks the version since which that command is.
 * 2. The cluster's version is one that every member speaks. Who does not speak it is not taken in.
 * 3. It begins with the lowest that its first member speaks, rises by a command, when all have spoken more for a
 *    while, and never falls: what is in the log stays there.
 */
import type { SpokenVersions } from '../wire/version.ts';
import { protocolVersion, protocolVersionMin } from '../wire/version.ts';
import type { Command, MemberRow, MetaState, NewMember } from './meta-state.ts';

/** Members that a refusal names. */
const namesMax = 5;

/** The versions that a process speaks, and since which of them each command is. */
export interface Dialect extends SpokenVersions {
  readonly since: Readonly<Record<Command['type'], number>>;
}

/** A new command says here since when it is, and so goes to nobody who does not know it. */
export const ownDialect: Dialect = {
  protocol: protocolVersion,
  protocolMin: protocolVersionMin,
  since: {
    form: 1,
    join: 1,
    status: 1,
    remove: 1,
    alter: 1,
    assign: 1,
    handover: 1,
    define: 1,
    destroy: 1,
    'accept-loss': 1,
    raise: 1,
    absorb: 1,
    undertake: 1,
    merged: 1,
    yield: 1,
    revive: 1,
  },
};

/** Why a command may not be proposed yet; empty where it may. A cluster is formed by what its first member speaks. */
export function refusalOf(command: Command, { since }: Dialect, state: MetaState): string {
  const needed = since[command.type];
  if (command.type === 'form' || needed <= state.protocol) return '';
  const behind = [...state.members.values()].filter(({ protocol }) => protocol < needed);
  const why =
    behind.length > 0
      ? `${behind.slice(0, namesMax).map(nameOf).join(', ')} cannot speak more: upgrade that first`
      : 'all have spoken more for a moment only: try again in a minute';
  return (
    `${command.type} needs version ${needed} of the protocol, and the cluster speaks version ` +
    `${state.protocol}; ${why}`
  );
}

function nameOf({ name, address }: MemberRow): string {
  return name === '' || name === address ? address : `${name} at ${address}`;
}

/** Why a process cannot be a member of a cluster that speaks a version; empty where it can. */
export function objectionTo({ id, protocol, protocolMin }: NewMember, spoken: number): string {
  if (protocol >= spoken && protocolMin <= spoken) return '';
  const advice =
    protocol < spoken
      ? 'it is older than the cluster: upgrade it'
      : 'it is too new for the cluster: upgrade all members to the version between first';
  return (
    `the cluster speaks version ${spoken} of the protocol, and ${id} speaks ${protocolMin} to ` +
    `${protocol}; ${advice}`
  );
}

/** The highest version that every member speaks. */
export function highestCommon(state: MetaState): number {
  let highest = Number.POSITIVE_INFINITY;
  for (const { protocol } of state.members.values()) highest = Math.min(highest, protocol);
  return state.members.size === 0 ? state.protocol : highest;
}

/** When the cluster's version may rise. */
export class Upgrade {
  readonly #calmMs: number;
  /** What all have spoken, and since when. */
  #common = { protocol: 0, since: 0 };

  /** For so long a member may still come back in its version of before. */
  constructor(calmMs: number) {
    this.#calmMs = calmMs;
  }

  next(state: MetaState, nowMs: number): Command | undefined {
    const protocol = highestCommon(state);
    if (protocol !== this.#common.protocol) this.#common = { protocol, since: nowMs };
    const isCalm = nowMs - this.#common.since >= this.#calmMs;
    return protocol > state.protocol && isCalm ? { type: 'raise', protocol } : undefined;
  }

  /** Another led meanwhile. */
  forget(): void {
    this.#common = { protocol: 0, since: 0 };
  }
}
