/** What the replicas of a member may look at: its lease, its copy of the table, its links. */
import type { Clock } from '../base/clock.ts';
import type { CallerId, MemberId, PartitionId, StreamId } from '../base/ids.ts';
import type { Catalog } from '../partition/content.ts';
import type { Lease } from '../partition/lease.ts';
import { copiesWanted, groupOf, isServing, type MetaState } from '../partition/meta-state.ts';
import type { BeforeStep } from '../partition/move-steps.ts';
import type { Surroundings } from '../partition/replica-state.ts';
import { isSession } from '../wire/client-messages.ts';
import type { ClientPort } from './client-port.ts';
import type { Roster } from './roster.ts';

export interface MemberSurroundingsParts {
  readonly state: MetaState;
  readonly lease: Lease;
  readonly roster: Roster;
  readonly clients: () => ClientPort;
  readonly clock: Clock;
  readonly copySessionsMax: number;
  readonly beforeStep?: BeforeStep | undefined;
}

export class MemberSurroundings implements Surroundings {
  readonly #parts: MemberSurroundingsParts;
  /** Whether a caller has left or died. */
  readonly isGone: (caller: CallerId) => boolean;
  readonly beforeStep: BeforeStep | undefined;
  #streams = 0;
  #copies = 0;

  constructor(parts: MemberSurroundingsParts) {
    this.#parts = parts;
    const { state, clients } = parts;
    this.beforeStep = parts.beforeStep;
    this.isGone = (caller) =>
      isSession(caller)
        ? clients().isGone(caller)
        : !state.members.has(caller as string as MemberId);
  }

  isLeaseValid(nowMs: number): boolean {
    return this.#parts.lease.isValid(nowMs);
  }

  gridTime(nowMs: number): number {
    return this.#parts.lease.gridTime(nowMs);
  }

  isServing(member: MemberId): boolean {
    return isServing(this.#parts.state.members.get(member));
  }

  isStaying(member: MemberId): boolean {
    return this.#parts.state.members.get(member)?.status === 'up';
  }

  isRefused(member: MemberId): boolean {
    return this.#parts.roster.isRefused(member, this.#parts.clock.monotonic());
  }

  copiesWanted(partition: PartitionId): number {
    const { state } = this.#parts;
    return copiesWanted(state, groupOf(partition, state.settings?.partitions ?? 1));
  }

  nextStream(): StreamId {
    return ++this.#streams as StreamId;
  }

  beginCopy(): boolean {
    if (this.#copies >= this.#parts.copySessionsMax) return false;
    this.#copies++;
    return true;
  }

  endCopy(): void {
    this.#copies--;
  }
}

/** The structures as this member's copy of the table has them at any time. */
export function catalogOf(state: MetaState): Catalog {
  return {
    structure: (id) => state.structures.get(id),
    get applied() {
      return state.applied;
    },
  };
}
