/** Methods on which forks and merges live, exchanged: the simulation of both has to see it. */
import { MetaMachine } from '../../src/partition/meta-machine.ts';
import type { Command, PartitionRow } from '../../src/partition/meta-state.ts';
import type { Offer, RunContext, RunResult, Since } from '../../src/partition/store.ts';
import { MapRecords } from '../../src/structures/map/map-records.ts';
import { MapStore } from '../../src/structures/map/map-store.ts';
import { QueueStore } from '../../src/structures/queue/queue-store.ts';
import { topicOps } from '../../src/structures/topic/topic-ops.ts';
import { TopicStore } from '../../src/structures/topic/topic-store.ts';
import type { HookedMutant } from './mutant.ts';

type OfferOf = (this: object, from: number, bytes: number, since: Since) => Offer;
type Run = (this: object, op: Uint8Array, context: RunContext) => RunResult;
type Bring = MapRecords['bring'];
type Apply = (this: MetaMachine, index: number, command: Command) => unknown;

export const forkMutants: readonly HookedMutant[] = [
  {
    name: 'a losing side that brings no map',
    simulation: 'forks',
    owner: MapStore.prototype,
    member: 'offer',
    make: () => () => ({ next: undefined, op: undefined, count: 0 }),
    seed: 2,
    violation: /lost/,
  },
  {
    name: 'a losing side that counts what it brings, and gives other values',
    simulation: 'forks',
    owner: MapRecords.prototype,
    member: 'bring',
    make: (before) =>
      function bring(this: MapRecords, ...given: Parameters<Bring>): void {
        const [hash, key, value, meta, context] = given;
        const other = value.map((byte, at) => (at === value.length - 1 ? byte ^ 1 : byte));
        (before as Bring).call(this, hash, key, other, meta, context);
      },
    seed: 2,
    violation: /lost|allows/,
  },
  {
    name: 'a losing side that brings items that both sides have',
    simulation: 'forks',
    owner: QueueStore.prototype,
    member: 'offer',
    make: (before) =>
      function offer(this: object, from: number, bytes: number, since: Since): Offer {
        return (before as OfferOf).call(this, from, bytes, {
          ...since,
          after: 0,
        });
      },
    seed: 7,
    violation: /twice/,
  },
  {
    name: 'a topic that takes in twice what is brought once',
    simulation: 'forks',
    owner: TopicStore.prototype,
    member: 'run',
    make: (before) =>
      function run(this: object, op: Uint8Array, context: RunContext): RunResult {
        const first = (before as Run).call(this, op, context);
        if (op[0] !== topicOps.merge) return first;
        const changes = first.changes.slice();
        const second = (before as Run).call(this, op, context);
        return { ...second, changes: Uint8Array.of(...changes, ...second.changes) };
      },
    seed: 2,
    violation: /stands there twice/,
  },
  {
    name: 'a winner whose versions stay below those of the losing side',
    simulation: 'forks',
    owner: MetaMachine.prototype,
    member: 'apply',
    make: (before) =>
      function apply(this: MetaMachine, index: number, command: Command): unknown {
        const ranks = rowsOf(this).map(({ rank }) => rank);
        const applied = (before as Apply).call(this, index, command);
        if (command.type !== 'absorb') return applied;
        for (const [at, row] of rowsOf(this).entries()) {
          Object.assign(row, { rank: ranks[at] });
        }
        this.merges = this.merges.map((merge) => ({ ...merge, rank: command.rank + 1 }));
        return applied;
      },
    seed: 2,
  },
  {
    name: 'a losing side that goes on when the other has taken it in',
    simulation: 'forks',
    owner: MetaMachine.prototype,
    member: 'apply',
    make: (before) =>
      function apply(this: MetaMachine, index: number, command: Command): unknown {
        const applied = (before as Apply).call(this, index, command);
        if (command.type === 'yield') this.yields = undefined;
        return applied;
      },
    seed: 1,
    violation: /did not become one/,
  },
];

function rowsOf({ groups }: MetaMachine): PartitionRow[] {
  return groups.flatMap((rows) => rows ?? []);
}
