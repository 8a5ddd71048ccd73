/** One message of each kind, with every field off its simplest value. */
import type { Kind, Message } from '../../src/wire/messages.ts';

const update = {
  state: 'suspect',
  id: 'a#1',
  address: '10.0.0.1:7400',
  incarnation: 3,
  accuser: 'b#2',
  name: 'anna',
  zone: 'eu-1',
  data: true,
};
const updates = [update, { ...update, state: 'left', data: false }];
const row = { partition: 270, term: 2 ** 40 + 1, stream: 7 };
const entry = {
  sequence: 2 ** 41,
  caller: 'c#3',
  opSequence: 12,
  firstIncomplete: 11,
  structure: 5,
  changes: Uint8Array.of(1, 2, 3),
  result: new Uint8Array(),
};
const entries = [entry, { ...entry, sequence: 2 ** 41 + 1, result: Uint8Array.of(9) }];
const bytes = Uint8Array.from({ length: 300 }, (_, index) => index & 255);

const standing = {
  cluster: 'c1',
  lineage: 'c2',
  forks: 1,
  members: 2,
  partitions: 271,
  lost: 1,
  isEmpty: false,
  isLed: true,
  speaker: 'a#1',
};

const samples: { [K in Kind]: object } = {
  'swim.ping': { sequence: 1, target: 'a#1', updates },
  'swim.ping-request': {
    sequence: 70_000,
    target: 'a#1',
    address: 'h:1',
    timeoutMs: 250.5,
    updates: [],
  },
  'swim.ack': { sequence: 5_000_000_000, stallMs: 0.25, updates },
  'swim.nack': { sequence: 3 },
  'swim.gossip': { updates },
  'swim.sync': { wantsReply: true, updates },
  'raft.vote': { term: 4, pre: true, transfer: false, lastIndex: 200, lastTerm: 3 },
  'raft.vote-reply': { term: 4, pre: true, granted: true },
  'raft.append': {
    term: 4,
    round: 1_000,
    previousIndex: 9,
    previousTerm: 3,
    entries: [
      { index: 10, term: 4, kind: 'command', body: bytes },
      { index: 11, term: 4, kind: 'noop', body: new Uint8Array() },
    ],
    commit: 9,
  },
  'raft.append-reply': { term: 4, round: 1_000, accepted: false, index: 8 },
  'raft.snapshot': {
    term: 4,
    round: 3,
    lastIndex: 100,
    lastTerm: 2,
    config: { voters: ['a#1', 'b#2'], learners: [] },
    offset: 65_536,
    chunk: bytes,
    done: true,
  },
  'raft.snapshot-reply': { term: 4, round: 3, lastIndex: 100, offset: 66_000, done: false },
  'raft.timeout-now': { term: 4 },
  'meta.heartbeat': { sentAt: 1_234.567, applied: 55, gridTime: 99_999 },
  'meta.heartbeat-ack': { sentAt: 1_234.567, gridTime: 99_999.5 },
  'meta.propose': { request: 8, command: bytes, lineage: 'c1' },
  'meta.proposed': {
    request: 8,
    outcome: 'not-leader',
    index: 0,
    refusal: 'no: naïve',
    leader: 'b#2',
    leaderAddress: 'h:2',
    lineage: 'c1',
  },
  'meta.pledge': { candidate: 'a#1' },
  'meta.alter': {
    changes: [{ partition: 1, term: 2, version: 3, inSync: ['a#1', 'b#2'] }],
  },
  'meta.removed': { sentAt: 12.5, lineage: 'c1' },
  'meta.standing': standing,
  'meta.yield': { standing, merged: ['c0'], rank: 3, contributors: ['b#2'] },
  'meta.welcome': { lineage: 'c2', into: 'c1', addresses: ['h:1'] },
  'meta.handover': { partition: 3, term: 9, version: 12, to: 'b#2' },
  'replica.fence': { ...row, generation: 2 },
  'replica.fenced': { ...row, last: 2 ** 52 },
  'replica.pull': { ...row, after: 17 },
  'replica.pulled': { ...row, after: 17, entries },
  'replica.append': { ...row, previous: 2 ** 41 - 1, commit: 2 ** 41 - 2, chunks: 3, entries },
  'replica.copy': {
    ...row,
    generation: 2,
    version: 7,
    chunk: 0,
    at: 12,
    structure: 5,
    fromHash: 0,
    toHash: 4_294_967_296,
    entries: 70_000,
    content: bytes,
    last: true,
  },
  'replica.ack': { ...row, last: 2 ** 41, chunks: 4 },
  'op.request': {
    request: 77,
    caller: 'c#3',
    partition: 100,
    structure: 5,
    opSequence: 0,
    firstIncomplete: 1,
    op: bytes,
  },
  'op.reply': { request: 77, result: bytes },
  'op.refused': { request: 77, reason: 'result-gone' },
  'op.failed': { request: 77, code: 'GRID_QUEUE_FULL', message: 'The queue is full.' },
  'client.welcome': {
    member: 'a#1',
    lineage: 'c2',
    ancestors: ['c1'],
    merged: ['c3'],
    followAfterMs: 11_500,
  },
  'client.table': {
    cluster: 'c7',
    index: 900,
    partitions: 3,
    isSafe: true,
    members: [
      { id: 'anna#1234567', name: 'anna', address: 'host:1', zone: 'eu', state: 'leaving' },
    ],
    groups: [{ backups: 2, primaries: [1, 0, 1], generations: [1, 2, 1] }],
  },
  'client.define': { request: 3, type: 'map', name: 'users', options: '{"backups":2}' },
  'client.destroy': { request: 4, structure: 5 },
  'client.list': { request: 5, after: 70 },
  'client.safe': { request: 6 },
  'client.accept-loss': { request: 7 },
  'client.rows': {
    request: 3,
    rows: [{ id: 5, name: 'users', type: 'map', backups: 2, options: '{}' }],
  },
  'client.done': { request: 4, code: 'GRID_NO_QUORUM', message: 'none', isDoubtful: true },
  'client.watch': { structures: [5, 6] },
  'client.dropped': { structures: [6] },
  'client.ping': {},
  'client.pong': {},
};

export const messageSamples: readonly Message[] = Object.entries(samples).map(
  ([kind, fields]) => ({ kind, ...fields }) as unknown as Message,
);

export function sampleOf<K extends Kind>(kind: K): Extract<Message, { kind: K }> {
  return { kind, ...samples[kind] } as unknown as Extract<Message, { kind: K }>;
}
