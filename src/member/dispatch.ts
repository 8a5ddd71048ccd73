/**
 * The way of every message into and out of a member: what comes from the transport goes to the actor
 * that its kind names, what actors send goes to an address, or straight back where it is for this
 * member itself.
 */
import type { ActorRef } from '../actors/actor.ts';
import type { Address, CallerId, MemberId } from '../base/ids.ts';
import type { MembershipInput } from '../membership/membership-actor.ts';
import type { MetaInput } from '../partition/meta-actor.ts';
import type { PartitionHost, PartitionOutlet } from '../partition/partition-host.ts';
import type { ReplicaMessage } from '../partition/replica-state.ts';
import type { Calls } from '../transport/calls.ts';
import type { DownReason, Lane, Peer, Transport, TransportEvents } from '../transport/transport.ts';
import { isClientMessage } from '../wire/client-messages.ts';
import type { Message } from '../wire/messages.ts';
import type { InSyncChange, MetaHandover } from '../wire/meta-messages.ts';
import { type Answer, type ClientPort, relayedFrom } from './client-port.ts';
import type { Roster } from './roster.ts';

export interface DispatchParts {
  readonly self: MemberId;
  readonly nowMs: () => number;
  readonly transport: Transport;
  readonly roster: Roster;
  readonly membership: ActorRef<MembershipInput>;
  readonly meta: ActorRef<MetaInput>;
  /** These are made after the dispatch, since they send through it. */
  readonly host: () => PartitionHost;
  readonly calls: () => Calls;
  readonly clients: () => ClientPort;
  readonly leader: () => MemberId | undefined;
  readonly onPledge: (from: MemberId) => void;
  /** Lets the actors work, here and now, on what `bring` brings. */
  readonly runAfter: (bring: () => void) => void;
}

const controlPrefixes = /^(swim|raft|meta)\./;

export class Dispatch implements TransportEvents, PartitionOutlet {
  readonly #parts: DispatchParts;
  /** Whether any other process has shown that it is in a cluster. */
  hasSeenCluster = false;

  constructor(parts: DispatchParts) {
    this.#parts = parts;
  }

  // --- from the transport

  onMessage(from: Peer, message: Message): void {
    const { membership, meta, host } = this.#parts;
    switch (message.kind) {
      case 'op.request':
        host().request(from.id, message);
        return;
      case 'op.reply':
      case 'op.refused':
      case 'op.failed':
        this.#answered(message);
        return;
      case 'replica.fence':
      case 'replica.fenced':
      case 'replica.pull':
      case 'replica.pulled':
      case 'replica.append':
      case 'replica.copy':
      case 'replica.ack':
        host().receive(from.id, message);
        return;
      case 'swim.ping':
      case 'swim.ping-request':
      case 'swim.ack':
      case 'swim.nack':
      case 'swim.gossip':
      case 'swim.sync':
        this.#parts.roster.note(from.id, from.address);
        membership.tellControl({ kind: 'message', from, message });
        return;
      case 'meta.pledge':
        this.#parts.onPledge(from.id);
        return;
      case 'meta.heartbeat':
      case 'meta.heartbeat-ack':
      case 'meta.propose':
      case 'meta.proposed':
      case 'meta.alter':
      case 'meta.handover':
      case 'meta.removed':
      case 'meta.standing':
      case 'meta.yield':
      case 'meta.welcome':
        this.#parts.roster.note(from.id, from.address);
        if (message.kind === 'meta.proposed' && message.outcome !== 'unformed') {
          this.hasSeenCluster = true;
        }
        meta.tellControl({ kind: 'message', from: from.id, message });
        return;
      default:
        // Clients have their own way in, and members say nothing of theirs.
        if (isClientMessage(message)) return;
        this.#parts.roster.note(from.id, from.address);
        meta.tellControl({ kind: 'raft', from: from.id, message });
    }
  }

  runAfter(bring: () => void): void {
    this.#parts.runAfter(bring);
  }

  onUp(peer: Peer): void {
    this.#parts.roster.note(peer.id, peer.address);
    this.#parts.roster.isUp(peer.address);
    this.#parts.membership.tellControl({ kind: 'up', peer });
  }

  onDown(address: Address, id: MemberId | undefined, reason: DownReason): void {
    if (reason === 'refused') this.#parts.roster.isDown(address, this.#parts.nowMs());
    this.#parts.membership.tellControl({ kind: 'down', address, id, reason });
    if (id === undefined) return;
    this.#parts.calls().peerLost(id);
    this.#parts.clients().peerLost(id);
  }

  #answered(message: Answer): void {
    const { calls, clients } = this.#parts;
    if (message.request >= relayedFrom) clients().relayed(message);
    else if (message.kind === 'op.reply') calls().replied(message);
    else if (message.kind === 'op.refused') calls().refused(message);
    else calls().failed(message);
  }

  // --- to other members, or to this one

  toMember(to: MemberId, message: Message): boolean {
    const { self, roster, transport } = this.#parts;
    if (to === self) {
      this.onMessage({ id: self, address: transport.address }, message);
      return true;
    }
    const address = roster.addressOf(to);
    if (address === undefined) return false;
    const lane: Lane = controlPrefixes.test(message.kind) ? 'control' : 'data';
    return transport.send(address, to, lane, message);
  }

  send(to: MemberId, message: ReplicaMessage): void {
    const address = this.#parts.roster.addressOf(to);
    if (address !== undefined) this.#parts.transport.send(address, to, 'data', message);
  }

  answer(to: MemberId | CallerId, message: Answer): void {
    const { self, roster, transport, clients } = this.#parts;
    const id = to as MemberId;
    if (id === self) {
      this.onMessage({ id: self, address: transport.address }, message);
      return;
    }
    if (clients().answer(to, message)) return;
    const address = roster.addressOf(id);
    if (address !== undefined) transport.send(address, id, 'data', message);
  }

  alter(changes: readonly InSyncChange[]): void {
    const leader = this.#parts.leader();
    if (leader !== undefined) this.toMember(leader, { kind: 'meta.alter', changes });
  }

  handOver(message: MetaHandover): void {
    const leader = this.#parts.leader();
    if (leader !== undefined) this.toMember(leader, message);
  }
}
