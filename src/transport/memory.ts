/**
 * Members in one process: the same promises as over WebSockets, without sockets, for tests of what is
 * built above. Messages go through the codec, so sender and receiver share no objects.
 */
import type { Clock } from '../base/clock.ts';
import type { Address, MemberId } from '../base/ids.ts';
import { defaultLimits, type Limits } from '../base/limits.ts';
import { Codec } from '../wire/codec.ts';
import type { Message } from '../wire/messages.ts';
import { Outbox } from './outbox.ts';
import type { Lane, Peer, Transport, TransportEvents } from './transport.ts';

/** Where transports find each other by address. */
export class MemoryNetwork {
  readonly #clock: Clock;
  readonly #limits: Limits;
  readonly #members = new Map<Address, MemoryTransport>();

  constructor(clock: Clock, limits: Limits = defaultLimits) {
    this.#clock = clock;
    this.#limits = limits;
  }

  /** A transport at an address; whoever was there before has to be closed. */
  join(address: Address, id: MemberId): MemoryTransport {
    const transport = new MemoryTransport({ id, address }, this, this.#clock, this.#limits);
    this.#members.set(address, transport);
    return transport;
  }

  at(address: Address): MemoryTransport | undefined {
    return this.#members.get(address);
  }

  /** Takes a transport out; the others see their links to it close. */
  leave(leaving: MemoryTransport): void {
    if (this.#members.get(leaving.address) !== leaving) return;
    this.#members.delete(leaving.address);
    for (const member of this.#members.values()) member.lose(leaving.address);
  }
}

interface MemoryLink {
  readonly lanes: Readonly<Record<Lane, Outbox>>;
  /** Who is there; undefined while nobody is. */
  id: MemberId | undefined;
}

export class MemoryTransport implements Transport {
  readonly id: MemberId;
  readonly address: Address;
  readonly #peer: Peer;
  readonly #network: MemoryNetwork;
  readonly #clock: Clock;
  readonly #limits: Limits;
  readonly #codec: Codec;
  readonly #links = new Map<Address, MemoryLink>();
  #events: TransportEvents | undefined;
  #flushIsDue = false;
  #closed = false;

  constructor(peer: Peer, network: MemoryNetwork, clock: Clock, limits: Limits) {
    this.id = peer.id;
    this.address = peer.address;
    this.#peer = peer;
    this.#network = network;
    this.#clock = clock;
    this.#limits = limits;
    this.#codec = new Codec(limits);
  }

  listen(events: TransportEvents): void {
    this.#events = events;
  }

  send(to: Address, id: MemberId | undefined, lane: Lane, message: Message): boolean {
    if (this.#closed) return false;
    const isAdmitted = this.#linkTo(to).lanes[lane].push(message, id);
    if (!this.#flushIsDue) {
      this.#flushIsDue = true;
      this.#clock.defer(() => this.#flush());
    }
    return isAdmitted;
  }

  bufferedBytes(to: Address): number {
    return this.#links.get(to)?.lanes.data.bytes ?? 0;
  }

  forget(to: Address): void {
    this.#links.delete(to);
  }

  close(): void {
    this.#closed = true;
    this.#events = undefined;
    this.#links.clear();
    this.#network.leave(this);
  }

  /** The process at an address is gone. */
  lose(address: Address): void {
    const link = this.#links.get(address);
    if (link?.id === undefined) return;
    const id = link.id;
    link.id = undefined;
    this.#clock.defer(() => this.#events?.onDown(address, id, 'closed'));
  }

  receive(from: Peer, frame: Uint8Array): void {
    for (const message of this.#codec.decodeBatch(frame)) this.#events?.onMessage(from, message);
  }

  #linkTo(to: Address): MemoryLink {
    const known = this.#links.get(to);
    if (known !== undefined) return known;
    const { controlBytesBufferedMax, dataBytesBufferedMax } = this.#limits;
    const lanes = {
      control: new Outbox('control', controlBytesBufferedMax),
      data: new Outbox('data', dataBytesBufferedMax),
    };
    const link = { lanes, id: undefined };
    this.#links.set(to, link);
    return link;
  }

  #flush(): void {
    this.#flushIsDue = false;
    for (const [to, link] of [...this.#links]) {
      const { control, data } = link.lanes;
      if (control.length + data.length > 0) this.#flushLink(to, link);
    }
  }

  #flushLink(to: Address, link: MemoryLink): void {
    const target = this.#network.at(to);
    if (target === undefined) {
      link.lanes.control.clear();
      link.lanes.data.clear();
      this.#events?.onDown(to, undefined, 'refused');
      return;
    }
    if (link.id !== target.id) {
      link.id = target.id;
      this.#events?.onUp({ id: target.id, address: to });
    }
    this.#deliver(link.lanes.control, target);
    this.#deliver(link.lanes.data, target);
  }

  #deliver(outbox: Outbox, target: MemoryTransport): void {
    while (outbox.length > 0) {
      const batch = outbox.takeBatch(target.id);
      if (batch.length === 0) continue;
      const frame = this.#codec.encodeBatch(batch);
      this.#clock.defer(() => target.receive(this.#peer, frame));
    }
  }
}
