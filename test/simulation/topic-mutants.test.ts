/** Breaks topics on purpose and expects their simulation to see it. */
import { expect } from 'chai';
import { DedupeTable } from '../../src/partition/dedupe-table.ts';
import { Pending } from '../../src/partition/pending.ts';
import { Subscriber } from '../../src/structures/topic/subscriber.ts';
import type { TopicMessage } from '../../src/structures/topic/topic-message.ts';
import { runTopic } from './topic-run.ts';

interface Mutant {
  readonly name: string;
  readonly owner: object;
  readonly member: string;
  /** What stands in the place of `before`. */
  readonly make: (before: unknown) => unknown;
  readonly seeds: readonly number[];
}

type Offer = (this: Subscriber, message: TopicMessage) => void;

const mutants: readonly Mutant[] = [
  {
    name: 'drops a message without a gap',
    owner: Subscriber.prototype,
    member: 'offer',
    make: (before) =>
      function (this: Subscriber, message: TopicMessage) {
        if (message.sequence % 50 !== 0) (before as Offer).call(this, message);
        else this.cursor = message.sequence;
      },
    seeds: [1, 2, 3],
  },
  {
    name: 'gives again what was given',
    owner: Subscriber.prototype,
    member: 'offer',
    make: (before) =>
      function (this: Subscriber, message: TopicMessage) {
        this.cursor = message.sequence - 1;
        (before as Offer).call(this, message);
      },
    seeds: [1, 2, 3],
  },
  {
    name: 'gives what is not committed',
    owner: Pending.prototype,
    member: 'needOf',
    make: () => () => 0,
    seeds: [3, ...Array.from({ length: 20 }, (_, index) => index + 4)],
  },
  {
    name: 'publishes twice when it is asked again',
    owner: DedupeTable.prototype,
    member: 'lookup',
    make: () => () => 'new',
    seeds: [1, 2, 3, 4, 5],
  },
];

function firstFinding(seeds: readonly number[]): string | undefined {
  for (const seed of seeds) {
    try {
      const { violations } = runTopic(seed, 6_000);
      // Whatever else goes wrong with a broken member, the subscribers have to see it.
      const violation = violations.find((text) => !/^\d+ ms/.test(text));
      if (violation !== undefined) return `seed ${seed}: ${violation}`;
    } catch (error) {
      return `seed ${seed}: ${String(error)}`;
    }
  }
  return undefined;
}

describe('the simulation finds a topic that', function () {
  this.timeout(120_000);

  for (const { name, owner, member, make, seeds } of mutants) {
    it(name, () => {
      const before = Object.getOwnPropertyDescriptor(owner, member);
      expect(before, `${member} is there to be broken`).to.not.equal(undefined);
      const value = make(before?.value);
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
