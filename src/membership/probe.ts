/**
 * Who is probed when, what became of each probe, and the probes made for others.
 *
 * Invariants
 * 1. Each member is probed once before any is probed twice, in an order that nobody else shares; so a
 *    crash is noticed after about one period anywhere, and after at most 2n - 1 periods by everyone.
 * 2. A probe ends once: by the first ack with its number or at its end. A late ack finds nothing.
 * 3. A failure that falls into a stall of this member is no failure of the target.
 */
import type { MemberId } from '../base/ids.ts';
import type { Random } from '../base/random.ts';
import type { Timings } from '../base/timings.ts';
import type { Peer } from '../transport/transport.ts';
import type { SwimAck, SwimNack, SwimPingRequest } from '../wire/membership-messages.ts';
import type { Gossip } from './gossip.ts';
import type { LocalHealth } from './local-health.ts';
import { isLive, type MemberRecord, type MemberTable } from './member-table.ts';
import type { SwimAction, SwimTuning } from './swim-types.ts';

/** Probes out of turn at the same time; more hints wait for the target's turn. */
const urgentMax = 8;
/** Probes for others at the same time; past it the request gets a nack at once. */
const relaysMax = 256;
/** A target that fails so often in a row is suspected by a sick member too, or it would never be. */
const failuresOfSickMax = 3;
/** The same where this member stalled during each of them. */
const failuresOfStalledMax = 8;

interface Probe {
  readonly sequence: number;
  readonly target: MemberRecord;
  readonly askAtMs: number;
  readonly endMs: number;
  hasAsked: boolean;
  /** Who was asked for a probe. */
  helpers: number;
  /** Who of them said that it heard nothing either: a member may say so twice. */
  readonly nacks: Set<MemberId>;
  /** The worst lateness of the own event loop while the probe ran. */
  stallMs: number;
}

interface Relay {
  readonly ownSequence: number;
  readonly sequence: number;
  readonly prober: Peer;
  readonly nackAtMs: number;
  readonly endMs: number;
  hasNacked: boolean;
}

export interface ProberOptions {
  readonly table: MemberTable;
  readonly gossip: Gossip;
  readonly health: LocalHealth;
  readonly tuning: SwimTuning;
  readonly timings: Timings;
  readonly random: Random;
}

/** The order of probing: shuffled, once around, shuffled anew. */
export class ProbeRing {
  readonly #random: Random;
  #ids: MemberId[] = [];
  #next = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  /** At a random place, so that nobody can tell when its turn is. */
  insert(id: MemberId): void {
    if (this.#ids.includes(id)) return;
    const at = this.#random.below(this.#ids.length + 1);
    this.#ids.splice(at, 0, id);
    if (at < this.#next) this.#next++;
  }

  /** The next for whom `isWanted` holds; others leave the ring. */
  next(isWanted: (id: MemberId) => boolean): MemberId | undefined {
    while (this.#ids.length > 0) {
      if (this.#next >= this.#ids.length) {
        this.#ids = this.#random.shuffle(this.#ids);
        this.#next = 0;
      }
      const id = this.#ids[this.#next];
      if (id !== undefined && isWanted(id)) {
        this.#next++;
        return id;
      }
      this.#ids.splice(this.#next, 1);
    }
    return undefined;
  }
}

export class Prober {
  readonly #table: MemberTable;
  readonly #gossip: Gossip;
  readonly #health: LocalHealth;
  readonly #tuning: SwimTuning;
  readonly #timings: Timings;
  readonly #random: Random;
  readonly #ring: ProbeRing;
  #probes: Probe[] = [];
  #relays: Relay[] = [];
  #sequence = 0;
  #nextAtMs: number | undefined;
  #lastTickMs = 0;

  constructor(options: ProberOptions) {
    this.#table = options.table;
    this.#gossip = options.gossip;
    this.#health = options.health;
    this.#tuning = options.tuning;
    this.#timings = options.timings;
    this.#random = options.random;
    this.#ring = new ProbeRing(options.random);
  }

  insert(id: MemberId): void {
    this.#ring.insert(id);
  }

  /** Ends what is due, begins what is due; returns those who are to be suspected. */
  tick(nowMs: number, stallMs: number, out: SwimAction[]): readonly MemberRecord[] {
    const tickMs = Math.min(50, Math.max(0, nowMs - this.#lastTickMs));
    this.#lastTickMs = nowMs;
    if (this.#relays.length > 0) this.#tickRelays(nowMs, tickMs, out);
    const failed = this.#probes.length > 0 ? this.#tickProbes(nowMs, stallMs, out) : none;
    this.#nextAtMs ??= nowMs + this.#random.next() * this.#timings.probeIntervalMs;
    if (nowMs >= this.#nextAtMs) this.#beginNext(nowMs, this.#nextAtMs, out);
    return failed;
  }

  /** Probes out of turn, after a hint. */
  probeSoon(target: MemberRecord, nowMs: number, out: SwimAction[]): void {
    const isProbed = this.#probes.some((probe) => probe.target === target);
    if (isProbed || this.#probes.length >= urgentMax || !isLive(target)) return;
    this.#begin(target, nowMs, out);
  }

  ack(message: SwimAck, out: SwimAction[]): void {
    const probe = this.#probes.find(({ sequence }) => sequence === message.sequence);
    if (probe !== undefined) {
      this.#probes = this.#probes.filter((other) => other !== probe);
      probe.target.failuresInRow = 0;
      probe.target.stallMs = message.stallMs;
      this.#health.add(-1);
      return;
    }
    const relay = this.#relays.find(({ ownSequence }) => ownSequence === message.sequence);
    if (relay === undefined) return;
    this.#relays = this.#relays.filter((other) => other !== relay);
    const { prober, sequence } = relay;
    const updates = this.#gossip.piggyback(this.#table.get(prober.id));
    out.push({
      kind: 'send',
      to: prober.address,
      id: prober.id,
      message: { kind: 'swim.ack', sequence, stallMs: message.stallMs, updates },
    });
  }

  nack(from: MemberId, message: SwimNack): void {
    const probe = this.#probes.find(({ sequence }) => sequence === message.sequence);
    probe?.nacks.add(from);
  }

  /** Another member asks for a probe. */
  relay(prober: Peer, request: SwimPingRequest, nowMs: number, out: SwimAction[]): void {
    const { sequence, target, address, timeoutMs } = request;
    if (this.#relays.length >= relaysMax) {
      sendNack(prober, sequence, out);
      return;
    }
    const ownSequence = this.#nextSequence();
    this.#relays.push({
      ownSequence,
      sequence,
      prober,
      nackAtMs: nowMs + timeoutMs * 0.8,
      endMs: nowMs + timeoutMs,
      hasNacked: false,
    });
    const updates = this.#gossip.piggyback(this.#table.get(target));
    const ping = { kind: 'swim.ping', sequence: ownSequence, target, updates } as const;
    out.push({ kind: 'send', to: address, id: target, message: ping });
  }

  #beginNext(nowMs: number, scheduledMs: number, out: SwimAction[]): void {
    const periodMs = this.#periodMs();
    // Rounds keep their pace whatever the grain of the ticks, but do not catch up after a pause.
    const nextMs = scheduledMs + periodMs;
    this.#nextAtMs = nextMs > nowMs ? nextMs : nowMs + periodMs;
    const id = this.#ring.next((candidate) => this.#isProbed(candidate));
    const target = id === undefined ? undefined : this.#table.get(id);
    if (target === undefined) return;
    if (this.#probes.some((probe) => probe.target === target)) return;
    this.#begin(target, nowMs, out);
  }

  #isProbed(id: MemberId): boolean {
    const record = this.#table.get(id);
    return record !== undefined && record !== this.#table.self && isLive(record);
  }

  #periodMs(): number {
    return this.#timings.probeIntervalMs * (this.#health.score + 1);
  }

  #begin(target: MemberRecord, nowMs: number, out: SwimAction[]): void {
    const sequence = this.#nextSequence();
    this.#probes.push({
      sequence,
      target,
      askAtMs: nowMs + this.#timings.probeTimeoutMs,
      endMs: nowMs + this.#periodMs(),
      hasAsked: false,
      helpers: 0,
      nacks: new Set(),
      stallMs: 0,
    });
    const updates = this.#gossip.piggyback(target);
    const ping = { kind: 'swim.ping', sequence, target: target.id, updates } as const;
    out.push({ kind: 'send', to: target.address, id: target.id, message: ping });
  }

  #tickProbes(nowMs: number, stallMs: number, out: SwimAction[]): readonly MemberRecord[] {
    let ended = false;
    for (const probe of this.#probes) {
      probe.stallMs = Math.max(probe.stallMs, stallMs);
      if (!probe.hasAsked && nowMs >= probe.askAtMs) this.#askHelpers(probe, nowMs, out);
      ended ||= nowMs >= probe.endMs;
    }
    if (!ended) return none;
    const over = this.#probes.filter(({ endMs }) => nowMs >= endMs);
    this.#probes = this.#probes.filter(({ endMs }) => nowMs < endMs);
    return over.filter((probe) => this.#isFailure(probe)).map(({ target }) => target);
  }

  #askHelpers(probe: Probe, nowMs: number, out: SwimAction[]): void {
    probe.hasAsked = true;
    const { target, sequence, endMs } = probe;
    const helpers = this.#table.pick(
      this.#tuning.indirectProbes,
      this.#random,
      (record) => record !== target && record.state === 'alive',
    );
    probe.helpers = helpers.length;
    for (const helper of helpers) {
      const request: SwimPingRequest = {
        kind: 'swim.ping-request',
        sequence,
        target: target.id,
        address: target.address,
        timeoutMs: Math.max(0, endMs - nowMs),
        updates: this.#gossip.piggyback(helper),
      };
      out.push({ kind: 'send', to: helper.address, id: helper.id, message: request });
    }
  }

  /** Whether a probe without an answer speaks against its target; what it says of the prober is noted. */
  #isFailure(probe: Probe): boolean {
    const { target } = probe;
    target.failuresInRow++;
    if (this.#tuning.stallAmnesty && probe.stallMs > this.#timings.probeTimeoutMs / 2) {
      this.#health.add(1);
      return target.failuresInRow >= failuresOfStalledMax;
    }
    const wasSick = this.#health.isSick;
    this.#health.add(probe.helpers > 0 ? probe.helpers - probe.nacks.size : 1);
    return !wasSick || target.failuresInRow >= failuresOfSickMax;
  }

  #tickRelays(nowMs: number, tickMs: number, out: SwimAction[]): void {
    let ended = false;
    for (const relay of this.#relays) {
      // The tick after this one would be too late for the prober.
      if (!relay.hasNacked && nowMs + tickMs > relay.nackAtMs) {
        relay.hasNacked = true;
        sendNack(relay.prober, relay.sequence, out);
      }
      ended ||= nowMs >= relay.endMs;
    }
    if (ended) this.#relays = this.#relays.filter(({ endMs }) => nowMs < endMs);
  }

  #nextSequence(): number {
    this.#sequence++;
    return this.#sequence;
  }
}

const none: readonly MemberRecord[] = [];

function sendNack(prober: Peer, sequence: number, out: SwimAction[]): void {
  const message = { kind: 'swim.nack', sequence } as const;
  out.push({ kind: 'send', to: prober.address, id: prober.id, message });
}
