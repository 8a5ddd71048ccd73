/** A connection between two simulated processes, and the packets that travel on it. */
import type { Address } from '../base/ids.ts';
import type { Lane, Peer } from '../transport/transport.ts';

/**
 * `dial`, `accept` and `refuse` make a connection, `close` ends it, `ping` shows that its other end lives.
 * A `frame` carries messages.
 */
export type PacketKind = 'dial' | 'accept' | 'refuse' | 'close' | 'ping' | 'frame';

export interface Packet {
  readonly kind: PacketKind;
  readonly link: SimLink;
  readonly from: Address;
  readonly to: Address;
  readonly lane: Lane;
  /** Who proves itself: with `dial` and `accept`. */
  readonly peer: Peer | undefined;
  /** With `frame`. */
  readonly bytes: Uint8Array | undefined;
}

export class SimLink {
  readonly dialer: Address;
  readonly dialedAt: number;
  /** When the other side accepted it; infinity until then. */
  acceptedAt = Number.POSITIVE_INFINITY;
  /** Half-open: whatever is sent on it vanishes, and nobody is told. */
  isSilent = false;
  /** Frames that a cut has stopped; a stream sends them again when it is healed. */
  held: Packet[] = [];
  /** The latest arrival, by direction and lane: the next one in a stream is not earlier. */
  readonly #arrivals = [0, 0, 0, 0];

  constructor(dialer: Address, now: number) {
    this.dialer = dialer;
    this.dialedAt = now;
  }

  /**
   * Whether that end dialed `next` knowing this link, and so because it has given this one up. Otherwise both
   * ends dialed at once, and this dial has only been overtaken.
   */
  isFollowedBy(next: SimLink): boolean {
    return next.dialedAt >= (this.dialer === next.dialer ? this.dialedAt : this.acceptedAt);
  }

  /** The time at which a packet of a stream arrives that would arrive at `at` if it were alone. */
  inOrder(from: Address, lane: Lane, at: number): number {
    const index = (from === this.dialer ? 0 : 2) + (lane === 'control' ? 0 : 1);
    const arrival = Math.max(at, this.#arrivals[index] as number);
    // A hair later, so that the random order of events at one time cannot overtake.
    this.#arrivals[index] = arrival + 1e-6;
    return arrival;
  }
}
