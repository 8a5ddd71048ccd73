/**
 * How members that lost sight of each other meet again: whole tables are exchanged with a random
 * member now and then, with somebody who came back, and for ever with those who seem gone. Without the
 * last, the halves of a partition would never hear of each other again.
 */
import type { Address, MemberId } from '../base/ids.ts';
import type { Random } from '../base/random.ts';
import type { Timings } from '../base/timings.ts';
import type { SwimUpdate } from '../wire/membership-messages.ts';
import { isLive, type MemberRecord, type MemberTable, updateOf } from './member-table.ts';
import type { SwimAction } from './swim-types.ts';

/** Further seeds are not taken. */
const seedsMax = 256;
/** Addresses that a member that is alone tries at the same time. */
const contactsWhileAlone = 3;

export class Healing {
  readonly #table: MemberTable;
  readonly #timings: Timings;
  readonly #random: Random;
  readonly #seeds = new Set<Address>();
  #nextContactMs = 0;
  #nextPushPullMs: number | undefined;
  /** One who came back, and when to compare tables with it; one at a time, so that it stays cheap. */
  #reunion: { readonly member: MemberRecord; readonly atMs: number } | undefined;

  constructor(table: MemberTable, timings: Timings, random: Random) {
    this.#table = table;
    this.#timings = timings;
    this.#random = random;
  }

  /** In the place of those before. */
  setSeeds(addresses: readonly Address[]): void {
    this.#seeds.clear();
    for (const address of addresses) {
      if (address !== this.#table.self.address && this.#seeds.size < seedsMax) {
        this.#seeds.add(address);
      }
    }
  }

  /** Who came back brings news of others; its own refutations take a moment to spread. */
  cameBack(member: MemberRecord, nowMs: number): void {
    this.#reunion ??= { member, atMs: nowMs + 2 * this.#timings.gossipIntervalMs };
  }

  tick(nowMs: number, out: SwimAction[]): void {
    this.#nextPushPullMs ??= nowMs + this.#random.next() * this.#timings.pushPullMs;
    if (nowMs >= this.#nextPushPullMs) {
      this.#nextPushPullMs =
        nowMs + this.#timings.pushPullMs * pushPullScale(this.#table.liveCount);
      for (const member of this.#table.pick(1, this.#random, isLive))
        this.sync(member, true, nowMs, out);
    }
    if (this.#reunion !== undefined && nowMs >= this.#reunion.atMs) {
      this.sync(this.#reunion.member, true, nowMs, out);
      this.#reunion = undefined;
    }
    if (nowMs >= this.#nextContactMs) this.#contact(nowMs, out);
  }

  /** All that is known goes to one address; with an `id`, only to that process. */
  sync(
    to: { readonly address: Address; readonly id: MemberId | undefined },
    wantsReply: boolean,
    nowMs: number,
    out: SwimAction[],
    first: readonly SwimUpdate[] = [],
  ): void {
    const updates = [...first];
    const { gossipToTheDeadMs } = this.#timings;
    for (const record of this.#table.values()) {
      const isHistory = record.isGoneForGood && nowMs - record.changedMs > gossipToTheDeadMs;
      if (!isHistory) updates.push(updateOf(record));
    }
    out.push({
      kind: 'send',
      to: to.address,
      id: to.id,
      message: { kind: 'swim.sync', wantsReply, updates },
    });
  }

  #contact(nowMs: number, out: SwimAction[]): void {
    const isAlone = this.#table.liveCount === 1;
    const { probeIntervalMs, healMs } = this.#timings;
    this.#nextContactMs = nowMs + (isAlone ? probeIntervalMs : healMs);
    const lost = this.#random.shuffle(this.#lost());
    for (const address of lost.slice(0, isAlone ? contactsWhileAlone : 1)) {
      this.sync({ address, id: undefined }, true, nowMs, out);
    }
  }

  /** Where somebody was or should be, and nobody is seen. */
  #lost(): Address[] {
    const lost = new Set(this.#seeds);
    for (const record of this.#table.dead) {
      if (!record.isGoneForGood) lost.add(record.address);
    }
    for (const record of this.#table.liveOthers) lost.delete(record.address);
    return [...lost];
  }
}

/** In large grids whole tables are exchanged less often, since each costs more. */
export function pushPullScale(size: number): number {
  return size <= 32 ? 1 : Math.ceil(Math.log2(size) - 5) + 1;
}
