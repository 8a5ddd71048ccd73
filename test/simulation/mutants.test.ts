/**
 * Breaks the code on purpose and expects the simulation to see it: a checker that has never failed checks
 * nothing. What cannot be broken from outside is in docs/mutants.md, with what caught it.
 */
import { expect } from 'chai';
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
import type { Entry } from '../../src/wire/replica-messages.ts';
import { runGrid } from './grid-run.ts';

interface Mutant {
  readonly name: string;
  readonly owner: object;
  readonly member: string;
  /** What stands there in its place. */
  readonly value: unknown;
  readonly seeds: readonly number[];
}

/** The seed that found it when this was written, and others in case that the histories have changed since. */
const from = (known: number) => [
  known,
  ...Array.from({ length: 60 }, (_, index) => index + 1).filter((seed) => seed !== known),
];

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

const mutants: readonly Mutant[] = [
  {
    name: 'gives what a take waited for to its poll only once',
    owner: QueueStore.prototype,
    member: 'run',
    value: changedWhereGiven(queue.queueOps.ask, (store, op, context, ran) => {
      const { changes } = runQueue.call(store, queue.settleOp([op.subarray(1)]), context);
      return { ...ran, changes };
    }),
    seeds: from(1),
  },
  {
    name: 'forgets what a wait was given when it is cancelled',
    owner: QueueStore.prototype,
    member: 'run',
    value: changedWhereGiven(queue.queueOps.cancel, (_store, _op, _context, ran) => ({
      ...ran,
      result: Uint8Array.of(queue.progress.over),
    })),
    seeds: from(4),
  },
  {
    name: 'gives an item to two takers',
    owner: QueueRecords.prototype,
    member: 'deleteItem',
    value: () => {},
    seeds: from(1),
  },
  {
    name: 'serves without a lease',
    owner: Lease.prototype,
    member: 'isValid',
    value: () => true,
    seeds: from(11),
  },
  {
    name: 'grants leases that nobody notes',
    owner: Controller.prototype,
    member: 'heartbeat',
    value: () => true,
    seeds: from(2),
  },
  {
    name: 'reads what is not committed',
    owner: Pending.prototype,
    member: 'needOf',
    value: () => 0,
    seeds: from(23),
  },
  {
    name: 'answers without its backups',
    owner: SyncSet.prototype,
    member: 'confirmed',
    value: (last: Sequence) => last,
    seeds: from(2),
  },
  {
    name: 'forgets what it did',
    owner: DedupeTable.prototype,
    member: 'lookup',
    value: () => 'new',
    seeds: from(1),
  },
  {
    name: 'notes no results on backups',
    owner: Content.prototype,
    member: 'apply',
    value(this: Content, entry: Entry) {
      const store = this.find(entry.structure);
      if (typeof store !== 'string' && entry.changes.length > 0) store.apply(entry.changes);
      return store !== 'unknown';
    },
    seeds: from(11),
  },
];

/** The first seed that finds it, and what it found. */
function firstFinding(seeds: readonly number[]): string | undefined {
  for (const seed of seeds) {
    try {
      const { violations } = runGrid(seed, {
        faultsMs: 8_000,
        traceLinesMax: 0,
      });
      if (violations[0] !== undefined) return `seed ${seed}: ${violations[0]}`;
    } catch (error) {
      return `seed ${seed}: ${String(error)}`;
    }
  }
  return undefined;
}

describe('the simulation finds a member that', function () {
  this.timeout(120_000);

  for (const { name, owner, member, value, seeds } of mutants) {
    it(name, () => {
      const before = Object.getOwnPropertyDescriptor(owner, member);
      expect(before, `${member} is there to be broken`).to.not.equal(undefined);
      Object.defineProperty(owner, member, { value, configurable: true, writable: true });
      try {
        const found = firstFinding(seeds);
        if (process.env.VERBOSE !== undefined) console.log(found);
        expect(found).to.not.equal(undefined);
      } finally {
        Object.defineProperty(owner, member, before ?? {});
      }
    });
  }
});
