/** A member's way to primaries: by the local copy of the table, straight back where it is primary itself. */
import type { Clock } from '../base/clock.ts';
import type { GridErrorCode } from '../base/errors.ts';
import type { MemberId, PartitionId } from '../base/ids.ts';
import type { MetaGroup } from '../partition/meta-group.ts';
import { rowOf } from '../partition/meta-state.ts';
import type { Courier } from '../transport/calls.ts';
import type { OpRequest } from '../wire/op-messages.ts';
import type { Dispatch } from './dispatch.ts';

export class MemberCourier implements Courier {
  readonly #meta: MetaGroup;
  readonly #dispatch: Dispatch;
  readonly #clock: Clock;
  readonly #self: MemberId;
  readonly #refuseAfterMs: number;

  constructor(
    self: MemberId,
    meta: MetaGroup,
    dispatch: Dispatch,
    clock: Clock,
    refuseAfterMs: number,
  ) {
    this.#self = self;
    this.#meta = meta;
    this.#dispatch = dispatch;
    this.#clock = clock;
    this.#refuseAfterMs = refuseAfterMs;
  }

  send(request: OpRequest): string | undefined {
    const to = this.route(request.partition);
    return to !== undefined && this.#dispatch.toMember(to, request) ? to : undefined;
  }

  route(partition: PartitionId): MemberId | undefined {
    const row = rowOf(this.#meta.state, partition);
    // A lost partition: whoever is asked says so, and this member knows it as well as any.
    return row === undefined ? undefined : (row.primary ?? this.#self);
  }

  /**
   * A member that goes without a lease is cut off from the majority, or there is none: its callers are told soon,
   * since nobody knows how long that lasts. The election of another leader usually takes less.
   */
  patienceMs(): number {
    const now = this.#clock.monotonic();
    const voidSince = this.#meta.lease.voidSince(now) ?? Number.POSITIVE_INFINITY;
    // One that never had a lease is on its way in.
    const isCutOff = voidSince > 0 && now - voidSince >= this.#refuseAfterMs;
    return isCutOff ? this.#refuseAfterMs : Number.POSITIVE_INFINITY;
  }

  obstacle(partition: PartitionId): { readonly code: GridErrorCode; readonly text: string } {
    const { lease, leader } = this.#meta;
    const voidSince = lease.voidSince(this.#clock.monotonic());
    if (voidSince !== undefined) {
      const text = `that this member holds no lease, with ${leader === undefined ? 'no meta leader known' : `the meta leader ${leader} silent`}`;
      return { code: 'GRID_NO_QUORUM', text };
    }
    const primary = rowOf(this.#meta.state, partition)?.primary;
    const text = primary === undefined ? 'no primary for the key' : `no answer from ${primary}`;
    return { code: 'GRID_TIMEOUT', text };
  }
}
