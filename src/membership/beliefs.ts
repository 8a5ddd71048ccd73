/**
 * How what is heard of members, and what is found out about them, changes what is believed.
 *
 * Invariants
 * 1. Only the accused raises its own incarnation, past the one it was accused of.
 * 2. Time declares nobody dead that was not suspected first and had its time to refute.
 * 3. A death heard in a push/pull is only a suspicion, unless it is proven: it may be the memory of a
 *    partition. Proof is that another process has the address; such an accusation names that process.
 */
import type { Address, MemberId } from '../base/ids.ts';
import type { SwimUpdate } from '../wire/membership-messages.ts';
import type { Gossip } from './gossip.ts';
import type { LocalHealth } from './local-health.ts';
import {
  isLive,
  type MemberRecord,
  type MemberTable,
  overrides,
  snapshot,
  updateOf,
} from './member-table.ts';
import { Suspicion, suspicionBounds } from './suspicion.ts';
import type { SwimAction, SwimMember, SwimTuning } from './swim-types.ts';

/** How an update came. */
export interface Source {
  /** Who sent the message. */
  readonly from: MemberId;
  readonly isSync: boolean;
}

export interface BeliefsOptions {
  readonly table: MemberTable;
  readonly gossip: Gossip;
  readonly health: LocalHealth;
  readonly tuning: SwimTuning;
  readonly suspicionMinMs: number;
}

export class Beliefs {
  readonly #table: MemberTable;
  readonly #gossip: Gossip;
  readonly #health: LocalHealth;
  readonly #tuning: SwimTuning;
  readonly #suspicionMinMs: number;
  /** Until when no suspicion ends, because this member has just slept itself; and since when. */
  #graceUntilMs = Number.NEGATIVE_INFINITY;
  #graceSinceMs = Number.NEGATIVE_INFINITY;
  /** What the sender of the present message has to hear because it is behind. */
  #corrections: SwimUpdate[] = [];
  /** Members that joined or came back in this turn. */
  #arrived: MemberRecord[] = [];

  constructor(options: BeliefsOptions) {
    this.#table = options.table;
    this.#gossip = options.gossip;
    this.#health = options.health;
    this.#tuning = options.tuning;
    this.#suspicionMinMs = options.suspicionMinMs;
  }

  takeCorrections(): readonly SwimUpdate[] {
    const corrections = this.#corrections;
    if (corrections.length > 0) this.#corrections = [];
    return corrections;
  }

  takeArrived(): readonly MemberRecord[] {
    const arrived = this.#arrived;
    if (arrived.length > 0) this.#arrived = [];
    return arrived;
  }

  hear(update: SwimUpdate, source: Source, nowMs: number, out: SwimAction[]): void {
    const { self } = this.#table;
    const known = this.#table.get(update.id);
    if (update.id === self.id) this.#hearOfSelf(update, nowMs);
    else if (isLeaving(update)) this.#hearLeft(update, known, nowMs, out);
    else if (update.address === self.address) {
      this.#hearOfPredecessor(update, known, nowMs, out);
    } else if (known === undefined) this.#meet(update, source, nowMs, out);
    else this.#hearOfKnown(update, known, source, nowMs, out);
  }

  /** A probe failed or a link is beyond doubt: this member accuses another. */
  suspect(record: MemberRecord, nowMs: number, out: SwimAction[]): void {
    if (!isLive(record) || record === this.#table.self) return;
    const accuser = this.#table.self.id;
    if (record.state === 'alive') {
      this.#startSuspicion(record, record.incarnation, accuser, nowMs, out);
      this.#gossip.announce(updateOf(record));
    } else if (record.suspicion?.confirm(accuser)) {
      this.#gossip.announce({ ...updateOf(record), accuser });
    }
  }

  /** `id` was seen at an address: whoever was there before is dead, whatever has been said. */
  foundAt(id: MemberId, address: Address, nowMs: number, out: SwimAction[]): void {
    if (this.#table.get(id)?.isGoneForGood) return; // A late word of somebody replaced itself.
    for (const old of this.#table.at(address)) {
      if (old.id !== id && old !== this.#table.self) this.#bury(old, id, nowMs, out);
    }
  }

  /** The member itself was asleep: what it would have heard still waits to be read. */
  grantGrace(nowMs: number, graceMs: number): void {
    if (nowMs > this.#graceUntilMs + graceMs) this.#graceSinceMs = nowMs;
    this.#graceUntilMs = nowMs + graceMs;
  }

  /** Ends the suspicions whose time is up. */
  tick(nowMs: number, out: SwimAction[]): void {
    if (this.#table.suspects.size === 0 || this.#isInGrace(nowMs)) return;
    for (const record of this.#table.suspects) {
      if (record.suspicion === undefined || nowMs < record.suspicion.deadlineMs) continue;
      const { self } = this.#table;
      this.#table.change(record, 'dead', record.incarnation, self.id, nowMs);
      out.push({ kind: 'dead', member: snapshot(record) });
      this.#gossip.announce(updateOf(record));
    }
  }

  /** One who stalls all the time may not put off a verdict for ever. */
  #isInGrace(nowMs: number): boolean {
    const graceMaxMs = this.#suspicionMinMs * this.#tuning.suspicionMaxMult;
    return nowMs < this.#graceUntilMs && nowMs - this.#graceSinceMs < graceMaxMs;
  }

  #hearOfSelf(update: SwimUpdate, nowMs: number): void {
    const { self } = this.#table;
    // Who leaves does not contradict, and against its successor nobody has a case.
    if (self.state === 'left' || update.state === 'alive') return;
    if (update.state === 'dead' && this.#namesSuccessor(update)) return;
    if (update.incarnation < self.incarnation) {
      this.#corrections.push(updateOf(self));
      return;
    }
    this.#table.change(self, 'alive', update.incarnation + 1, self.id, nowMs);
    this.#health.add(1);
    this.#gossip.announce(updateOf(self));
  }

  #hearOfKnown(
    update: SwimUpdate,
    known: MemberRecord,
    source: Source,
    nowMs: number,
    out: SwimAction[],
  ): void {
    if (update.state === 'alive') this.#hearAlive(update, known, source, nowMs, out);
    else if (update.state === 'suspect') this.#hearSuspect(update, known, nowMs, out);
    else if (this.#namesSuccessor(update)) this.#bury(known, update.accuser, nowMs, out);
    else if (source.isSync) this.#hearDeadInSync(update, known, nowMs, out);
    else this.#hearDead(update, known, nowMs, out);
  }

  /** Nobody else can be alive at the own address. */
  #hearOfPredecessor(
    update: SwimUpdate,
    known: MemberRecord | undefined,
    nowMs: number,
    out: SwimAction[],
  ): void {
    const { self } = this.#table;
    // While this member leaves, its successor may have begun.
    if (known?.isGoneForGood || self.state === 'left') return;
    if (known === undefined && update.state === 'dead' && update.accuser === self.id) return;
    const record = known ?? this.#table.add({ ...update, state: 'dead' }, nowMs);
    this.#bury(record, self.id, nowMs, out);
  }

  /** The first that is heard of a member. */
  #meet(update: SwimUpdate, source: Source, nowMs: number, out: SwimAction[]): void {
    if (update.state === 'dead') {
      // Remembered against a late `alive`, unless it is an old story from somebody's whole table.
      if (!source.isSync) this.#table.add(update, nowMs);
      return;
    }
    if (this.#table.isFull) return;
    const alive: SwimUpdate = { ...update, state: 'alive', accuser: update.id };
    const record = this.#table.add(alive, nowMs);
    this.#arrive(record, source, out);
    this.#buryAccusedBy(record, nowMs, out);
    if (update.state === 'suspect') this.#hearSuspect(update, record, nowMs, out);
  }

  #hearAlive(
    update: SwimUpdate,
    known: MemberRecord,
    source: Source,
    nowMs: number,
    out: SwimAction[],
  ): void {
    if (!overrides(update, known)) {
      // It does not know that it is accused: without an answer it would stay so for ever.
      const isAccused = known.state !== 'alive' && !known.isGoneForGood;
      if (isAccused && source.from === known.id) this.#corrections.push(updateOf(known));
      return;
    }
    const before = known.state;
    this.#table.change(known, 'alive', update.incarnation, known.id, nowMs);
    known.failuresInRow = 0;
    if (before === 'dead') {
      this.#arrive(known, source, out);
      return;
    }
    if (before === 'suspect') out.push({ kind: 'refuted', member: snapshot(known) });
    this.#gossip.relay(update);
  }

  #hearSuspect(update: SwimUpdate, known: MemberRecord, nowMs: number, out: SwimAction[]): void {
    if (known.state === 'suspect' && update.incarnation === known.incarnation) {
      if (!this.#mayAccuse(update.accuser)) return;
      if (known.suspicion?.confirm(update.accuser)) this.#gossip.relay(update);
      return;
    }
    if (!overrides(update, known)) return;
    this.#startSuspicion(known, update.incarnation, update.accuser, nowMs, out);
    this.#gossip.relay(update);
  }

  #hearDead(update: SwimUpdate, known: MemberRecord, nowMs: number, out: SwimAction[]): void {
    const { incarnation, accuser } = update;
    if (known.state === 'dead') {
      // A late `alive` from between the two deaths must not bring it back.
      known.incarnation = Math.max(known.incarnation, incarnation);
      return;
    }
    if (!overrides(update, known)) return;
    this.#table.change(known, 'dead', incarnation, accuser, nowMs);
    out.push({ kind: 'dead', member: snapshot(known) });
    this.#gossip.relay(update);
  }

  #hearDeadInSync(update: SwimUpdate, known: MemberRecord, nowMs: number, out: SwimAction[]): void {
    const suspect: SwimUpdate = { ...update, state: 'suspect' };
    if (known.state !== 'alive' || !overrides(suspect, known)) {
      this.#hearSuspect(suspect, known, nowMs, out);
      return;
    }
    this.#startSuspicion(known, update.incarnation, update.accuser, nowMs, out);
    // Nobody else says so on this side: the accused has to hear it soon.
    this.#gossip.announce(suspect);
  }

  #hearLeft(
    update: SwimUpdate,
    known: MemberRecord | undefined,
    nowMs: number,
    out: SwimAction[],
  ): void {
    const left: SwimUpdate = { ...update, state: 'left', accuser: update.id };
    if (known === undefined) {
      this.#table.add(left, nowMs);
      return;
    }
    if (!overrides(left, known)) return;
    const wasLive = isLive(known);
    this.#table.change(known, 'left', update.incarnation, known.id, nowMs);
    if (wasLive) out.push({ kind: 'left', member: snapshot(known) });
    this.#gossip.relay(left);
  }

  #startSuspicion(
    record: MemberRecord,
    incarnation: number,
    accuser: MemberId,
    nowMs: number,
    out: SwimAction[],
  ): void {
    const bounds = suspicionBounds(
      this.#table.liveCount,
      this.#suspicionMinMs,
      this.#tuning.suspicionMult,
      this.#tuning.suspicionMaxMult,
    );
    const wasAlive = record.state === 'alive';
    this.#table.change(record, 'suspect', incarnation, accuser, nowMs);
    record.suspicion = new Suspicion(accuser, bounds, nowMs);
    if (wasAlive) out.push({ kind: 'suspected', member: snapshot(record) });
  }

  /** An accuser counts while it is a member itself: the word of the dead is old. */
  #mayAccuse(accuser: MemberId): boolean {
    const record = this.#table.get(accuser);
    return record !== undefined && isLive(record);
  }

  #arrive(record: MemberRecord, source: Source, out: SwimAction[]): void {
    out.push({ kind: 'joined', member: snapshot(record) });
    this.#arrived.push(record);
    if (source.from === record.id) this.#gossip.announce(updateOf(record));
    else this.#gossip.relay(updateOf(record));
  }

  /** True where an accusation names another process at the same address. */
  #namesSuccessor({ id, accuser, address }: SwimUpdate): boolean {
    return accuser !== id && this.#table.get(accuser)?.address === address;
  }

  /** The accusations of a successor may come before it is known itself. */
  #buryAccusedBy(successor: MemberRecord, nowMs: number, out: SwimAction[]): void {
    for (const old of this.#table.at(successor.address)) {
      const isAccused = old !== successor && !isLive(old) && old.accuser === successor.id;
      if (isAccused) this.#bury(old, successor.id, nowMs, out);
    }
  }

  #bury(old: MemberRecord, by: MemberId, nowMs: number, out: SwimAction[]): void {
    if (old.isGoneForGood) return;
    this.#table.change(old, 'dead', old.incarnation, by, nowMs);
    old.isGoneForGood = true;
    const successor = this.#table.get(by);
    const shown = successor === undefined ? stranger(by, old.address) : snapshot(successor);
    out.push({ kind: 'replaced', old: snapshot(old), by: shown });
    this.#gossip.announce(updateOf(old));
  }
}

/** Who declares itself dead leaves. */
function isLeaving({ state, id, accuser }: SwimUpdate): boolean {
  return state === 'left' || (state === 'dead' && accuser === id);
}

/** What can be said of a process of which only the handshake is known. */
function stranger(id: MemberId, address: Address): SwimMember {
  const name = id.split('#', 1)[0] ?? id;
  const zone = '';
  return { id, address, name, zone, isData: false, state: 'alive', incarnation: 0, stallMs: 0 };
}
