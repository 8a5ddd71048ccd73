/**
 * Who is there: SWIM with the Lifeguard extensions, as a state machine without I/O.
 *
 * Messages, ticks and hints about links go in; messages to send and changes of membership come out. What
 * it finds are suspicions and never safety: a member that it calls dead may be alive behind a cut. The
 * meta group decides.
 *
 * Invariants
 * 1. Every deadline is looked at in `tick` only, after the frames that had come were received, and
 *    passes into amnesty when the tick itself came late.
 * 2. A hint from the transport speeds a detection and never is one; only another identity at the same
 *    address proves a death.
 * 3. What a message makes this member send is bounded by the message.
 */
import type { Address, MemberId } from '../base/ids.ts';
import type { Timings } from '../base/timings.ts';
import type { DownReason, Peer } from '../transport/transport.ts';
import type {
  SwimMessage,
  SwimPing,
  SwimState,
  SwimSync,
  SwimUpdate,
} from '../wire/membership-messages.ts';
import { Beliefs } from './beliefs.ts';
import { Gossip } from './gossip.ts';
import { Healing } from './healing.ts';
import { LocalHealth } from './local-health.ts';
import { isLive, type MemberRecord, MemberTable, snapshot, updateOf } from './member-table.ts';
import { Prober } from './probe.ts';
import {
  defaultTuning,
  type SwimAction,
  type SwimMember,
  type SwimOptions,
  type SwimTuning,
} from './swim-types.ts';

/** The longest pause between ticks that is not a stall. */
const tickMaxMs = 50;
/** How long the departed are remembered, in `gossipToTheDeadMs`. */
const tombstoneMult = 10;
/** How long leaving takes at most, in gossip intervals. */
const leaveIntervalsMax = 25;
/** Strangers that are asked who they are within one probe interval; the rest are asked later. */
const strangersMax = 64;

export class Swim {
  readonly #timings: Timings;
  readonly #tuning: SwimTuning;
  readonly #table: MemberTable;
  readonly #health: LocalHealth;
  readonly #gossip: Gossip;
  readonly #beliefs: Beliefs;
  readonly #prober: Prober;
  readonly #healing: Healing;
  #lastTickMs: number | undefined;
  #stallMs = 0;
  #nextGossipMs = 0;
  #nextChoresMs = 0;
  /** By when leaving is over, whoever has heard of it. */
  #leaveByMs: number | undefined;
  #hasLeft = false;
  /** Strangers that were asked lately who they are. */
  readonly #asked = new Set<MemberId>();

  constructor(options: SwimOptions) {
    const { self: id, address, name, zone, isData: data, timings, random } = options;
    const self = { state: 'alive', id, address, incarnation: 1, accuser: id, name, zone, data };
    this.#timings = timings;
    this.#tuning = { ...defaultTuning, ...options.tuning };
    const tuning = this.#tuning;
    const table = new MemberTable(self as SwimUpdate, 0);
    const health = new LocalHealth(tuning.localHealthMax);
    const gossip = new Gossip(table, tuning, random, timings.gossipToTheDeadMs);
    const { suspicionMinMs } = timings;
    this.#table = table;
    this.#health = health;
    this.#gossip = gossip;
    this.#beliefs = new Beliefs({ table, gossip, health, tuning, suspicionMinMs });
    this.#prober = new Prober({ table, gossip, health, tuning, timings, random });
    this.#healing = new Healing(table, timings, random);
    this.#healing.setSeeds(options.seeds);
  }

  /** Snapshots of all that are known, the dead and this member included. */
  get members(): Iterable<SwimMember> {
    return Array.from(this.#table.values(), snapshot);
  }

  /** Its own; nobody else raises it. */
  get incarnation(): number {
    return this.#table.self.incarnation;
  }

  /** 0 is healthy; see `LocalHealth`. */
  get localHealth(): number {
    return this.#health.score;
  }

  /** True once `leave` was told to enough members, or its time was up. */
  get hasLeft(): boolean {
    return this.#hasLeft;
  }

  stateOf(id: MemberId): SwimState | undefined {
    return this.#table.get(id)?.state;
  }

  /** Alive, or suspected and not given up. */
  isSeen(id: MemberId): boolean {
    const record = this.#table.get(id);
    return record !== undefined && isLive(record);
  }

  /** Whether its process is known never to come back under this identity. */
  isGoneForGood(id: MemberId): boolean {
    return this.#table.get(id)?.isGoneForGood ?? false;
  }

  setSeeds(addresses: readonly Address[]): void {
    this.#healing.setSeeds(addresses);
  }

  receive(from: Peer, message: SwimMessage, nowMs: number, out: SwimAction[]): void {
    const { self } = this.#table;
    if (from.id === self.id) return; // A seed may turn out to be this member by another address.
    const wasKnown = this.#table.get(from.id) !== undefined;
    const isSync = message.kind === 'swim.sync';
    if (message.kind !== 'swim.nack') {
      const source = { from: from.id, isSync };
      for (const update of message.updates) this.#beliefs.hear(update, source, nowMs, out);
    }
    if (!wasKnown) this.#greet(from, nowMs, out);
    this.#answer(from, message, nowMs, out);
    this.#endTurn(nowMs, out);
  }

  /** Called every 25 to 50 ms. `stallMs`: the greatest lateness of the event loop lately. */
  tick(nowMs: number, stallMs: number, out: SwimAction[]): void {
    this.#noteStall(nowMs, stallMs);
    if (this.#leaveByMs === undefined) this.#watch(nowMs, out);
    else this.#tickLeaving(nowMs, this.#leaveByMs);
    if (nowMs >= this.#nextGossipMs) {
      this.#nextGossipMs = nowMs + this.#timings.gossipIntervalMs;
      this.#gossip.tick(nowMs, out);
    }
    if (nowMs >= this.#nextChoresMs) this.#doChores(nowMs, out);
    this.#endTurn(nowMs, out);
  }

  /** The transport found out who is at an address. */
  linkUp(peer: Peer, nowMs: number, out: SwimAction[]): void {
    if (peer.id === this.#table.self.id) return;
    this.#greet(peer, nowMs, out);
    const record = this.#table.get(peer.id);
    if (record !== undefined) {
      record.hasLostLink = false;
      // It lives, and is held for dead: tell it, so that it refutes.
      if (record.state === 'dead' && !record.isGoneForGood) {
        this.#send(peer, { kind: 'swim.gossip', updates: [updateOf(record)] }, out);
      }
    }
    this.#endTurn(nowMs, out);
  }

  /** A link broke or could not be made: a reason to look, and together with a refusal to suspect. */
  linkDown(
    address: Address,
    id: MemberId | undefined,
    reason: DownReason,
    nowMs: number,
    out: SwimAction[],
  ): void {
    if (this.#leaveByMs !== undefined) return;
    for (const record of this.#table.at(address)) {
      const isMeant = id === undefined || record.id === id;
      if (isMeant && record !== this.#table.self) this.#lookAfter(record, reason, nowMs, out);
    }
    this.#endTurn(nowMs, out);
  }

  /** Tells the others; `hasLeft` says when enough have been told. */
  leave(nowMs: number, out: SwimAction[]): void {
    if (this.#leaveByMs !== undefined) return;
    const { self } = this.#table;
    this.#leaveByMs = nowMs + leaveIntervalsMax * this.#timings.gossipIntervalMs;
    this.#hasLeft = this.#table.liveOthers.length === 0;
    this.#table.change(self, 'left', self.incarnation, self.id, nowMs);
    this.#gossip.announce(updateOf(self));
    this.#endTurn(nowMs, out);
  }

  /** The meta group removed a member: it is not heard any more, whatever is said of it. */
  forget(id: MemberId): void {
    const record = this.#table.get(id);
    if (record === undefined || record === this.#table.self || record.isGoneForGood) return;
    const { incarnation, accuser, changedMs } = record;
    this.#table.change(record, 'dead', incarnation, accuser, this.#lastTickMs ?? changedMs);
    record.isGoneForGood = true;
    this.#gossip.forget(id);
  }

  #lookAfter(record: MemberRecord, reason: DownReason, nowMs: number, out: SwimAction[]): void {
    if (!isLive(record)) return;
    if (reason === 'refused' && record.hasLostLink) this.#beliefs.suspect(record, nowMs, out);
    else this.#prober.probeSoon(record, nowMs, out);
    if (reason === 'closed' || reason === 'silent') record.hasLostLink = true;
  }

  /** Somebody was seen who was not known, or not there. */
  #greet(peer: Peer, nowMs: number, out: SwimAction[]): void {
    this.#beliefs.foundAt(peer.id, peer.address, nowMs, out);
    const isKnown = this.#table.get(peer.id) !== undefined;
    if (isKnown || this.#asked.has(peer.id) || this.#asked.size >= strangersMax) return;
    this.#asked.add(peer.id);
    this.#healing.sync(peer, true, nowMs, out);
  }

  #answer(from: Peer, message: SwimMessage, nowMs: number, out: SwimAction[]): void {
    const corrections = this.#beliefs.takeCorrections();
    switch (message.kind) {
      case 'swim.ping':
        this.#answerPing(from, message, corrections, out);
        return;
      case 'swim.sync':
        this.#answerSync(from, message, corrections, nowMs, out);
        return;
      case 'swim.ping-request':
        this.#prober.relay(from, message, nowMs, out);
        break;
      case 'swim.ack':
        this.#prober.ack(message, out);
        break;
      case 'swim.nack':
        this.#prober.nack(from.id, message);
        break;
      case 'swim.gossip':
        break;
    }
    this.#correct(from, corrections, out);
  }

  #answerPing(
    from: Peer,
    { sequence, target }: SwimPing,
    corrections: readonly SwimUpdate[],
    out: SwimAction[],
  ): void {
    // Whoever was here before is not answered for.
    if (target !== this.#table.self.id) {
      this.#correct(from, corrections, out);
      return;
    }
    const updates = this.#gossip.piggyback(this.#table.get(from.id), corrections);
    this.#send(from, { kind: 'swim.ack', sequence, stallMs: this.#stallMs, updates }, out);
  }

  #answerSync(
    from: Peer,
    { wantsReply }: SwimSync,
    corrections: readonly SwimUpdate[],
    nowMs: number,
    out: SwimAction[],
  ): void {
    if (wantsReply) this.#healing.sync(from, false, nowMs, out, corrections);
    else this.#correct(from, corrections, out);
  }

  #correct(to: Peer, corrections: readonly SwimUpdate[], out: SwimAction[]): void {
    if (corrections.length > 0) this.#send(to, { kind: 'swim.gossip', updates: corrections }, out);
  }

  #send(to: Peer, message: SwimMessage, out: SwimAction[]): void {
    out.push({ kind: 'send', to: to.address, id: to.id, message });
  }

  /** A tick that comes late is a stall too, whether the measure has seen it yet or not. */
  #noteStall(nowMs: number, stallMs: number): void {
    const lateMs = nowMs - (this.#lastTickMs ?? nowMs) - tickMaxMs;
    this.#lastTickMs = nowMs;
    this.#stallMs = Math.max(0, stallMs, lateMs);
    if (!this.#tuning.stallAmnesty) return;
    const { probeTimeoutMs, probeIntervalMs } = this.#timings;
    this.#health.noteLag(this.#stallMs, probeTimeoutMs);
    if (lateMs > probeTimeoutMs / 2) this.#beliefs.grantGrace(nowMs, probeIntervalMs);
  }

  #watch(nowMs: number, out: SwimAction[]): void {
    for (const failed of this.#prober.tick(nowMs, this.#stallMs, out)) {
      this.#beliefs.suspect(failed, nowMs, out);
    }
    this.#beliefs.tick(nowMs, out);
    this.#healing.tick(nowMs, out);
  }

  #tickLeaving(nowMs: number, leaveByMs: number): void {
    this.#hasLeft ||= nowMs >= leaveByMs || !this.#gossip.isSpreading(this.#table.self.id);
  }

  /** Once a probe interval, whatever its length has become. */
  #doChores(nowMs: number, out: SwimAction[]): void {
    const { probeIntervalMs, gossipToTheDeadMs } = this.#timings;
    this.#nextChoresMs = nowMs + probeIntervalMs;
    this.#asked.clear();
    this.#gossip.tellTheDead(nowMs, out);
    this.#table.sweep(nowMs, tombstoneMult * gossipToTheDeadMs);
  }

  #endTurn(nowMs: number, out: SwimAction[]): void {
    for (const record of this.#beliefs.takeArrived()) this.#welcome(record, nowMs);
    this.#gossip.flush(out);
  }

  #welcome(record: MemberRecord, nowMs: number): void {
    this.#prober.insert(record.id);
    // With an incarnation past the first it has been accused before: it may come from across a cut.
    if (record.incarnation > 1) this.#healing.cameBack(record, nowMs);
  }
}
