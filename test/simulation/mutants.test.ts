/**
 * Breaks the code on purpose and expects the simulation to see it: a checker that has never failed checks
 * nothing. What cannot be broken from outside is in docs/mutants.md, with what caught it.
 */
import type { Sequence } from '../../src/base/ids.ts';
import { Content } from '../../src/partition/content.ts';
import { Controller } from '../../src/partition/controller.ts';
import { DedupeTable } from '../../src/partition/dedupe-table.ts';
import { Lease } from '../../src/partition/lease.ts';
import { Pending } from '../../src/partition/pending.ts';
import type { RunContext, RunResult } from '../../src/partition/store.ts';
import { SyncSet } from '../../src/partition/sync-set.ts';
import * as queue from '../../src/structures/queue/queue-ops.ts';
import { QueueRecords } from '../../src/structures/queue/queue-records.ts';
import { QueueStore } from '../../src/structures/queue/queue-store.ts';
import { Subscriber } from '../../src/structures/topic/subscriber.ts';
import type { TopicMessage } from '../../src/structures/topic/topic-message.ts';
import type { Entry } from '../../src/wire/replica-messages.ts';
import { itFinds, type Mutant } from './mutant.ts';

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

type Offer = (this: Subscriber, message: TopicMessage) => void;

/** Whatever else goes wrong with a broken member, the subscribers have to see it. */
const ofSubscribers = /^(?!\d+ ms)/;

const mutants: readonly Mutant[] = [
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
    seed: 1,
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
    seed: 4,
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
    seed: 11,
  },
  {
    name: 'a leader that grants leases that nobody notes',
    simulation: 'grid',
    owner: Controller.prototype,
    member: 'heartbeat',
    make: () => () => true,
    seed: 2,
  },
  {
    name: 'a member that reads what is not committed',
    simulation: 'grid',
    owner: Pending.prototype,
    member: 'needOf',
    make: () => () => 0,
    seed: 23,
  },
  {
    name: 'a primary that answers without its backups',
    simulation: 'grid',
    owner: SyncSet.prototype,
    member: 'confirmed',
    make: () => (last: Sequence) => last,
    seed: 2,
  },
  {
    name: 'a member that forgets what it did',
    simulation: 'grid',
    owner: DedupeTable.prototype,
    member: 'lookup',
    make: () => () => 'new',
    seed: 1,
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
    seed: 11,
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
    name: 'a topic that gives again what was given',
    simulation: 'topic',
    owner: Subscriber.prototype,
    member: 'offer',
    make: (before) =>
      function (this: Subscriber, message: TopicMessage) {
        this.cursor = message.sequence - 1;
        (before as Offer).call(this, message);
      },
    seed: 1,
    violation: ofSubscribers,
  },
  {
    name: 'a topic that gives what is not committed',
    simulation: 'topic',
    owner: Pending.prototype,
    member: 'needOf',
    make: () => () => 0,
    seed: 3,
    violation: ofSubscribers,
  },
  {
    name: 'a topic that publishes twice when it is asked again',
    simulation: 'topic',
    owner: DedupeTable.prototype,
    member: 'lookup',
    make: () => () => 'new',
    seed: 1,
    violation: ofSubscribers,
  },
];

describe('the simulation finds', function () {
  this.timeout(120_000);

  for (const mutant of mutants) itFinds(mutant);
});
