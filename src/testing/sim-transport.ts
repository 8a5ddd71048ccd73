/**
 * A process's transport in a simulated world. It behaves as the one over WebSockets does: each process dials
 * its own links, one for each lane, sends on these only, and only reads what it accepted.
 *
 * Invariants
 * 1. A message counts as coming from the identity that dialled the connection it came on.
 * 2. A packet of a connection that this process does not know is answered by closing it.
 */
import { type Clock, repeat, type Timer } from '../base/clock.ts';
import type { Address, MemberId } from '../base/ids.ts';
import { defaultLimits, type Limits } from '../base/limits.ts';
import { defaultTransportTimings as timings } from '../transport/settings.ts';
import type { DownReason, Lane, Peer, Transport, TransportEvents } from '../transport/transport.ts';
import { keptMessage, type Message } from '../wire/messages.ts';
import type { Packet, SimConnection } from './sim-connection.ts';
import { SimLink, type SimLinkEvents, type SimLinkSettings, type Waiting } from './sim-link.ts';
import type { SimLoop } from './sim-loop.ts';
import type { Listener } from './sim-network.ts';
import { SimSockets } from './sim-sockets.ts';

export interface SimTransportSettings extends Omit<SimLinkSettings, 'limits'> {
  /** Stands for it in the trace. */
  readonly process: number;
  readonly loop: SimLoop;
}

type Lanes = Readonly<Record<Lane, SimLink>>;

export class SimTransport implements Transport, Listener, SimLinkEvents {
  readonly address: Address;
  readonly process: number;
  /** Those of light clients: they have the same address. */
  readonly sockets: SimSockets;
  /** The message that another process has sent and that is being taken in. */
  delivering: Message | undefined;
  readonly #settings: SimLinkSettings;
  readonly #loop: SimLoop;
  readonly #clock: Clock;
  readonly #links = new Map<Address, Lanes>();
  /** By lane and identity: who dials anew replaces what it had. */
  readonly #accepted = new Map<string, SimConnection>();
  readonly #toFlush = new Set<SimLink>();
  readonly #ticker: Timer;
  #events: TransportEvents | undefined;
  #tickedAt: number;
  #isClosed = false;

  constructor(settings: SimTransportSettings) {
    this.address = settings.self.address;
    this.process = settings.process;
    this.#settings = { ...settings, limits: defaultLimits };
    this.#loop = settings.loop;
    this.#clock = settings.clock;
    const { self, network, clock } = settings;
    this.sockets = new SimSockets({ self, network, clock, listen: () => network.listen(this) });
    this.#tickedAt = this.#clock.monotonic();
    this.#ticker = repeat(this.#clock, timings.pingMs, () => this.#tick());
  }

  listen(events: TransportEvents): void {
    this.#events = events;
    this.#settings.network.listen(this);
  }

  send(to: Address, id: MemberId | undefined, lane: Lane, message: Message): boolean {
    if (this.#isClosed) return false;
    const { network } = this.#settings;
    const verdict = network.onSend?.(this.address, to, message) ?? 'pass';
    if (verdict === 'pass') return this.#push(to, id, lane, message);
    network.counts.fault('targeted');
    if (verdict === 'drop') return true;
    if (verdict === 'duplicate') {
      return this.#push(to, id, lane, message) && this.#push(to, id, lane, message);
    }
    const isLate = 'delayMs' in verdict;
    const lateMs = isLate ? verdict.delayMs : verdict.againAfterMs;
    const kept = keptMessage(message);
    this.#clock.setTimer(lateMs, () => void this.#push(to, id, lane, kept));
    return isLate || this.#push(to, id, lane, message);
  }

  get limits(): Limits {
    return this.#settings.limits;
  }

  /** What has not been sent, by link: what a checker looks at. */
  get waiting(): readonly Waiting[] {
    return [...this.#links.values()].flatMap(({ control, data }) => [
      control.waiting,
      data.waiting,
    ]);
  }

  bufferedBytes(to: Address): number {
    return this.#links.get(to)?.data.bufferedBytes() ?? 0;
  }

  forget(to: Address): void {
    const lanes = this.#links.get(to);
    this.#links.delete(to);
    lanes?.control.close();
    lanes?.data.close();
  }

  close(): void {
    if (this.#isClosed) return;
    for (const to of [...this.#links.keys()]) this.forget(to);
    this.#isClosed = true;
    this.#ticker.cancel();
    this.#settings.network.unlisten(this);
  }

  up(link: SimLink, peer: Peer): void {
    const other = this.#otherLane(link);
    // One lane has told already who is there.
    if (other?.isUp === true && other.peer?.id === peer.id) return;
    this.#events?.onUp(peer);
  }

  down(link: SimLink, id: MemberId | undefined, reason: DownReason): void {
    this.#events?.onDown(link.address, id, reason);
    if (link.lane === 'control' && reason === 'silent') this.#otherLane(link)?.end('silent');
  }

  arrive(packet: Packet): void {
    this.#loop.arrive(() => {
      if (!this.#isClosed) this.#receive(packet);
    });
  }

  connections(): readonly SimConnection[] {
    const connections = [...this.#accepted.values(), ...this.sockets.connections()];
    for (const { control, data } of this.#links.values()) {
      if (control.connection !== undefined) connections.push(control.connection);
      if (data.connection !== undefined) connections.push(data.connection);
    }
    return connections;
  }

  #push(to: Address, id: MemberId | undefined, lane: Lane, message: Message): boolean {
    if (this.#isClosed) return false;
    if (to === this.address) return this.#rejectSelf();
    const link = this.#linksTo(to)[lane];
    if (!link.push(message, id)) return false;
    if (this.#toFlush.size === 0) this.#clock.defer(this.#flush);
    this.#toFlush.add(link);
    return true;
  }

  /** A member that dials its own address is turned away, by itself. */
  #rejectSelf(): boolean {
    this.#clock.defer(() => this.#events?.onDown(this.address, undefined, 'rejected'));
    return true;
  }

  readonly #flush = (): void => {
    const links = [...this.#toFlush];
    this.#toFlush.clear();
    if (this.#isClosed) return;
    for (const link of links) link.flush();
  };

  #linksTo(to: Address): Lanes {
    const known = this.#links.get(to);
    if (known !== undefined) return known;
    const lanes = {
      control: new SimLink(to, 'control', this.#settings, this),
      data: new SimLink(to, 'data', this.#settings, this),
    };
    this.#links.set(to, lanes);
    return lanes;
  }

  #otherLane(link: SimLink): SimLink | undefined {
    return this.#links.get(link.address)?.[link.lane === 'control' ? 'data' : 'control'];
  }

  #tick(): void {
    const now = this.#clock.monotonic();
    const wasLate = now - this.#tickedAt > 2 * timings.pingMs;
    this.#tickedAt = now;
    for (const { control, data } of [...this.#links.values()]) {
      control.tick(wasLate);
      data.tick(wasLate);
    }
  }

  #receive(packet: Packet): void {
    if (packet.connection.isSocket) this.sockets.receive(packet);
    else if (packet.connection.to === this.address) this.#receiveAccepted(packet);
    else this.#receiveDialled(packet);
  }

  #receiveDialled(packet: Packet): void {
    const { connection } = packet;
    const link = this.#links.get(connection.to)?.[connection.lane];
    if (link?.connection === connection) link.receive(packet);
    else if (packet.kind === 'accept') this.#reply(connection, 'close');
  }

  #receiveAccepted({ kind, connection, bytes }: Packet): void {
    const key = `${connection.lane} ${connection.dialler.id}`;
    if (kind === 'dial') {
      this.#accept(key, connection);
    } else if (this.#accepted.get(key) !== connection) {
      if (kind !== 'close') this.#reply(connection, 'close');
    } else if (kind === 'close') {
      this.#accepted.delete(key);
    } else if (kind === 'ping') {
      this.#reply(connection, 'pong');
    } else if (bytes !== undefined) {
      this.#deliver(connection.dialler, bytes);
    }
  }

  #accept(key: string, connection: SimConnection): void {
    const older = this.#accepted.get(key);
    if (older !== undefined && older !== connection) this.#reply(older, 'close');
    this.#accepted.set(key, connection);
    this.#reply(connection, 'accept');
  }

  #reply(connection: SimConnection, kind: 'accept' | 'pong' | 'close'): void {
    const { network, self } = this.#settings;
    const proof = kind === 'accept' ? self : undefined;
    network.transmit(connection.packet(kind, this.address, undefined, proof));
  }

  #deliver(from: Peer, bytes: Uint8Array): void {
    const { codec, network } = this.#settings;
    const bring = () => {
      for (const message of codec.decode(bytes)) {
        if (this.#isClosed || this.#loop.isDead) return;
        network.delivered(from.address, this.address, message.kind);
        this.delivering = message;
        this.#events?.onMessage(from, message);
        this.delivering = undefined;
      }
    };
    if (this.#events?.runAfter === undefined) bring();
    else this.#events.runAfter(bring);
  }
}
