/**
 * The code broken in one place, by a method that is exchanged: what the simulation has to find at every push.
 * What cannot be exchanged from outside is broken in a copy of the sources (test/mutants).
 */
import { hashCount } from '../../src/base/hash.ts';
import type { CallerId, OpSequence, Sequence } from '../../src/base/ids.ts';
import { ClientRouter } from '../../src/client/client-router.ts';
import { Session } from '../../src/client/session.ts';
import { Beliefs } from '../../src/membership/beliefs.ts';
import { Content, type Piece } from '../../src/partition/content.ts';
import { Controller } from '../../src/partition/controller.ts';
import { DedupeTable } from '../../src/partition/dedupe-table.ts';
import { Lease } from '../../src/partition/lease.ts';
import { PeerStream } from '../../src/partition/peer-stream.ts';
import { Pending } from '../../src/partition/pending.ts';
import { Replica } from '../../src/partition/replica.ts';
import type { ReplicaInput } from '../../src/partition/replica-input.ts';
import type { Actions } from '../../src/partition/replica-state.ts';
import type { RunContext, RunResult } from '../../src/partition/store.ts';
import { SyncSet } from '../../src/partition/sync-set.ts';
import { MapRecords } from '../../src/structures/map/map-records.ts';
import { MapStore } from '../../src/structures/map/map-store.ts';
import * as queue from '../../src/structures/queue/queue-ops.ts';
import { QueueRecords } from '../../src/structures/queue/queue-records.ts';
import { QueueStore } from '../../src/structures/queue/queue-store.ts';
import { Subscriber } from '../../src/structures/topic/subscriber.ts';
import type { TopicMessage } from '../../src/structures/topic/topic-message.ts';
import type { OpRequest } from '../../src/wire/op-messages.ts';
import type { Entry } from '../../src/wire/replica-messages.ts';
import { forkMutants } from './fork-mutants.ts';
import type { HookedMutant } from './mutant.ts';

const runQueue = QueueStore.prototype.run;

/** A queue store whose results of one kind of op pass through `change`, where a wait was given something. */
function changedWhereGiven(
  code: number,
  change: (store: QueueStore, op: Uint8Array, context: RunContext, run: RunResult) => RunResult,
) {
  return function run(this: QueueStore, op: Uint8Array, context: RunContext): RunResult {
    const ran = runQueue.call(this, op, context);
    const isGiven = op[0] === code && ran.result[0] === queue.progress.done;
    return isGiven ? change(this, op, context, ran) : ran;
  };
}

type Send = (this: Session, request: OpRequest) => boolean;
type Offer = (this: Subscriber, message: TopicMessage) => void;

/** Numbers that no op of a run has by itself. */
const retriesFrom = 1_000_000;

/** Whatever else goes wrong with a broken member, the subscribers have to see it. */
const ofSubscribers = /^(?!\d+ ms)/;

function withoutChanges(input: ReplicaInput): ReplicaInput {
  if (input.kind !== 'message' || input.message.kind !== 'replica.append') return input;
  const entries = input.message.entries.map((entry) => ({ ...entry, changes: new Uint8Array(0) }));
  return { ...input, message: { ...input.message, entries } };
}

function isLastPiece(content: Content, { structure, to }: Piece): boolean {
  const store = content.find(structure);
  return typeof store !== 'string' && to === hashCount;
}

type Restore = (this: Content, piece: Piece) => boolean;
type Step = (this: Replica, input: ReplicaInput, nowMs: number, out: Actions) => void;

export const hookedMutants: readonly HookedMutant[] = [
  {
    name: 'a learner that leaves the last piece of a copy out',
    simulation: 'grid',
    owner: Content.prototype,
    member: 'restore',
    make: (before) =>
      function restore(this: Content, piece: Piece) {
        return isLastPiece(this, piece) || (before as unknown as Restore).call(this, piece);
      },
    seed: 2,
  },
  {
    name: 'a learner that applies no change while it copies',
    simulation: 'grid',
    owner: Replica.prototype,
    member: 'step',
    make: (before) =>
      function step(this: Replica, input: ReplicaInput, nowMs: number, out: Actions) {
        const taken = this.state.isWhole ? input : withoutChanges(input);
        (before as unknown as Step).call(this, taken, nowMs, out);
      },
    seed: 2,
  },
  {
    name: 'a primary that takes a learner for caught up that is not',
    simulation: 'grid',
    owner: PeerStream.prototype,
    member: 'isCaughtUp',
    make: () => true,
    seed: 3,
  },
  {
    name: 'a member that gives what a take waited for to its poll only once',
    simulation: 'grid',
    owner: QueueStore.prototype,
    member: 'run',
    make: () =>
      changedWhereGiven(queue.queueOps.ask, (store, op, context, ran) => {
        const { changes } = runQueue.call(store, queue.settleOp([op.subarray(1)]), context);
        return { ...ran, changes };
      }),
    seed: 7,
  },
  {
    name: 'a member that forgets what a wait was given when it is cancelled',
    simulation: 'grid',
    owner: QueueStore.prototype,
    member: 'run',
    make: () =>
      changedWhereGiven(queue.queueOps.cancel, (_store, _op, _context, ran) => ({
        ...ran,
        result: Uint8Array.of(queue.progress.over),
      })),
    seed: 2,
  },
  {
    name: 'a member that gives an item to two takers',
    simulation: 'grid',
    owner: QueueRecords.prototype,
    member: 'deleteItem',
    make: () => () => {},
    seed: 1,
  },
  {
    name: 'a member that serves without a lease',
    simulation: 'grid',
    owner: Lease.prototype,
    member: 'isValid',
    make: () => () => true,
    seed: 21,
  },
  {
    name: 'a leader that grants leases that nobody notes',
    simulation: 'grid',
    owner: Controller.prototype,
    member: 'heartbeat',
    make: () => () => true,
    seed: 5,
  },
  {
    name: 'a member that reads what is not committed',
    simulation: 'grid',
    owner: Pending.prototype,
    member: 'needOf',
    make: () => () => 0,
    seed: 42,
    othersMax: 60,
  },
  {
    name: 'a primary that answers without its backups',
    simulation: 'grid',
    owner: SyncSet.prototype,
    member: 'confirmed',
    make: () => (last: Sequence) => last,
    seed: 1,
  },
  {
    name: 'a member that forgets what it did',
    simulation: 'grid',
    owner: DedupeTable.prototype,
    member: 'lookup',
    make: () => () => 'new',
    seed: 2,
  },
  {
    name: 'a backup that notes no results',
    simulation: 'grid',
    owner: Content.prototype,
    member: 'apply',
    make: () =>
      function apply(this: Content, entry: Entry) {
        const store = this.find(entry.structure);
        if (typeof store !== 'string' && entry.changes.length > 0) store.apply(entry.changes);
        return store !== 'unknown';
      },
    seed: 21,
    othersMax: 60,
  },
  {
    name: 'a topic that drops a message without a gap',
    simulation: 'topic',
    owner: Subscriber.prototype,
    member: 'offer',
    make: (before) =>
      function (this: Subscriber, message: TopicMessage) {
        if (message.sequence % 50 !== 0) (before as Offer).call(this, message);
        else this.cursor = message.sequence;
      },
    seed: 1,
    violation: ofSubscribers,
  },
  {
    name: 'a topic that begins anew without a word',
    simulation: 'topic',
    owner: Subscriber.prototype,
    member: 'restart',
    make: () =>
      function restart(this: Subscriber) {
        this.cursor = 0;
      },
    seed: 1,
    violation: /told of no restart/,
  },
  {
    name: 'a topic that gives again what was given',
    simulation: 'topic',
    owner: Subscriber.prototype,
    member: 'offer',
    make: (before) =>
      function (this: Subscriber, message: TopicMessage) {
        this.cursor = message.sequence - 1;
        (before as Offer).call(this, message);
      },
    seed: 30,
    violation: ofSubscribers,
  },
  {
    name: 'a topic that gives what is not committed',
    simulation: 'topic',
    owner: Pending.prototype,
    member: 'needOf',
    make: () => () => 0,
    seed: 7,
    violation: ofSubscribers,
  },
  {
    name: 'a topic that publishes twice when it is asked again',
    simulation: 'topic',
    owner: DedupeTable.prototype,
    member: 'lookup',
    make: () => () => 'new',
    seed: 2,
    violation: ofSubscribers,
  },
  {
    name: 'a client that numbers its retries anew, and so takes twice',
    simulation: 'grid',
    owner: Session.prototype,
    member: 'send',
    make: (before) => {
      const sent = new WeakMap<Session, Set<number>>();
      return function send(this: Session, request: OpRequest): boolean {
        const known = sent.get(this) ?? new Set();
        sent.set(this, known);
        const isRetry = request.opSequence > 0 && known.has(request.request);
        known.add(request.request);
        const opSequence = (retriesFrom + known.size) as OpSequence;
        return (before as Send).call(this, isRetry ? { ...request, opSequence } : request);
      };
    },
    seed: 5,
    violation: /item/,
  },
  {
    name: 'a client that goes on with a map that it knows to be destroyed',
    simulation: 'grid',
    owner: ClientRouter.prototype,
    member: 'dropped',
    make: () => () => {},
    seed: 3,
    violation: /told that it is destroyed/,
  },
  {
    name: 'a member that keeps the records of what was destroyed',
    simulation: 'grid',
    owner: Content.prototype,
    member: 'dropDestroyed',
    make: () => () => {},
    seed: 1,
    violation: /is destroyed/,
  },
  {
    name: 'a backup that lets entries expire alone',
    simulation: 'expiry',
    owner: Replica.prototype,
    member: 'step',
    make: (before) =>
      function step(this: Replica, ...given: Parameters<Replica['step']>): void {
        (before as Replica['step']).apply(this, given);
        if (this.role !== 'backup') return;
        const { options, log } = this.state;
        const gridTime = options.surroundings.gridTime(given[1]);
        const caller = '' as CallerId;
        const sequence = log.last + 1;
        const context = { gridTime, sequence, generation: 1, caller, isGone: () => false };
        for (const store of options.content.stores.values()) {
          if (store.isDue(gridTime)) store.housekeep(context);
        }
      },
    seed: 1,
  },
  {
    name: 'a member that keeps entries for a while after their time',
    simulation: 'expiry',
    owner: MapRecords.prototype,
    member: 'write',
    make: (before) =>
      function write(this: MapRecords, ...given: Parameters<MapRecords['write']>): void {
        const [hash, key, value, deadline, context] = given;
        const late = deadline === 0 ? 0 : deadline + 300;
        (before as MapRecords['write']).call(this, hash, key, value, late, context);
      },
    seed: 1,
    violation: /illegal/,
  },
  {
    name: 'a member that lets entries go before their time',
    simulation: 'expiry',
    owner: MapRecords.prototype,
    member: 'isExpired',
    make: (before) =>
      function isExpired(this: MapRecords, ref: number, now: number): boolean {
        return (before as MapRecords['isExpired']).call(this, ref, now + 300);
      },
    seed: 1,
    violation: /illegal/,
  },
  {
    name: 'a member whose backups do not hear of what has expired',
    simulation: 'expiry',
    owner: MapStore.prototype,
    member: 'housekeep',
    make: (before) =>
      function housekeep(this: MapStore, context: RunContext): RunResult {
        const run = (before as MapStore['housekeep']).call(this, context);
        return { ...run, changes: new Uint8Array() };
      },
    seed: 1,
  },
  {
    name: 'a member whose grid time runs ahead of its leader',
    simulation: 'expiry',
    owner: Lease.prototype,
    member: 'acknowledged',
    make: (before) =>
      function acknowledged(this: Lease, ...[sentAt, gridTime, nowMs]: [number, number, number]) {
        (before as Lease['acknowledged']).call(this, sentAt, gridTime, nowMs);
        this.setGridTime(gridTime + (sentAt % 700), nowMs);
      },
    seed: 1,
  },
  {
    name: 'a member that takes every word of life for a newer one',
    simulation: 'grid',
    owner: Beliefs.prototype,
    member: 'hear',
    make: (before) =>
      function hear(this: Beliefs, ...given: Parameters<Beliefs['hear']>): void {
        const [update, ...rest] = given;
        const incarnation = update.incarnation + (update.state === 'alive' ? 1 : 0);
        (before as Beliefs['hear']).call(this, { ...update, incarnation }, ...rest);
      },
    seed: 1,
    violation: /I15/,
  },
  ...forkMutants,
];
