/**
 * Who is known, and which word about a member overrides which.
 *
 * Invariants
 * 1. Within one identity what is believed only moves up: a larger incarnation, or at the same one
 *    alive, suspect, dead, in this order.
 * 2. Who is gone for good (it left, another process has its address, or the meta group removed it) never
 *    comes back: an identity is one process.
 * 3. The dead are bounded. Those that are gone for good are forgotten after a while; those that may
 *    merely be cut off stay, so that healing can try them, until the bound drops the oldest.
 */
import type { Address, MemberId } from '../base/ids.ts';
import type { Random } from '../base/random.ts';
import type { SwimState, SwimUpdate } from '../wire/membership-messages.ts';
import type { Suspicion } from './suspicion.ts';
import type { SwimMember } from './swim-types.ts';

export interface MemberRecord {
  readonly id: MemberId;
  readonly address: Address;
  readonly name: string;
  readonly zone: string;
  readonly isData: boolean;
  state: SwimState;
  incarnation: number;
  /** Who suspects it or declared it dead, or itself. */
  accuser: MemberId;
  /** When the state became what it is. */
  changedMs: number;
  isGoneForGood: boolean;
  suspicion: Suspicion | undefined;
  /** Its link closed and has not come up since. */
  hasLostLink: boolean;
  /** Probes that failed since the last that did not. */
  failuresInRow: number;
  /** How late its event loop was, as its last ack said. */
  stallMs: number;
}

/** The live that are known; past it a newcomer is not taken in, because no whole table could be sent. */
const liveMax = 1_024;
/** The dead that are remembered. */
const deadMax = 1_024;

/** Whether a word about a member overrides what is believed of it: the order of SWIM, as memberlist has it. */
export function overrides(
  update: Pick<SwimUpdate, 'state' | 'incarnation'>,
  known: Pick<MemberRecord, 'state' | 'incarnation' | 'isGoneForGood'>,
): boolean {
  if (known.isGoneForGood || known.state === 'left') return false;
  switch (update.state) {
    case 'alive':
      return update.incarnation > known.incarnation;
    case 'suspect':
      if (known.state === 'dead') return false;
      if (known.state === 'suspect') return update.incarnation > known.incarnation;
      return update.incarnation >= known.incarnation;
    case 'dead':
      return known.state !== 'dead' && update.incarnation >= known.incarnation;
    case 'left':
      return true;
  }
}

/** Alive or suspect: a suspect is still a member. */
export function isLive({ state }: Pick<MemberRecord, 'state'>): boolean {
  return state === 'alive' || state === 'suspect';
}

export function snapshot(record: MemberRecord): SwimMember {
  const { id, address, name, zone, isData, state, incarnation, stallMs } = record;
  return { id, address, name, zone, isData, state, incarnation, stallMs };
}

/** What is believed of a member, as others are told. */
export function updateOf(record: MemberRecord): SwimUpdate {
  const { state, id, address, incarnation, accuser, name, zone, isData } = record;
  return { state, id, address, incarnation, accuser, name, zone, data: isData };
}

export class MemberTable {
  readonly self: MemberRecord;
  readonly #records = new Map<MemberId, MemberRecord>();
  readonly #suspects = new Set<MemberRecord>();
  /** Dead, left and removed, the oldest death first. */
  readonly #dead = new Set<MemberRecord>();
  /** The live without self; undefined after a change. */
  #liveOthers: MemberRecord[] | undefined;

  constructor(self: SwimUpdate, nowMs: number) {
    this.self = this.add(self, nowMs);
  }

  /** The live ones, self included. */
  get liveCount(): number {
    return this.#records.size - this.#dead.size;
  }

  /** True where nobody more can be taken in. */
  get isFull(): boolean {
    return this.liveCount >= liveMax;
  }

  get suspects(): ReadonlySet<MemberRecord> {
    return this.#suspects;
  }

  get dead(): ReadonlySet<MemberRecord> {
    return this.#dead;
  }

  get liveOthers(): readonly MemberRecord[] {
    this.#liveOthers ??= [...this.#records.values()].filter(
      (record) => record !== this.self && isLive(record),
    );
    return this.#liveOthers;
  }

  get(id: MemberId): MemberRecord | undefined {
    return this.#records.get(id);
  }

  values(): IterableIterator<MemberRecord> {
    return this.#records.values();
  }

  /** Every identity that is known to have had an address. */
  at(address: Address): MemberRecord[] {
    return [...this.#records.values()].filter((record) => record.address === address);
  }

  hasLiveAt(address: Address): boolean {
    return this.liveOthers.some((record) => record.address === address);
  }

  /** Up to `count` of the live others that satisfy a condition, in random order. */
  pick(count: number, random: Random, isWanted: (record: MemberRecord) => boolean): MemberRecord[] {
    const candidates = this.liveOthers.filter(isWanted);
    return random.shuffle(candidates).slice(0, count);
  }

  add(update: SwimUpdate, nowMs: number): MemberRecord {
    const { state, id, address, incarnation, accuser, name, zone, data: isData } = update;
    const record: MemberRecord = {
      id,
      address,
      name,
      zone,
      isData,
      state,
      incarnation,
      accuser,
      changedMs: nowMs,
      isGoneForGood: state === 'left',
      suspicion: undefined,
      hasLostLink: false,
      failuresInRow: 0,
      stallMs: 0,
    };
    this.#records.set(id, record);
    this.#file(record);
    return record;
  }

  /** Puts a member into another state, or the same one again. */
  change(
    record: MemberRecord,
    state: SwimState,
    incarnation: number,
    accuser: MemberId,
    nowMs: number,
  ): void {
    record.state = state;
    record.incarnation = incarnation;
    record.accuser = accuser;
    record.changedMs = nowMs;
    record.suspicion = undefined;
    if (state === 'left') record.isGoneForGood = true;
    this.#file(record);
  }

  /** Drops those who have been gone for good for over `tombstoneMs`. */
  sweep(nowMs: number, tombstoneMs: number): void {
    for (const record of this.#dead) {
      if (record.isGoneForGood && nowMs - record.changedMs > tombstoneMs) this.#drop(record);
    }
  }

  #file(record: MemberRecord): void {
    this.#liveOthers = undefined;
    this.#suspects.delete(record);
    this.#dead.delete(record);
    if (record.state === 'suspect') this.#suspects.add(record);
    if (isLive(record)) return;
    this.#dead.add(record);
    if (this.#dead.size > deadMax) this.#dropOldest();
  }

  #dropOldest(): void {
    const { value: oldest } = this.#dead.values().next();
    if (oldest !== undefined && oldest !== this.self) this.#drop(oldest);
  }

  #drop(record: MemberRecord): void {
    this.#dead.delete(record);
    this.#records.delete(record.id);
  }
}
