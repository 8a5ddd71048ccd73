/**
 * What a member passes on for its clients: requests whose primary is another member, each under a number
 * of its own, so that the answer finds the way back.
 *
 * Invariants
 * 1. A request of a client has one number here, through all its resends, until it is answered.
 * 2. A request is forgotten with its answer, its client, or the member that it went to.
 */
import { pooledCopy } from '../base/byte-pool.ts';
import type { MemberId, PartitionId } from '../base/ids.ts';
import type { Message } from '../wire/messages.ts';
import { type OpRefused, OpReply, OpRequest } from '../wire/op-messages.ts';
import { type Answer, relayedFrom } from './client-port.ts';

/** Past it a client is told to come again. */
const relayedMax = 262_144;

/** Where answers go. */
export interface RelayClient {
  send(message: Message): void;
}

interface Relayed {
  readonly client: RelayClient;
  readonly request: number;
  readonly partition: PartitionId;
  to: MemberId;
}

export class Relay {
  readonly #forward: (to: MemberId, message: OpRequest) => boolean;
  readonly #most: number;
  readonly #open = new Map<number, Relayed>();
  readonly #numbers = new Map<RelayClient, Map<number, number>>();
  #next = relayedFrom;

  /** `forward` hands a request to a member; false where it cannot. */
  constructor(forward: (to: MemberId, message: OpRequest) => boolean, most = relayedMax) {
    this.#forward = forward;
    this.#most = most;
  }

  get size(): number {
    return this.#open.size;
  }

  pass(client: RelayClient, to: MemberId, message: OpRequest): void {
    const { request, partition } = message;
    const known = this.#numbers.get(client)?.get(request);
    if (known === undefined && this.#open.size >= this.#most) {
      client.send(refusal(request, 'busy'));
      return;
    }
    const number = known ?? this.#next++;
    this.#note(number, { client, request, partition, to });
    const { caller, structure, opSequence, firstIncomplete, op } = message;
    // It may wait for a link, and is not to keep the client's frame meanwhile.
    const kept = pooledCopy(op);
    const isTaken = this.#forward(
      to,
      new OpRequest(number, caller, partition, structure, opSequence, firstIncomplete, kept),
    );
    // An earlier copy of it may be on its way, so this says nothing of what became of that.
    if (!isTaken) this.#interrupt(number);
  }

  answered(message: Answer): void {
    const relayed = this.#forget(message.request);
    if (relayed === undefined) return;
    const { client, request } = relayed;
    switch (message.kind) {
      case 'op.reply':
        client.send(new OpReply(request, message.result));
        break;
      case 'op.refused':
        client.send(refusal(request, message.reason));
        break;
      case 'op.failed': {
        const { code, message: text } = message;
        client.send({ kind: 'op.failed', request, code, message: text });
      }
    }
  }

  clientGone(client: RelayClient): void {
    const numbers = this.#numbers.get(client);
    this.#numbers.delete(client);
    for (const number of numbers?.values() ?? []) this.#open.delete(number);
  }

  /** Tells the clients of what went to a member to send it again: it may have been done. */
  peerLost(id: MemberId): void {
    for (const [number, { to }] of [...this.#open]) if (to === id) this.#interrupt(number);
  }

  /** The same for what went to a member that is not the primary any more. */
  tableChanged(primaryOf: (partition: PartitionId) => MemberId | undefined): void {
    for (const [number, { to, partition }] of [...this.#open]) {
      if (primaryOf(partition) !== to) this.#interrupt(number);
    }
  }

  #interrupt(number: number): void {
    const relayed = this.#forget(number);
    if (relayed !== undefined) relayed.client.send(refusal(relayed.request, 'interrupted'));
  }

  #note(number: number, relayed: Relayed): void {
    this.#open.set(number, relayed);
    const numbers = this.#numbers.get(relayed.client) ?? new Map<number, number>();
    numbers.set(relayed.request, number);
    this.#numbers.set(relayed.client, numbers);
  }

  #forget(number: number): Relayed | undefined {
    const relayed = this.#open.get(number);
    if (relayed === undefined) return undefined;
    this.#open.delete(number);
    this.#numbers.get(relayed.client)?.delete(relayed.request);
    return relayed;
  }
}

function refusal(request: number, reason: OpRefused['reason']): OpRefused {
  return { kind: 'op.refused', request, reason };
}
