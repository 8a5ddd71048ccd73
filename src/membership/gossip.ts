/**
 * How updates reach everybody: a queue from which every ping, ack and gossip tick takes what has been
 * sent least often, until each update was sent often enough for all to have it.
 *
 * In a small grid "often enough" is a bet that is lost once in twenty times, so what a member finds
 * out itself it also sends to everybody at once.
 */
import type { Address, MemberId } from '../base/ids.ts';
import type { Random } from '../base/random.ts';
import type { SwimUpdate } from '../wire/membership-messages.ts';
import { type MemberRecord, type MemberTable, updateOf } from './member-table.ts';
import type { SwimAction, SwimTuning } from './swim-types.ts';

/** What the updates of one message may take, estimated. */
const updateBytesMax = 8 * 1_024;
/** Updates that wait; past it the one that was sent most often is dropped: push/pull makes up for it. */
const queuedMax = 4_096;

interface Broadcast {
  readonly update: SwimUpdate;
  readonly bytes: number;
  /** Counts the announcements; the newer is larger. */
  readonly order: number;
  sent: number;
}

function estimatedBytes({ id, address, accuser, name, zone }: SwimUpdate): number {
  return 24 + id.length + address.length + accuser.length + name.length + zone.length;
}

/** Fewest transmissions first, then the largest, then the newest. */
function byUrgency(a: Broadcast, b: Broadcast): number {
  return a.sent - b.sent || b.bytes - a.bytes || b.order - a.order;
}

/** How often one update is sent in a grid of `size` members. */
export function retransmitLimit(retransmitMult: number, size: number): number {
  return retransmitMult * Math.ceil(Math.log10(size + 1));
}

export class BroadcastQueue {
  #queued: Broadcast[] = [];
  #isSorted = true;
  #announced = 0;

  get size(): number {
    return this.#queued.length;
  }

  has(subject: MemberId): boolean {
    return this.#queued.some(({ update }) => update.id === subject);
  }

  /** A newer word about the same subject replaces the older. */
  add(update: SwimUpdate): void {
    this.drop(update.id);
    if (this.#queued.length >= queuedMax) {
      this.#sort();
      this.#queued.pop();
    }
    this.#announced++;
    const bytes = estimatedBytes(update);
    this.#queued.push({ update, bytes, order: this.#announced, sent: 0 });
    this.#isSorted = false;
  }

  drop(subject: MemberId): void {
    const index = this.#queued.findIndex(({ update }) => update.id === subject);
    if (index >= 0) this.#queued.splice(index, 1);
  }

  /** Adds to `taken` what fits into `bytesMax`; what was then sent `limit` times is done with. */
  take(limit: number, bytesMax: number, taken: SwimUpdate[]): void {
    if (this.#queued.length === 0) return;
    this.#sort();
    let bytesLeft = bytesMax;
    let isDone = false;
    for (const broadcast of this.#queued) {
      if (broadcast.bytes > bytesLeft) continue;
      bytesLeft -= broadcast.bytes;
      broadcast.sent++;
      isDone ||= broadcast.sent >= limit;
      taken.push(broadcast.update);
    }
    this.#isSorted = false;
    if (isDone) this.#queued = this.#queued.filter(({ sent }) => sent < limit);
  }

  #sort(): void {
    if (!this.#isSorted) this.#queued.sort(byUrgency);
    this.#isSorted = true;
  }
}

export class Gossip {
  readonly #table: MemberTable;
  readonly #tuning: SwimTuning;
  readonly #random: Random;
  readonly #toTheDeadMs: number;
  readonly #queue = new BroadcastQueue();
  /** What was found out in this turn and goes to everybody at its end. */
  #direct: SwimUpdate[] = [];

  constructor(table: MemberTable, tuning: SwimTuning, random: Random, toTheDeadMs: number) {
    this.#table = table;
    this.#tuning = tuning;
    this.#random = random;
    this.#toTheDeadMs = toTheDeadMs;
  }

  /** Whether what was last said of a member has yet to be sent its full count. */
  isSpreading(subject: MemberId): boolean {
    return this.#queue.has(subject);
  }

  /** Passes on what another found out. */
  relay(update: SwimUpdate): void {
    this.#queue.add(update);
  }

  /** Spreads what this member found out itself. */
  announce(update: SwimUpdate): void {
    this.#queue.add(update);
    this.#direct.push(update);
  }

  forget(subject: MemberId): void {
    this.#queue.drop(subject);
  }

  /** The updates for one message; `first` is what its receiver must hear in any case. */
  piggyback(to: MemberRecord | undefined, first: readonly SwimUpdate[] = []): SwimUpdate[] {
    const updates = [...first];
    // The buddy system: whoever is accused hears it from the first who talks to it, and can refute.
    if (to !== undefined && to.state !== 'alive' && !to.isGoneForGood) updates.push(updateOf(to));
    const limit = retransmitLimit(this.#tuning.retransmitMult, this.#table.liveCount);
    this.#queue.take(limit, updateBytesMax, updates);
    return updates;
  }

  /** At the end of each turn. */
  flush(out: SwimAction[]): void {
    if (this.#direct.length === 0) return;
    const updates = this.#direct;
    this.#direct = [];
    const isSmall = this.#table.liveCount <= this.#tuning.directMax;
    if (isSmall) {
      for (const member of this.#table.liveOthers) sendGossip(member, updates, out);
    }
    for (const update of updates) this.#tellAccused(update, isSmall, out);
  }

  /** Every gossip interval: a few members, some that seem dead among them, get what spreads. */
  tick(nowMs: number, out: SwimAction[]): void {
    if (this.#queue.size === 0) return;
    const targets = this.#random.shuffle([...this.#table.liveOthers, ...this.#recentlyDead(nowMs)]);
    for (const target of targets.slice(0, this.#tuning.fanout)) {
      const updates = this.piggyback(target);
      if (updates.length > 0) sendGossip(target, updates, out);
    }
  }

  /** Tells one of those who seem dead; who was buried alive refutes. */
  tellTheDead(nowMs: number, out: SwimAction[]): void {
    if (this.#table.dead.size === 0) return;
    const dead = this.#recentlyDead(nowMs);
    if (dead.length === 0) return;
    const target = this.#random.pick(dead);
    sendGossip(target, [updateOf(target)], out);
  }

  #recentlyDead(nowMs: number): MemberRecord[] {
    return [...this.#table.dead].filter(
      (record) => !record.isGoneForGood && nowMs - record.changedMs <= this.#toTheDeadMs,
    );
  }

  #tellAccused(update: SwimUpdate, isLiveTold: boolean, out: SwimAction[]): void {
    const subject = this.#table.get(update.id);
    if (subject === undefined || subject.isGoneForGood || subject.state === 'alive') return;
    if (subject.state === 'suspect' && isLiveTold) return;
    sendGossip(subject, [update], out);
  }
}

function sendGossip(
  { address, id }: { readonly address: Address; readonly id: MemberId },
  updates: readonly SwimUpdate[],
  out: SwimAction[],
): void {
  out.push({ kind: 'send', to: address, id, message: { kind: 'swim.gossip', updates } });
}
