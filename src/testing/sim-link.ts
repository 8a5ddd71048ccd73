/**
 * One outgoing link of a simulated process, to one address on one lane: dialled on demand, remade with
 * backoff while there is something to send, as the link over WebSockets is.
 *
 * Invariants
 * 1. `connection` is there exactly in the states `dialling` and `up`.
 * 2. `down` follows every end of a connection once, unless this side closed the link.
 * 3. What waits when a dial fails is dropped.
 */
import type { Clock, Timer } from '../base/clock.ts';
import type { Address, MemberId } from '../base/ids.ts';
import type { Limits } from '../base/limits.ts';
import type { Random } from '../base/random.ts';
import { Backoff } from '../transport/backoff.ts';
import { Outbox } from '../transport/outbox.ts';
import { defaultTransportTimings as timings } from '../transport/settings.ts';
import type { DownReason, Lane, Peer } from '../transport/transport.ts';
import type { Message } from '../wire/messages.ts';
import type { SimCodec } from './sim-codec.ts';
import { type Packet, SimConnection } from './sim-connection.ts';
import type { SimNetwork } from './sim-network.ts';

export interface SimLinkSettings {
  readonly self: Peer;
  readonly network: SimNetwork;
  readonly clock: Clock;
  readonly random: Random;
  readonly codec: SimCodec;
  readonly limits: Limits;
}

export interface SimLinkEvents {
  up(link: SimLink, peer: Peer): void;
  down(link: SimLink, id: MemberId | undefined, reason: DownReason): void;
}

/** What waits to be sent on a link. */
export interface Waiting {
  readonly to: Address;
  readonly lane: Lane;
  readonly messages: number;
  readonly bytes: number;
}

/** A link that lived so long was well: the next one is tried at once. */
const wellMs = 1_000;
/** Of data, so much is on its way at a time; the rest waits where it can be counted. */
const handedBytesMax = 4 * 1_024 * 1_024;
/** How soon a link that had no room looks again. */
const roomMs = 2;

/** Real links carry nothing twice, and what a caller says of the outcome of its op builds on that. */
const neverDoubled: ReadonlySet<Message['kind']> = new Set(['op.request', 'op.refused']);

export class SimLink {
  readonly address: Address;
  readonly lane: Lane;
  readonly #settings: SimLinkSettings;
  readonly #events: SimLinkEvents;
  readonly #outbox: Outbox;
  readonly #backoff: Backoff;
  #state: 'idle' | 'waiting' | 'dialling' | 'up' | 'closed' = 'idle';
  #connection: SimConnection | undefined;
  #peer: Peer | undefined;
  /** Of the retry or of the next look for room: never both at a time. */
  #timer: Timer | undefined;
  #upSince = 0;
  #heardAt = 0;

  constructor(address: Address, lane: Lane, settings: SimLinkSettings, events: SimLinkEvents) {
    this.address = address;
    this.lane = lane;
    this.#settings = settings;
    this.#events = events;
    const { controlBytesBufferedMax, dataBytesBufferedMax } = settings.limits;
    const bytesMax = lane === 'control' ? controlBytesBufferedMax : dataBytesBufferedMax;
    this.#outbox = new Outbox(lane, bytesMax);
    const { backoffFirstMs: firstMs, backoffLongestMs: longestMs } = timings;
    this.#backoff = new Backoff(settings.random, { firstMs, longestMs });
  }

  get connection(): SimConnection | undefined {
    return this.#connection;
  }

  get isUp(): boolean {
    return this.#state === 'up';
  }

  /** Who was there last. */
  get peer(): Peer | undefined {
    return this.#peer;
  }

  get waiting(): Waiting {
    const { bytes, length: messages } = this.#outbox;
    return { to: this.address, lane: this.lane, messages, bytes };
  }

  bufferedBytes(): number {
    return this.#outbox.bytes + this.#handedBytes();
  }

  push(message: Message, id: MemberId | undefined): boolean {
    const isAdmitted = this.#outbox.push(message, id);
    if (!isAdmitted) this.#settings.network.counts.fault('overflow');
    return isAdmitted;
  }

  flush(): void {
    if (this.#state === 'idle' && this.#outbox.length > 0) this.#dial();
    const peer = this.#peer;
    if (this.#state !== 'up' || peer === undefined) return;
    while (this.#outbox.length > 0 && this.#hasRoom()) {
      const { dropped } = this.#outbox;
      const batch = this.#outbox.takeBatch(peer.id);
      for (let more = dropped; more < this.#outbox.dropped; more++) {
        this.#settings.network.counts.fault('identity');
      }
      this.#sendBatch(batch);
    }
    if (this.#outbox.length > 0) this.#flushLater();
  }

  /** What the other end, or its machine, answers. */
  receive({ kind, peer }: Packet): void {
    this.#heardAt = this.#settings.clock.monotonic();
    if (kind === 'accept' && peer !== undefined && this.#state === 'dialling') this.#rise(peer);
    if (kind === 'refuse') this.end('refused');
    if (kind === 'close') this.end('closed');
  }

  /** Called each second. `wasLate`: this process has slept, and blames nobody for the time. */
  tick(wasLate: boolean): void {
    if (this.#connection === undefined) return;
    const now = this.#settings.clock.monotonic();
    if (wasLate) this.#heardAt = now;
    const isDialling = this.#state === 'dialling';
    if (now - this.#heardAt >= this.#patienceMs(isDialling)) this.end('silent');
    else this.#transmit(isDialling ? 'dial' : 'ping');
  }

  end(reason: DownReason): void {
    if (this.#connection === undefined) return;
    const { clock, network } = this.#settings;
    const wasUp = this.#state === 'up';
    this.#transmit('close');
    network.ended(this.#connection);
    this.#connection = undefined;
    if (wasUp && clock.monotonic() - this.#upSince >= wellMs) this.#backoff.reset();
    if (!wasUp) this.#outbox.clear();
    this.#state = 'waiting';
    this.#timer?.cancel();
    this.#timer = clock.setTimer(this.#backoff.nextMs(), () => this.#tryAgain(wasUp));
    this.#events.down(this, wasUp ? this.#peer?.id : undefined, reason);
  }

  /** Sends what waits and ends; nobody here hears of it. */
  close(): void {
    this.flush();
    this.#state = 'closed';
    this.#timer?.cancel();
    this.#outbox.clear();
    this.#transmit('close', true);
    this.#connection = undefined;
  }

  #patienceMs(isDialling: boolean): number {
    if (isDialling) return timings.handshakeMs;
    return timings.silentMs * (this.lane === 'control' ? 1 : 3);
  }

  #dial(): void {
    const { self, clock } = this.#settings;
    this.#state = 'dialling';
    this.#connection = new SimConnection(self, this.address, this.lane);
    this.#heardAt = clock.monotonic();
    this.#transmit('dial');
  }

  #rise(peer: Peer): void {
    this.#state = 'up';
    this.#upSince = this.#settings.clock.monotonic();
    this.#peer = peer;
    this.#events.up(this, peer);
    this.flush();
  }

  #tryAgain(wasUp: boolean): void {
    this.#timer = undefined;
    this.#state = 'idle';
    // A link that was up is tried once even with nothing to send: whether it is refused says much.
    if (wasUp || this.#outbox.length > 0) this.#dial();
  }

  #handedBytes(): number {
    const { self, network } = this.#settings;
    if (this.#connection === undefined) return 0;
    const path = network.path(self.address, this.address);
    return path.backlogBytes(this.lane, network.now) + this.#connection.heldBytes(self.address);
  }

  #hasRoom(): boolean {
    const { limits } = this.#settings;
    const bytesMax = this.lane === 'control' ? limits.controlBytesBufferedMax : handedBytesMax;
    return this.#handedBytes() < bytesMax;
  }

  #flushLater(): void {
    this.#timer ??= this.#settings.clock.setTimer(roomMs, () => {
      this.#timer = undefined;
      this.flush();
    });
  }

  #sendBatch(batch: readonly Message[]): void {
    const { network, codec } = this.#settings;
    if (network.mode === 'stream') {
      if (batch.length > 0) this.#transmitFrame(codec.encode(batch), false);
      return;
    }
    for (const message of batch) {
      this.#transmitFrame(codec.encode([message]), neverDoubled.has(message.kind));
    }
  }

  #transmitFrame(bytes: Uint8Array, isOnce: boolean): void {
    const connection = this.#connection;
    if (connection === undefined) return;
    const { network, self } = this.#settings;
    network.transmit({ ...connection.packet('frame', self.address, bytes), isOnce });
  }

  #transmit(kind: 'dial' | 'ping' | 'close', inOrder = false): void {
    const connection = this.#connection;
    if (connection === undefined) return;
    const { network, self } = this.#settings;
    network.transmit(connection.packet(kind, self.address), inOrder);
  }
}
