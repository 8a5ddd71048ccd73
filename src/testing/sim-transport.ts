/**
 * A process's transport in a simulated world: links made on demand, one frame for each peer, lane and turn,
 * pings on idle links.
 *
 * Invariants
 * 1. There is at most one link to an address; packets of any other are answered by closing it.
 * 2. `onUp` and `onDown` alternate for an address, except that a dial which fails gives an `onDown` alone.
 * 3. A message with an id goes only to a link whose handshake proved that id.
 */
import { type Clock, repeat, type Timer } from '../base/clock.ts';
import type { Address, MemberId } from '../base/ids.ts';
import { defaultLimits, type Limits } from '../base/limits.ts';
import type { Random } from '../base/random.ts';
import type { DownReason, Lane, Peer, Transport, TransportEvents } from '../transport/transport.ts';
import type { Message } from '../wire/messages.ts';
import { bytesOf, type SimCodec } from './sim-codec.ts';
import { type Packet, type PacketKind, SimLink } from './sim-link.ts';
import type { SimLoop } from './sim-loop.ts';
import type { Listener, SimNetwork } from './sim-network.ts';
import { Outbox } from './sim-outbox.ts';

export interface SimTransportParts {
  readonly self: Peer;
  readonly process: number;
  readonly network: SimNetwork;
  readonly loop: SimLoop;
  readonly clock: Clock;
  readonly random: Random;
  readonly codec: SimCodec;
  readonly limits?: Limits;
}

const pingMs = 1_000;
const silenceMs = 3_000;
const redialMinMs = 50;
const redialMaxMs = 1_000;

/** What a transport knows of an address. */
class Remote {
  readonly address: Address;
  readonly outbox = new Outbox();
  /** Up where `peer` is known, being made otherwise. */
  link: SimLink | undefined;
  peer: Peer | undefined;
  /** When its other end gave the last sign of life, or the dial began. */
  heardAt = 0;
  /** Dials that failed one after the other. */
  failures = 0;
  redial: Timer | undefined;
  isFlushDeferred = false;

  constructor(address: Address) {
    this.address = address;
  }
}

export class SimTransport implements Transport, Listener {
  readonly address: Address;
  readonly process: number;
  readonly #parts: SimTransportParts;
  readonly #limits: Limits;
  readonly #remotes = new Map<Address, Remote>();
  readonly #ticker: Timer;
  #events: TransportEvents | undefined;
  #isClosed = false;

  constructor(parts: SimTransportParts) {
    this.address = parts.self.address;
    this.process = parts.process;
    this.#parts = parts;
    this.#limits = parts.limits ?? defaultLimits;
    this.#ticker = repeat(parts.clock, pingMs, () => this.#probeLinks());
  }

  listen(events: TransportEvents): void {
    this.#events = events;
    this.#parts.network.listen(this);
  }

  send(to: Address, id: MemberId | undefined, lane: Lane, message: Message): boolean {
    if (this.#isClosed) return false;
    const { network, clock } = this.#parts;
    const verdict = network.onSend?.(this.address, to, message) ?? 'pass';
    if (verdict === 'pass') return this.#enqueue(to, id, lane, message);
    network.counts.fault('targeted');
    if (verdict === 'drop') return true;
    if (verdict === 'duplicate') this.#enqueue(to, id, lane, message);
    else clock.setTimer(verdict.delayMs, () => void this.#enqueue(to, id, lane, message));
    return verdict !== 'duplicate' || this.#enqueue(to, id, lane, message);
  }

  bufferedBytes(to: Address): number {
    const remote = this.#remotes.get(to);
    return remote === undefined ? 0 : this.#buffered(remote, 'data');
  }

  forget(to: Address): void {
    const remote = this.#remotes.get(to);
    if (remote === undefined) return;
    this.#remotes.delete(to);
    remote.redial?.cancel();
    remote.outbox.clear();
    this.#end(remote);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#ticker.cancel();
    this.#parts.network.unlisten(this);
    for (const remote of this.#remotes.values()) remote.redial?.cancel();
    this.#remotes.clear();
  }

  arrive(packet: Packet): void {
    this.#parts.loop.arrive(() => {
      if (!this.#isClosed) this.#receive(packet);
    });
  }

  openLinks(): readonly { readonly link: SimLink; readonly to: Address }[] {
    const open: { readonly link: SimLink; readonly to: Address }[] = [];
    for (const { link, address } of this.#remotes.values()) {
      if (link !== undefined) open.push({ link, to: address });
    }
    return open;
  }

  #remote(address: Address): Remote {
    const known = this.#remotes.get(address);
    if (known !== undefined) return known;
    const remote = new Remote(address);
    this.#remotes.set(address, remote);
    return remote;
  }

  #buffered(remote: Remote, lane: Lane): number {
    const { network } = this.#parts;
    const path = network.path(this.address, remote.address);
    return remote.outbox.bytes(lane) + path.backlogBytes(lane, network.now);
  }

  #enqueue(to: Address, id: MemberId | undefined, lane: Lane, message: Message): boolean {
    if (this.#isClosed) return false;
    const remote = this.#remote(to);
    const bytes = bytesOf(message);
    if (lane === 'data' && this.#isFull(remote, bytes)) {
      this.#parts.network.counts.fault('overflow');
      remote.outbox.clear();
      this.#defer(() => this.#down(remote, 'closed'));
      return false;
    }
    remote.outbox.push(lane, id, message, bytes);
    if (lane === 'control') remote.outbox.trim('control', this.#limits.controlBytesBufferedMax);
    this.#deferFlush(remote);
    return true;
  }

  #isFull(remote: Remote, bytes: number): boolean {
    return this.#buffered(remote, 'data') + bytes > this.#limits.dataBytesBufferedMax;
  }

  #defer(act: () => void): void {
    this.#parts.clock.defer(() => {
      if (!this.#isClosed) act();
    });
  }

  #deferFlush(remote: Remote): void {
    if (remote.isFlushDeferred) return;
    remote.isFlushDeferred = true;
    this.#defer(() => {
      remote.isFlushDeferred = false;
      this.#flush(remote);
    });
  }

  #flush(remote: Remote): void {
    if (remote.outbox.isEmpty || this.#remotes.get(remote.address) !== remote) return;
    if (remote.address === this.address) this.#flushToSelf(remote);
    else if (remote.peer !== undefined) this.#flushLane(remote, 'control');
    else if (remote.link === undefined && remote.redial === undefined) this.#dial(remote);
    if (remote.peer !== undefined) this.#flushLane(remote, 'data');
  }

  #flushLane(remote: Remote, lane: Lane): void {
    for (const messages of this.#taken(remote, lane, remote.peer?.id)) {
      this.#transmit(remote, 'frame', lane, this.#parts.codec.encode(messages));
    }
  }

  /** What waits for a lane, frame by frame, without what was meant for another identity. */
  #taken(remote: Remote, lane: Lane, id: MemberId | undefined): readonly Message[][] {
    const { network } = this.#parts;
    const frameBytesMax = network.mode === 'stream' ? this.#limits.frameBytesMax / 2 : 0;
    const { frames, strangers } = remote.outbox.take(lane, id, frameBytesMax);
    for (let dropped = 0; dropped < strangers; dropped++) network.counts.fault('identity');
    return frames;
  }

  #flushToSelf(remote: Remote): void {
    const { codec, self } = this.#parts;
    for (const lane of ['control', 'data'] as const) {
      for (const messages of this.#taken(remote, lane, self.id)) {
        this.#deliver(self, codec.encode(messages));
      }
    }
  }

  #deliver(from: Peer, bytes: Uint8Array): void {
    const { codec, network } = this.#parts;
    for (const message of codec.decode(bytes)) {
      if (this.#isClosed) return;
      network.delivered(from.address, this.address, message.kind);
      this.#events?.onMessage(from, message);
    }
  }

  #transmit(remote: Remote, kind: PacketKind, lane: Lane = 'control', bytes?: Uint8Array): void {
    const { link, address: to } = remote;
    if (link === undefined) return;
    const peer = kind === 'dial' || kind === 'accept' ? this.#parts.self : undefined;
    this.#parts.network.transmit({ kind, link, from: this.address, to, lane, peer, bytes });
  }

  #dial(remote: Remote): void {
    remote.link = new SimLink(this.address, this.#parts.network.now);
    remote.heardAt = this.#parts.clock.monotonic();
    this.#transmit(remote, 'dial');
  }

  #receive(packet: Packet): void {
    const remote = this.#remotes.get(packet.from);
    if (packet.kind === 'dial') {
      this.#accept(packet);
    } else if (remote === undefined || remote.link !== packet.link) {
      this.#refuseStale(packet);
    } else {
      remote.heardAt = this.#parts.clock.monotonic();
      this.#receiveOnLink(remote, packet);
    }
  }

  #receiveOnLink(remote: Remote, packet: Packet): void {
    switch (packet.kind) {
      case 'accept':
        if (packet.peer !== undefined) this.#up(remote, packet.peer);
        break;
      case 'frame':
        // A datagram may overtake the handshake; nobody has proved who sent it.
        if (remote.peer !== undefined && packet.bytes !== undefined) {
          this.#deliver(remote.peer, packet.bytes);
        }
        break;
      case 'refuse':
        this.#down(remote, 'refused');
        break;
      case 'close':
        this.#down(remote, 'closed');
        break;
      case 'dial':
      case 'ping':
        break;
    }
  }

  /** A packet of a link that this process has given up, or that its predecessor had. */
  #refuseStale({ kind, link, from, to }: Packet): void {
    if (kind === 'close' || kind === 'refuse') return;
    const close = { kind: 'close', link, from: to, to: from, lane: 'control' } as const;
    this.#parts.network.transmit({ ...close, peer: undefined, bytes: undefined });
  }

  #accept({ link, peer }: Packet): void {
    if (peer === undefined) return;
    const remote = this.#remote(peer.address);
    const isDialing = remote.link !== undefined && remote.peer === undefined;
    // Both dial at once: the dial of the smaller id counts.
    if (isDialing && this.#parts.self.id < peer.id) return;
    if (remote.peer?.id === peer.id && remote.link?.isFollowedBy(link) === false) return;
    // It dials anew because its end is gone, whatever this end believes.
    if (remote.peer !== undefined) this.#down(remote, 'closed');
    remote.link = link;
    link.acceptedAt = this.#parts.network.now;
    this.#transmit(remote, 'accept');
    this.#up(remote, peer);
  }

  #up(remote: Remote, peer: Peer): void {
    remote.peer = peer;
    remote.heardAt = this.#parts.clock.monotonic();
    remote.failures = 0;
    remote.redial?.cancel();
    remote.redial = undefined;
    this.#events?.onUp(peer);
    this.#deferFlush(remote);
  }

  #down(remote: Remote, reason: DownReason): void {
    const { peer } = remote;
    if (remote.link === undefined) return;
    this.#end(remote);
    if (peer === undefined) {
      // What waited for this dial is lost with it; what is sent from now on waits for the next.
      remote.outbox.clear();
      this.#backOff(remote);
    }
    this.#events?.onDown(remote.address, peer?.id, reason);
    this.#deferFlush(remote);
  }

  /** Closes this end, and tells the other as far as the network lets it. */
  #end(remote: Remote): void {
    const { link } = remote;
    if (link === undefined) return;
    this.#transmit(remote, 'close');
    remote.link = undefined;
    remote.peer = undefined;
    this.#parts.network.ended(link);
  }

  #backOff(remote: Remote): void {
    const { clock, random } = this.#parts;
    const delayMs = Math.min(redialMaxMs, redialMinMs * 2 ** remote.failures);
    remote.failures = Math.min(remote.failures + 1, 10);
    remote.redial = clock.setTimer(delayMs * (0.5 + random.next()), () => {
      remote.redial = undefined;
      this.#flush(remote);
    });
  }

  #probeLinks(): void {
    const now = this.#parts.clock.monotonic();
    for (const remote of [...this.#remotes.values()]) {
      if (remote.link === undefined) continue;
      if (now - remote.heardAt > silenceMs) this.#down(remote, 'silent');
      else if (remote.peer !== undefined) this.#transmit(remote, 'ping');
    }
  }
}
