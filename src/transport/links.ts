/** The links that this process dialled, by address: two to each peer, one for each lane. */
import type { Address, MemberId } from '../base/ids.ts';
import type { Refused } from '../wire/handshake.ts';
import type { Message } from '../wire/messages.ts';
import { sizeBound } from '../wire/size.ts';
import { Link, type LinkEvents } from './link.ts';
import type { LinkSettings } from './settings.ts';
import type { DownReason, Lane, Peer } from './transport.ts';

export interface LinksEvents {
  onUp(peer: Peer): void;
  onDown(address: Address, id: MemberId | undefined, reason: DownReason): void;
  onRejected(address: Address, refused: Refused): void;
}

interface PeerLinks {
  readonly control: Link;
  readonly data: Link;
  /** When a refusal was last logged. */
  warnedAt: number;
}

/** Addresses at a time; past it nothing is sent to a new one until another is forgotten. */
const addressesMax = 4_096;

export class Links implements LinkEvents {
  readonly #settings: LinkSettings;
  readonly #events: LinksEvents;
  readonly #peers = new Map<Address, PeerLinks>();
  #toFlush: Link[] = [];
  #closed = false;

  constructor(settings: LinkSettings, events: LinksEvents) {
    this.#settings = settings;
    this.#events = events;
  }

  send(to: Address, id: MemberId | undefined, lane: Lane, message: Message): boolean {
    const link = this.#linkTo(to, lane);
    if (link === undefined) return false;
    const bytes = sizeBound(message);
    if (this.#isTooLarge(to, message, bytes) || !link.push(message, id, bytes)) return false;
    if (link.isDue) link.flush();
    if (link.isWaiting) return true;
    link.isWaiting = true;
    if (this.#toFlush.push(link) === 1) this.#settings.clock.endOfTask(this.#flush);
    return true;
  }

  bufferedBytes(to: Address): number {
    return this.#peers.get(to)?.data.bufferedBytes() ?? 0;
  }

  forget(to: Address): void {
    const peer = this.#peers.get(to);
    this.#peers.delete(to);
    peer?.control.close();
    peer?.data.close();
  }

  /** What can still be sent, is: a member that leaves says so in its last turn. */
  close(): void {
    this.#flush();
    this.#closed = true;
    for (const to of [...this.#peers.keys()]) this.forget(to);
  }

  up(link: Link, peer: Peer): void {
    const other = this.#otherLane(link);
    // One lane has told already who is there.
    if (other?.isUp === true && other.peer?.id === peer.id) return;
    this.#events.onUp({ id: peer.id, address: link.address });
  }

  down(link: Link, id: MemberId | undefined, reason: DownReason): void {
    if (this.#closed) return;
    this.#events.onDown(link.address, id, reason);
    // Control links are small and quick: what is silent there is silent altogether.
    if (link.lane === 'control' && reason === 'silent') this.#otherLane(link)?.endSilent();
  }

  rejected(link: Link, refused: Refused): void {
    const { clock, logger, timings } = this.#settings;
    const peer = this.#peers.get(link.address);
    const now = clock.monotonic();
    if (peer !== undefined && now - peer.warnedAt >= timings.repeatWarningMs) {
      peer.warnedAt = now;
      logger.warn({ address: link.address, code: refused.code }, refused.sentence);
    }
    this.#events.onRejected(link.address, refused);
  }

  readonly #flush = () => {
    const links = this.#toFlush;
    this.#toFlush = [];
    for (const link of links) link.endTurn();
  };

  #linkTo(to: Address, lane: Lane): Link | undefined {
    const known = this.#peers.get(to);
    if (known !== undefined) return known[lane];
    if (this.#closed || this.#peers.size === addressesMax) return undefined;
    const peer = {
      control: new Link(to, 'control', this.#settings, this),
      data: new Link(to, 'data', this.#settings, this),
      warnedAt: Number.NEGATIVE_INFINITY,
    };
    this.#peers.set(to, peer);
    return peer[lane];
  }

  #otherLane(link: Link): Link | undefined {
    const peer = this.#peers.get(link.address);
    return link.lane === 'control' ? peer?.data : peer?.control;
  }

  #isTooLarge(to: Address, message: Message, bytes: number): boolean {
    const { limits, logger } = this.#settings;
    if (bytes <= limits.frameBytesMax - 64) return false;
    logger.error({ to, kind: message.kind }, 'a message is larger than a frame, and is not sent');
    return true;
  }
}
