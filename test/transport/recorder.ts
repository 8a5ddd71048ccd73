/** A listener that writes down what a transport tells it. */
import type { Address, MemberId } from '../../src/base/ids.ts';
import type { DownReason, Peer, TransportEvents } from '../../src/transport/transport.ts';
import type { Message } from '../../src/wire/messages.ts';

export class Recorder implements TransportEvents {
  readonly messages: { readonly from: Peer; readonly message: Message }[] = [];
  readonly ups: Peer[] = [];
  readonly downs: { address: Address; id: MemberId | undefined; reason: DownReason }[] = [];

  onMessage(from: Peer, message: Message): void {
    this.messages.push({ from, message });
  }

  onUp(peer: Peer): void {
    this.ups.push(peer);
  }

  onDown(address: Address, id: MemberId | undefined, reason: DownReason): void {
    this.downs.push({ address, id, reason });
  }

  /** The numbers of the messages made by `numbered`, in order of arrival. */
  get numbers(): number[] {
    return this.messages.map(({ message }) =>
      message.kind === 'swim.nack' ? message.sequence : Number.NaN,
    );
  }

  get reasons(): DownReason[] {
    return this.downs.map(({ reason }) => reason);
  }
}

export function numbered(sequence: number): Message {
  return { kind: 'swim.nack', sequence };
}
