/** Small programs for a simulated world. */
import type { Address, MemberId } from '../../src/base/ids.ts';
import type { ProcessParts } from '../../src/testing/sim-process.ts';
import type { DownReason, Lane, Peer, TransportEvents } from '../../src/transport/transport.ts';
import type { Message } from '../../src/wire/messages.ts';
import type { OpReply } from '../../src/wire/op-messages.ts';

export function reply(request: number, bytes = 1): OpReply {
  return { kind: 'op.reply', request, result: new Uint8Array(bytes).fill(request) };
}

/** Writes down what its transport tells it. */
export class Listener implements TransportEvents {
  readonly parts: ProcessParts;
  /** `up`, `down: closed`, ... */
  readonly links: string[] = [];
  readonly identities: MemberId[] = [];
  readonly received: { readonly at: number; readonly from: Peer; readonly message: Message }[] = [];

  constructor(parts: ProcessParts) {
    this.parts = parts;
    parts.transport.listen(this);
  }

  /** The numbers of the replies that came. */
  get requests(): number[] {
    return this.received.map(({ message }) => (message as OpReply).request);
  }

  send(to: Address, request: number, lane: Lane = 'data', id?: MemberId): boolean {
    return this.parts.transport.send(to, id, lane, reply(request));
  }

  onMessage(from: Peer, message: Message): void {
    this.received.push({ at: this.parts.clock.monotonic(), from, message });
  }

  onUp(peer: Peer): void {
    this.links.push('up');
    this.identities.push(peer.id);
  }

  onDown(_address: Address, _id: MemberId | undefined, reason: DownReason): void {
    this.links.push(`down: ${reason}`);
  }
}

/** Spreads the greatest number that it has heard of to one of its peers, again and again. */
export class Gossiper implements TransportEvents {
  heard = 0;
  readonly #parts: ProcessParts;
  readonly #peers: readonly Address[];

  constructor(parts: ProcessParts, peers: readonly Address[]) {
    this.#parts = parts;
    this.#peers = peers.filter((address) => address !== parts.address);
    parts.transport.listen(this);
    this.#spread();
  }

  onMessage(_from: Peer, message: Message): void {
    if (message.kind === 'swim.nack') this.heard = Math.max(this.heard, message.sequence);
  }

  onUp(): void {}

  onDown(): void {}

  #spread(): void {
    const { clock, random, transport } = this.#parts;
    const message: Message = { kind: 'swim.nack', sequence: this.heard };
    transport.send(random.pick(this.#peers), undefined, 'control', message);
    clock.setTimer(10 + random.below(20), () => this.#spread());
  }
}
