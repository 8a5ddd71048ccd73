/**
 * Every message that members and clients exchange, in one place.
 *
 * A message is plain readonly data with a `kind`. To add one: its interface in its area's file, its row in
 * `kindCodes`, its fields in the codec, and a handler in the folder that its prefix names. What a
 * structure says to its own store is not here: it travels as the bytes of an op or of a change, which
 * only that structure reads. Who sent a message is known from its connection and never part of it.
 */

import type { ClientMessage } from './client-messages.ts';
import type {
  RaftAppend,
  RaftAppendReply,
  RaftSnapshot,
  RaftSnapshotReply,
  RaftTimeoutNow,
  RaftVote,
  RaftVoteReply,
} from './consensus-messages.ts';
import type {
  SwimAck,
  SwimGossip,
  SwimNack,
  SwimPing,
  SwimPingRequest,
  SwimSync,
} from './membership-messages.ts';
import type {
  MetaAlter,
  MetaHandover,
  MetaHeartbeat,
  MetaHeartbeatAck,
  MetaPledge,
  MetaPropose,
  MetaProposed,
  MetaRemoved,
  MetaStanding,
  MetaWelcome,
  MetaYield,
} from './meta-messages.ts';
import { type OpFailed, type OpRefused, OpReply, type OpRequest } from './op-messages.ts';
import type {
  ReplicaAck,
  ReplicaAppend,
  ReplicaCopy,
  ReplicaFence,
  ReplicaFenced,
  ReplicaPull,
  ReplicaPulled,
} from './replica-messages.ts';

export type Message =
  | SwimPing
  | SwimPingRequest
  | SwimAck
  | SwimNack
  | SwimGossip
  | SwimSync
  | RaftVote
  | RaftVoteReply
  | RaftAppend
  | RaftAppendReply
  | RaftSnapshot
  | RaftSnapshotReply
  | RaftTimeoutNow
  | MetaHeartbeat
  | MetaHeartbeatAck
  | MetaPropose
  | MetaProposed
  | MetaPledge
  | MetaAlter
  | MetaHandover
  | MetaRemoved
  | MetaStanding
  | MetaYield
  | MetaWelcome
  | ReplicaFence
  | ReplicaFenced
  | ReplicaPull
  | ReplicaPulled
  | ReplicaAppend
  | ReplicaCopy
  | ReplicaAck
  | OpRequest
  | OpReply
  | OpRefused
  | OpFailed
  | ClientMessage;

export type Kind = Message['kind'];

/** What stands on the wire for a kind. A code is never given twice, even after its kind is gone. */
export const kindCodes = {
  'swim.ping': 1,
  'swim.ping-request': 2,
  'swim.ack': 3,
  'swim.nack': 4,
  'swim.gossip': 5,
  'swim.sync': 6,
  'raft.vote': 16,
  'raft.vote-reply': 17,
  'raft.append': 18,
  'raft.append-reply': 19,
  'raft.snapshot': 20,
  'raft.snapshot-reply': 21,
  'raft.timeout-now': 22,
  'meta.heartbeat': 32,
  'meta.heartbeat-ack': 33,
  'meta.propose': 34,
  'meta.proposed': 35,
  'meta.pledge': 36,
  'meta.alter': 37,
  'meta.handover': 38,
  'meta.removed': 39,
  'meta.standing': 44,
  'meta.yield': 45,
  'meta.welcome': 46,
  'replica.fence': 48,
  'replica.fenced': 49,
  'replica.pull': 50,
  'replica.pulled': 51,
  'replica.append': 52,
  'replica.copy': 53,
  'replica.ack': 54,
  'op.request': 64,
  'op.reply': 65,
  'op.refused': 66,
  'op.failed': 67,
  'client.welcome': 80,
  'client.table': 81,
  'client.define': 82,
  'client.destroy': 83,
  'client.list': 84,
  'client.safe': 85,
  'client.accept-loss': 86,
  'client.rows': 87,
  'client.done': 88,
  'client.watch': 89,
  'client.dropped': 90,
  'client.ping': 91,
  'client.pong': 92,
} as const satisfies Record<Kind, number>;

/** A message that waits: it keeps nothing that was lent, as the result of a reply may be. */
export function keptMessage(message: Message): Message {
  if (message.kind !== 'op.reply') return message;
  const { request, result } = message;
  return new OpReply(request, new Uint8Array(result));
}
