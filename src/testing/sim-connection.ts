/** A connection between two simulated processes, and the packets that travel on it. */
import type { Address } from '../base/ids.ts';
import type { Lane, Peer } from '../transport/transport.ts';

/**
 * From the side that dialled: `dial`. From the other: `accept`, `refuse`. From both: `close`, `ping`, `pong`,
 * `frame`. On links between members, as on real ones, frames only travel away from the side that dialled.
 */
export type PacketKind = 'dial' | 'accept' | 'refuse' | 'close' | 'ping' | 'pong' | 'frame';

export interface Packet {
  readonly kind: PacketKind;
  readonly connection: SimConnection;
  readonly from: Address;
  readonly to: Address;
  /** Who proves itself: with `accept`. */
  readonly peer: Peer | undefined;
  /** With `frame`. */
  readonly bytes: Uint8Array | undefined;
  /** Even as a datagram it does not come twice. */
  readonly isOnce: boolean;
}

/** One way of a connection. */
class Stream {
  readonly held: Packet[] = [];
  heldBytes = 0;
  latestArrival = 0;
}

export class SimConnection {
  readonly dialler: Peer;
  readonly to: Address;
  readonly lane: Lane;
  /** A WebSocket of a light client: whatever the network does, its frames arrive in order or it breaks. */
  readonly isSocket: boolean;
  /** Half-open: whatever is sent on it vanishes, and nobody is told. */
  isSilent = false;
  readonly #away = new Stream();
  readonly #back = new Stream();

  constructor(dialler: Peer, to: Address, lane: Lane, isSocket = false) {
    this.dialler = dialler;
    this.to = to;
    this.lane = lane;
    this.isSocket = isSocket;
  }

  /** Frames that a cut has stopped; a stream sends them again when it is healed. */
  heldBytes(from: Address): number {
    return this.#stream(from).heldBytes;
  }

  isHeld(from: Address): boolean {
    return this.#stream(from).held.length > 0;
  }

  get holdsAny(): boolean {
    return this.#away.held.length + this.#back.held.length > 0;
  }

  hold(packet: Packet): void {
    const stream = this.#stream(packet.from);
    stream.held.push(packet);
    stream.heldBytes += packet.bytes?.length ?? 0;
  }

  takeHeld(from: Address): readonly Packet[] {
    const stream = this.#stream(from);
    stream.heldBytes = 0;
    return stream.held.splice(0);
  }

  /** The time at which a frame of a stream arrives that would arrive at `at` if it were alone. */
  inOrder(from: Address, at: number): number {
    const stream = this.#stream(from);
    const arrival = Math.max(at, stream.latestArrival);
    // A hair later, so that the random order of events at one time cannot overtake.
    stream.latestArrival = arrival + 1e-6;
    return arrival;
  }

  /** The other end, seen from one. */
  otherEnd(at: Address): Address {
    return at === this.to ? this.dialler.address : this.to;
  }

  /** Whether packets go from one address to another on it. */
  leads(from: Address, to: Address): boolean {
    return (from === this.to || from === this.dialler.address) && this.otherEnd(from) === to;
  }

  /** As it goes from one end to the other. */
  packet(kind: PacketKind, from: Address, bytes?: Uint8Array, peer?: Peer): Packet {
    const to = this.otherEnd(from);
    return { kind, connection: this, from, to, peer, bytes, isOnce: false };
  }

  #stream(from: Address): Stream {
    return from === this.to ? this.#back : this.#away;
  }
}
