import { expect } from 'chai';
import fc from 'fast-check';
import { type Ended, QueueBench, tokenOf } from './queue-bench.ts';
import { QueueModel } from './queue-model.ts';

interface Step {
  readonly kind: keyof Run['steps'];
  readonly caller: string;
  readonly number: number;
  readonly ms: number;
}

interface Begun {
  readonly token: Uint8Array;
  readonly number: number;
  readonly caller: string;
}

/** A store and a model that are told the same. */
class Run {
  readonly queue: QueueBench;
  readonly model: QueueModel;
  readonly #begun: Begun[] = [];
  /** How often there was something to see. */
  readonly looks = { waited: 0, given: 0, expired: 0, cancelled: 0 };

  readonly steps = {
    push: ({ caller, ms }: Step) => {
      const { now, sequence } = this.queue;
      const expected = this.model.push(sequence + 1, caller, sequence + 1, now + ms, now);
      expect(this.#said(this.queue.push(sequence + 1, ms, caller), caller)).to.equal(expected);
    },
    tryPush: ({ caller }: Step) => {
      const { now, sequence } = this.queue;
      const expected = this.model.push(sequence + 1, caller, sequence + 1, undefined, now);
      expect(this.queue.tryPush(sequence + 1, caller) ? 'done' : 'no').to.equal(expected);
    },
    take: ({ caller, ms }: Step) => {
      const { now, sequence } = this.queue;
      const expected = this.model.take(sequence + 1, caller, now + ms, now);
      expect(this.#said(this.queue.take(ms, caller), caller)).to.equal(expected);
    },
    tryTake: ({ caller }: Step) => {
      const { now, sequence } = this.queue;
      const expected = this.model.take(sequence + 1, caller, undefined, now);
      expect(this.queue.tryTake(caller) ?? 'no').to.equal(expected);
    },
    clear: () => {
      this.queue.clear();
      this.model.clear(this.queue.now);
    },
    pass: ({ ms }: Step) => {
      const before = this.model.waits.length;
      // Waits are looked through every second.
      this.queue.pass(ms);
      this.model.sweep(this.queue.now);
      this.looks.expired += before - this.model.waits.length;
    },
    goes: ({ caller, number }: Step) => {
      if (number > 2) return;
      this.queue.gone.add(caller);
      this.model.gone.add(caller);
    },
    await: ({ number }: Step) => {
      const wait = this.#wait(number);
      if (wait === undefined) return;
      const expected = this.model.await(wait.number, wait.caller);
      expect(this.#said(this.queue.await(wait.token, wait.caller))).to.equal(expected);
      if (typeof expected === 'number') this.looks.given++;
    },
    cancel: ({ number }: Step) => {
      const wait = this.#wait(number);
      if (wait === undefined) return;
      const expected = this.model.cancel(wait.number, wait.caller, this.queue.now);
      expect(this.#said(this.queue.cancel(wait.token, wait.caller))).to.equal(expected);
      this.looks.cancelled++;
    },
    settle: ({ number }: Step) => {
      const wait = this.#wait(number);
      if (wait === undefined) return;
      this.queue.settle([wait.token], wait.caller);
      this.model.settle(wait.number, wait.caller);
    },
  };

  constructor(capacity: number) {
    this.queue = new QueueBench({ capacity });
    this.model = new QueueModel(capacity);
  }

  check(): void {
    const { items, waits } = this.model;
    expect(this.queue.size()).to.equal(items.length);
    expect(this.queue.peek()).to.equal(items[0]);
    expect(this.queue.store.entries).to.equal(items.length + waits.length);
    this.looks.waited += waits.length;
  }

  #wait(number: number): Begun | undefined {
    return this.#begun[number % Math.max(1, this.#begun.length)];
  }

  #said(ran: Ended, caller = ''): unknown {
    if (ran.is === 'done') return ran.item === undefined ? 'done' : ran.item;
    if (ran.is === 'begun') {
      this.#begun.push({ token: tokenOf(ran), number: this.queue.sequence, caller });
    }
    return ran.is;
  }
}

const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom<Step['kind']>(
    ...(['push', 'push', 'push', 'tryPush', 'take', 'take', 'take', 'tryTake'] as const),
    ...(['await', 'await', 'cancel', 'settle', 'clear', 'pass', 'goes'] as const),
  ),
  caller: fc.constantFrom('ann', 'bob', 'cleo'),
  number: fc.nat(30),
  ms: fc.constantFrom(1_000, 1_500, 4_000),
});

describe('a queue store against its model', () => {
  it('ends every op as the model does', () => {
    const looks = { waited: 0, given: 0, expired: 0, cancelled: 0 };
    const property = fc.property(
      fc.constantFrom(1, 2, 3, Number.POSITIVE_INFINITY),
      fc.array(step, { minLength: 20, maxLength: 60 }),
      (capacity, steps) => {
        const run = new Run(capacity);
        for (const step of steps) {
          run.steps[step.kind](step);
          run.check();
        }
        for (const look of ['waited', 'given', 'expired', 'cancelled'] as const) {
          looks[look] += run.looks[look];
        }
      },
    );
    fc.assert(property, { numRuns: 300, seed: 7 });
    for (const [what, count] of Object.entries(looks)) expect(count, what).to.be.greaterThan(100);
  }).timeout(20_000);
});
