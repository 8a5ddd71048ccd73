/** A connection between two simulated processes, and the packets that travel on it. */
import type { Address } from '../base/ids.ts';
import type { Lane, Peer } from '../transport/transport.ts';

/**
 * From the side that dialled: `dial`, `frame`, `ping`. From the other: `accept`, `refuse`, `pong`. From both:
 * `close`. As on real links, messages only travel away from the side that dialled.
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
}

export class SimConnection {
  readonly dialler: Peer;
  readonly to: Address;
  readonly lane: Lane;
  /** Half-open: whatever is sent on it vanishes, and nobody is told. */
  isSilent = false;
  #held: Packet[] = [];
  #heldBytes = 0;
  #latestArrival = 0;

  constructor(dialler: Peer, to: Address, lane: Lane) {
    this.dialler = dialler;
    this.to = to;
    this.lane = lane;
  }

  /** Frames that a cut has stopped; a stream sends them again when it is healed. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  get isHeld(): boolean {
    return this.#held.length > 0;
  }

  hold(packet: Packet): void {
    this.#held.push(packet);
    this.#heldBytes += packet.bytes?.length ?? 0;
  }

  takeHeld(): readonly Packet[] {
    const held = this.#held;
    this.#held = [];
    this.#heldBytes = 0;
    return held;
  }

  /** The time at which a frame of a stream arrives that would arrive at `at` if it were alone. */
  inOrder(at: number): number {
    const arrival = Math.max(at, this.#latestArrival);
    // A hair later, so that the random order of events at one time cannot overtake.
    this.#latestArrival = arrival + 1e-6;
    return arrival;
  }

  /** The other end, seen from one. */
  otherEnd(at: Address): Address {
    return at === this.to ? this.dialler.address : this.to;
  }

  /** As it goes from one end to the other. */
  packet(kind: PacketKind, from: Address, bytes?: Uint8Array, peer?: Peer): Packet {
    return { kind, connection: this, from, to: this.otherEnd(from), peer, bytes };
  }
}
