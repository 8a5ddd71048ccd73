/**
 * The fields of every kind of message, in the order in which they stand on the wire. Kinds that are
 * sent for every operation are written by hand (hot-messages.ts).
 */

import { clientSchemas } from './client-schemas.ts';
import type { RaftConfig, RaftEntry } from './consensus-messages.ts';
import {
  boolean,
  bytes,
  count,
  list,
  name,
  oneOf,
  optional,
  type RecordField,
  record,
  sentence,
  time,
} from './fields.ts';
import type { HotKind } from './hot-messages.ts';
import type { SwimUpdate } from './membership-messages.ts';
import type { Kind, Message } from './messages.ts';
import type { InSyncChange, MetaStanding } from './meta-messages.ts';
import type { Entry } from './replica-messages.ts';

export type ColdKind = Exclude<Kind, HotKind>;
export type Body<K extends Kind> = Omit<Extract<Message, { kind: K }>, 'kind'>;

const update = record<SwimUpdate>({
  state: oneOf({ alive: 0, suspect: 1, dead: 2, left: 3 }),
  id: name(),
  address: name(),
  incarnation: count(),
  accuser: name(),
  name: name(),
  zone: name(),
  data: boolean,
});

const raftEntry = record<RaftEntry>({
  index: count(),
  term: count(),
  kind: oneOf({ command: 0, config: 1, noop: 2 }),
  body: bytes,
});

const raftConfig = record<RaftConfig>({ voters: list(name()), learners: list(name()) });

const inSyncChange = record<InSyncChange>({
  partition: count(),
  term: count(),
  version: count(),
  inSync: list(name()),
});

const entry = record<Entry>({
  sequence: count(),
  caller: name(),
  opSequence: count(),
  firstIncomplete: count(),
  structure: count(),
  changes: bytes,
  result: optional(bytes),
});

const standing = record<Omit<MetaStanding, 'kind'>>({
  cluster: name(),
  lineage: name(),
  forks: count(),
  members: count(),
  partitions: count(),
  lost: count(),
  isEmpty: boolean,
  isLed: boolean,
  speaker: name(),
});

export const schemas: { readonly [K in ColdKind]: RecordField<Body<K>> } = {
  'swim.ping': record({ sequence: count(), target: name(), updates: list(update) }),
  'swim.ping-request': record({
    sequence: count(),
    target: name(),
    address: name(),
    timeoutMs: time,
    updates: list(update),
  }),
  'swim.ack': record({ sequence: count(), stallMs: time, updates: list(update) }),
  'swim.nack': record({ sequence: count() }),
  'swim.gossip': record({ updates: list(update) }),
  'swim.sync': record({ wantsReply: boolean, updates: list(update) }),

  'raft.vote': record({
    term: count(),
    pre: boolean,
    transfer: boolean,
    lastIndex: count(),
    lastTerm: count(),
  }),
  'raft.vote-reply': record({ term: count(), pre: boolean, granted: boolean }),
  'raft.append': record({
    term: count(),
    round: count(),
    previousIndex: count(),
    previousTerm: count(),
    entries: list(raftEntry),
    commit: count(),
  }),
  'raft.append-reply': record({
    term: count(),
    round: count(),
    accepted: boolean,
    index: count(),
  }),
  'raft.snapshot': record({
    term: count(),
    round: count(),
    lastIndex: count(),
    lastTerm: count(),
    config: raftConfig,
    offset: count(),
    chunk: bytes,
    done: boolean,
  }),
  'raft.snapshot-reply': record({
    term: count(),
    round: count(),
    lastIndex: count(),
    offset: count(),
    done: boolean,
  }),
  'raft.timeout-now': record({ term: count() }),

  'meta.heartbeat': record({ sentAt: time, applied: count(), gridTime: time }),
  'meta.heartbeat-ack': record({ sentAt: time, gridTime: time }),
  'meta.propose': record({ request: count(), command: bytes, lineage: name() }),
  'meta.proposed': record({
    request: count(),
    outcome: oneOf({
      committed: 0,
      'not-leader': 1,
      dropped: 2,
      unformed: 3,
      'other-lineage': 4,
    }),
    index: count(),
    refusal: sentence,
    leader: name(),
    leaderAddress: name(),
    lineage: name(),
  }),
  'meta.pledge': record({ candidate: name() }),
  'meta.alter': record({ changes: list(inSyncChange) }),
  'meta.removed': record({ sentAt: time, lineage: name() }),
  'meta.standing': standing,
  'meta.yield': record({
    standing,
    merged: list(name()),
    rank: count(),
    contributors: list(name()),
  }),
  'meta.welcome': record({ lineage: name(), into: name(), addresses: list(name()) }),
  'meta.handover': record({ partition: count(), term: count(), version: count(), to: name() }),

  'replica.fence': record({
    partition: count(),
    term: count(),
    generation: count(),
    stream: count(),
  }),
  'replica.fenced': record({ partition: count(), term: count(), stream: count(), last: count() }),
  'replica.pull': record({ partition: count(), term: count(), stream: count(), after: count() }),
  'replica.pulled': record({
    partition: count(),
    term: count(),
    stream: count(),
    after: count(),
    entries: list(entry),
  }),
  'replica.copy': record({
    partition: count(),
    term: count(),
    stream: count(),
    generation: count(),
    version: count(),
    chunk: count(),
    at: count(),
    structure: count(),
    fromHash: count(),
    toHash: count(),
    entries: count(),
    content: bytes,
    last: boolean,
  }),

  'op.refused': record({
    request: count(),
    reason: oneOf({
      'not-primary': 0,
      'not-ready': 1,
      busy: 2,
      lost: 3,
      stale: 4,
      'result-gone': 5,
      'no-structure': 6,
      interrupted: 7,
    }),
  }),
  'op.failed': record({ request: count(), code: name(), message: sentence }),

  ...clientSchemas,
};
