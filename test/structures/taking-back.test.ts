/** The latest changes of a store undone, as far as that can be: what they added is gone. */
import { expect } from 'chai';
import type { StructureId } from '../../src/base/ids.ts';
import { defaultLimits } from '../../src/base/limits.ts';
import { generationSpan } from '../../src/partition/meta-state.ts';
import type { Store } from '../../src/partition/store.ts';
import {
  headOp,
  noLine,
  publishOp,
  readBatch,
  readHead,
  readOp,
} from '../../src/structures/topic/topic-ops.ts';
import { TopicStore } from '../../src/structures/topic/topic-store.ts';
import { decodeValue, encodeValue } from '../../src/wire/value.ts';
import { runContext } from '../support/run-context.ts';
import { QueueBench } from './queue/queue-bench.ts';

function takeBack(store: Store, changes: readonly Uint8Array[]): void {
  for (const latest of changes.toReversed()) store.takeBack?.(latest);
}

describe('a topic whose last messages are taken back', () => {
  function topic(options: object) {
    const store = new TopicStore(7 as StructureId, options);
    let sequence = generationSpan;
    const run = (op: Uint8Array) => store.run(op, runContext(1_000, ++sequence));
    return {
      store,
      /** Gives what was changed. */
      publish: (...texts: string[]) =>
        texts.map((text) => run(publishOp(encodeValue(text, defaultLimits))).changes.slice()),
      head: () => readHead(run(headOp()).result),
      messages: () => {
        const { messages } = readBatch(run(readOp(noLine, 0, 65_536)).result);
        return messages.map(({ value }) => decodeValue(value));
      },
    };
  }

  it('is as if they had never been published', () => {
    const [taken, never] = [topic({}), topic({})];
    for (const { publish } of [taken, never]) publish('a', 'b');
    takeBack(taken.store, taken.publish('c', 'd'));
    expect(taken.messages()).to.deep.equal(['a', 'b']);
    expect(taken.head()).to.deep.equal(never.head());
    expect(taken.store.digest()).to.equal(never.store.digest());
    for (const { publish } of [taken, never]) publish('e');
    expect(taken.store.digest()).to.equal(never.store.digest());
  });

  it('retains as many as it may again, where these had taken the place of others', () => {
    const { store, publish, head, messages } = topic({ retain: 3 });
    publish('a', 'b', 'c', 'd');
    takeBack(store, publish('e', 'f', 'g', 'h'));
    expect(head()).to.include({ first: 2, last: 4 });
    expect(messages().slice(-3)).to.deep.equal(['b', 'c', 'd']);
  });

  it('may be empty then', () => {
    const { store, publish, head, messages } = topic({});
    takeBack(store, publish('a', 'b'));
    expect([store.entries, messages(), head().last]).to.deep.equal([0, [], 0]);
    publish('c');
    expect(messages()).to.deep.equal(['c']);
  });

  it('forgets no message for the end of others', () => {
    const { store, publish, messages } = topic({ retain: 1 });
    publish('a', 'b', 'c');
    const { changes } = store.housekeep(runContext(100_000, generationSpan + 9, ''));
    expect(changes.length).to.be.above(0);
    takeBack(store, [changes.slice()]);
    expect(messages()).to.deep.equal(['c']);
  });
});

describe('a queue whose last changes are taken back', () => {
  /** Undoes what `act` changes, in both copies. */
  function undo(queue: QueueBench, act: () => void): void {
    const before = queue.changes.length;
    act();
    const changes = queue.changes.slice(before);
    for (const store of [queue.store, queue.mirror]) takeBack(store, changes);
  }

  it('has lost what they brought, and nothing else', () => {
    const queue = new QueueBench();
    for (const item of ['a', 'b']) queue.push(item);
    undo(queue, () => {
      queue.push('c');
      queue.tryPush('d');
      queue.tryTake();
    });
    expect([queue.tryTake(), queue.tryTake()]).to.deep.equal(['b', undefined]);
  });

  it('keeps what had waited for room before, and not what came to wait since', () => {
    const queue = new QueueBench({ capacity: 1 });
    queue.push('a');
    queue.push('waited before');
    undo(queue, () => {
      queue.push('waits since');
      expect(queue.tryTake()).to.equal('a');
    });
    expect([queue.tryTake(), queue.tryTake()]).to.deep.equal(['waited before', undefined]);
  });

  it('has lost what came to wait and was let in since', () => {
    const queue = new QueueBench({ capacity: 1 });
    queue.push('a');
    undo(queue, () => {
      queue.push('waits since');
      expect(queue.tryTake()).to.equal('a');
    });
    expect([queue.tryTake(), queue.store.entries]).to.deep.equal([undefined, 0]);
  });
});
