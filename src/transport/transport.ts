/**
 * How members reach each other. One implementation runs over `ws`, one inside the simulated world;
 * what is built above cannot tell them apart.
 *
 * A transport promises nothing about delivery: a message may be lost with its connection. It promises
 * that within one link and lane what arrives, arrives in order on real links (the simulator may
 * reorder), whole, and from the process that its handshake proved.
 */
import type { Address, MemberId } from '../base/ids.ts';
import type { Message } from '../wire/messages.ts';

/** `control`: membership, consensus, leases; small and never behind bulk. `data`: the rest. */
export type Lane = 'control' | 'data';

export interface Peer {
  readonly id: MemberId;
  readonly address: Address;
}

/** `refused`: nobody listens there. `closed`: by the other side. `silent`: no answer to pings. */
export type DownReason = 'refused' | 'closed' | 'silent' | 'rejected';

export interface TransportEvents {
  onMessage(from: Peer, message: Message): void;
  /** Runs `bring`, which tells what one frame brought, and then what that set off, without another hop. */
  runAfter?(bring: () => void): void;
  /** A link to an address is up, and who is there: perhaps another identity than before. */
  onUp(peer: Peer): void;
  /** A link broke or could not be made; `id` where a handshake had told it. A hint, never a verdict. */
  onDown(address: Address, id: MemberId | undefined, reason: DownReason): void;
}

export interface Transport {
  /** Where others reach this process. */
  readonly address: Address;
  /** Said before anything is sent. */
  listen(events: TransportEvents): void;
  /**
   * Queues a message; everything for one peer and lane within a turn travels in one frame. With an
   * `id`, only the process of that identity gets it. Links are made on demand and remade while
   * there is something to send. False where the message was dropped at a bound. The result of a reply is
   * used up or copied before this returns.
   */
  send(to: Address, id: MemberId | undefined, lane: Lane, message: Message): boolean;
  /** Bytes that wait for a peer on the data lane: what a sender of bulk looks at. */
  bufferedBytes(to: Address): number;
  /** Forgets a peer: closes its links and sends it nothing that waits. */
  forget(to: Address): void;
  close(): void;
}
