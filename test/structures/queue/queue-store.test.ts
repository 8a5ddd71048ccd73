import { expect } from 'chai';
import { GridError } from '../../../src/base/errors.ts';
import { hashCount } from '../../../src/base/hash.ts';
import { defaultLimits } from '../../../src/base/limits.ts';
import { seededRandom } from '../../../src/base/random.ts';
import * as ops from '../../../src/structures/queue/queue-ops.ts';
import { QueueStore, queueType } from '../../../src/structures/queue/queue-store.ts';
import { decodeValue, encodeValue } from '../../../src/wire/value.ts';
import { runContext } from '../../support/run-context.ts';
import { QueueBench, tokenOf } from './queue-bench.ts';

const { queueOps } = ops;
const one = Uint8Array.of(1);

describe('a queue store', () => {
  it('knows its writes from its reads', () => {
    const store = new QueueStore();
    const writes = Object.entries(queueOps).filter(([, code]) => store.isWrite(ops.bareOp(code)));
    const names = [
      'push',
      'tryPush',
      'take',
      'tryTake',
      'clear',
      'settle',
      'cancel',
      'merge',
      'mergeKept',
    ];
    expect(writes.map(([name]) => name)).to.deep.equal(names);
    expect(store.isWrite(new Uint8Array(0))).to.equal(false);
  });

  it('gives items in order, whether they were pushed or tried', () => {
    const queue = new QueueBench();
    expect(queue.push('a')).to.deep.equal({ is: 'done', item: undefined });
    expect(queue.tryPush('b')).to.equal(true);
    queue.push('c');
    expect([queue.peek(), queue.size()]).to.deep.equal(['a', 3]);
    expect(queue.take()).to.deep.equal({ is: 'done', item: 'a' });
    expect([queue.tryTake(), queue.tryTake(), queue.tryTake()]).to.deep.equal([
      'b',
      'c',
      undefined,
    ]);
    expect([queue.size(), queue.store.entries, queue.store.bytes]).to.deep.equal([0, 0, 0]);
  });

  it('gives an item to the take that has waited longest, and wakes only that', () => {
    const queue = new QueueBench();
    const first = queue.waitingTake();
    const second = queue.waitingTake(10_000, 'bob');
    queue.await(first);
    const key = queue.waitsFor;
    queue.await(second, 'bob');
    expect(queue.waitsFor).to.not.equal(key);
    queue.push('a');
    expect(queue.wakes).to.deep.equal([key]);
    expect(queue.await(first)).to.deep.equal({ is: 'done', item: 'a' });
    expect(queue.await(second, 'bob')).to.deep.equal({ is: 'waiting' });
    expect(queue.size()).to.equal(0);
  });

  it('gives the same item however often a wait asks, until it is settled', () => {
    const queue = new QueueBench();
    const token = queue.waitingTake();
    queue.push('a');
    for (let i = 0; i < 3; i++) expect(queue.await(token)).to.deep.equal({ is: 'done', item: 'a' });
    queue.settle([token]);
    expect(queue.await(token)).to.deep.equal({ is: 'over' });
    expect(queue.store.entries).to.equal(0);
  });

  it('keeps a wait that is settled too early', () => {
    const queue = new QueueBench();
    const token = queue.waitingTake();
    queue.settle([token]);
    queue.push('a');
    expect(queue.await(token)).to.deep.equal({ is: 'done', item: 'a' });
  });

  it('cancels a wait, which is given nothing then', () => {
    const queue = new QueueBench();
    const token = queue.waitingTake();
    queue.await(token);
    const key = queue.waitsFor;
    expect(queue.cancel(token)).to.deep.equal({ is: 'over' });
    expect(queue.wakes, 'its poll hears of it').to.deep.equal([key]);
    queue.push('a');
    expect(queue.await(token)).to.deep.equal({ is: 'over' });
    expect(queue.tryTake()).to.equal('a');
  });

  it('does not say that a wait gave nothing to a caller that was gone, for which nothing was kept', () => {
    const queue = new QueueBench();
    const token = queue.waitingTake(60_000);
    queue.push('a');
    queue.gone.add('ann');
    queue.pass(10_000);
    expect(queue.cancel(token)).to.deep.equal({ is: 'lost' });
    expect(queue.await(token)).to.deep.equal({ is: 'lost' });
  });

  it('gives what a wait was given already to its cancel, once', () => {
    const queue = new QueueBench();
    const token = queue.waitingTake();
    queue.push('a');
    expect(queue.cancel(token)).to.deep.equal({ is: 'done', item: 'a' });
    expect(queue.cancel(token)).to.deep.equal({ is: 'over' });
    expect([queue.tryTake(), queue.store.entries]).to.deep.equal([undefined, 0]);
  });

  it('tells another life of a caller that a wait is lost to it, and leaves the wait alone', () => {
    const queue = new QueueBench();
    const token = queue.waitingTake();
    queue.push('a');
    expect(queue.await(token, 'ann again')).to.deep.equal({ is: 'lost' });
    expect(queue.cancel(token, 'ann again')).to.deep.equal({ is: 'lost' });
    queue.settle([token], 'ann again');
    expect(queue.await(token)).to.deep.equal({ is: 'done', item: 'a' });
  });

  it('gives nobody a wait by a token made up for it', () => {
    const queue = new QueueBench();
    const token = queue.waitingTake();
    queue.push('a');
    const forged = Uint8Array.of(...token.slice(0, -3), ...new TextEncoder().encode('eve'));
    expect(queue.await(forged, 'eve')).to.deep.equal({ is: 'over' });
    expect(queue.cancel(forged, 'eve')).to.deep.equal({ is: 'over' });
    queue.settle([forged], 'eve');
    expect(queue.await(token)).to.deep.equal({ is: 'done', item: 'a' });
  });

  it('gives nothing to a wait whose time is over', () => {
    const queue = new QueueBench();
    const late = queue.waitingTake(100);
    const next = queue.waitingTake(10_000);
    queue.now += 100;
    queue.push('a');
    expect(queue.await(late)).to.deep.equal({ is: 'waiting' });
    expect(queue.await(next)).to.deep.equal({ is: 'done', item: 'a' });
    expect(queue.pass(2_000).length).to.equal(1);
    expect(queue.await(late)).to.deep.equal({ is: 'over' });
  });

  it('gives nothing to a caller known to be gone, and forgets what it had after a while', () => {
    const queue = new QueueBench();
    const granted = queue.waitingTake(60_000, 'bob');
    queue.push('lost with bob');
    queue.waitingTake(60_000, 'bob');
    queue.gone.add('bob');
    queue.push('kept');
    expect(queue.tryTake()).to.equal('kept');
    queue.pass(1_500);
    expect(queue.await(granted, 'bob').is, 'who has just come may not be known yet').to.equal(
      'done',
    );
    for (let i = 0; i < 4; i++) queue.pass(1_500);
    expect(queue.store.entries).to.equal(0);
  });

  it('gives to a wait what came while its caller was not known yet', () => {
    const queue = new QueueBench();
    const token = queue.waitingTake(60_000, 'bob');
    queue.gone.add('bob');
    queue.push('a');
    queue.push('b');
    queue.pass(100);
    expect([queue.await(token, 'bob').is, queue.size()]).to.deep.equal(['waiting', 2]);
    queue.gone.delete('bob');
    expect(queue.pass(100).length).to.equal(1);
    expect(queue.await(token, 'bob')).to.deep.equal({ is: 'done', item: 'a' });
    expect([queue.size(), queue.peek()]).to.deep.equal([1, 'b']);
  });

  it('keeps what was granted for an hour where nobody settles it', () => {
    const queue = new QueueBench();
    const token = queue.waitingTake(100);
    queue.push('a');
    for (let i = 0; i < 5; i++) queue.pass(600_000);
    expect(queue.await(token)).to.deep.equal({ is: 'done', item: 'a' });
    queue.pass(600_000);
    expect(queue.await(token)).to.deep.equal({ is: 'over' });
  });

  it('is not due while nobody waits', () => {
    const queue = new QueueBench();
    queue.push('a');
    expect(queue.store.isDue(queue.now + 1e9)).to.equal(false);
  });
});

describe('a queue store with a capacity', () => {
  it('lets no more in, and lets pushes wait', () => {
    const queue = new QueueBench({ capacity: 2 });
    queue.push('a');
    queue.push('b');
    expect(queue.tryPush('c')).to.equal(false);
    const token = tokenOf(queue.push('d'));
    expect([queue.await(token).is, queue.size()]).to.deep.equal(['waiting', 2]);
    expect(queue.tryTake()).to.equal('a');
    expect(queue.wakes.length).to.equal(1);
    expect(queue.await(token)).to.deep.equal({ is: 'done', item: undefined });
    queue.settle([token]);
    expect([queue.tryTake(), queue.tryTake(), queue.store.entries]).to.deep.equal(['b', 'd', 0]);
  });

  it('is full at its bytes too', () => {
    const queue = new QueueBench({ bytesMax: 100 });
    expect(queue.tryPush('x'.repeat(100))).to.equal(true);
    expect(queue.tryPush('y')).to.equal(false);
    queue.tryTake();
    expect(queue.tryPush('y')).to.equal(true);
  });

  it('is made with the capacity of its options', () => {
    const store = queueType.createStore(1 as Parameters<typeof queueType.createStore>[0], {
      capacity: 1,
    });
    const run = (sequence: number) =>
      store.run(ops.tryPushOp(Uint8Array.of(1)), runContext(0, sequence)).result[0];
    expect([run(1), run(2)]).to.deep.equal([1, 0]);
  });

  it('lets pushes in, a slice at a time, when it is cleared', () => {
    const queue = new QueueBench({ capacity: 3_000 });
    const { store, mirror } = queue;
    const run = (op: Uint8Array) => {
      queue.sequence += 1;
      const ran = store.run(op, runContext(queue.now, queue.sequence));
      mirror.apply(ran.changes);
      return ran.result;
    };
    for (let i = 0; i < 3_000; i++) run(ops.tryPushOp(Uint8Array.of(1)));
    for (let i = 0; i < 2_500; i++) run(ops.pushOp(encodeValue(i, defaultLimits), 1e9));
    queue.clear();
    expect(queue.size()).to.equal(1_024);
    expect(queue.tryPush('late')).to.equal(false);
    queue.pass(1);
    expect(queue.size()).to.equal(2_500);
    const all = Array.from({ length: 2_500 }, () => decodeValue(run(ops.bareOp(queueOps.tryTake))));
    expect(all).to.deep.equal(Array.from({ length: 2_500 }, (_, i) => i));
    expect(mirror.digest()).to.equal(store.digest());
  });

  it('refuses more waits than it has room for, and changes nothing', () => {
    const queue = new QueueBench({ waitsMax: 2 });
    queue.waitingTake();
    queue.waitingTake();
    const before = queue.store.digest();
    expect(() => queue.take()).to.throw(GridError, 'At most 2 calls wait');
    expect(queue.store.digest()).to.equal(before);
  });

  it('refuses waiting items past their bytes', () => {
    const queue = new QueueBench({ capacity: 1, waitBytesMax: 1_000 });
    queue.push('a');
    queue.push('x'.repeat(500));
    expect(() => queue.push('y'.repeat(500))).to.throw(GridError, 'with at most 1000 bytes');
  });
});

describe('a queue store and bytes that make no sense', () => {
  it('are refused, and change nothing', () => {
    const queue = new QueueBench();
    queue.push('a');
    const before = queue.store.digest();
    const flagged = ops.tryPushOp(Uint8Array.of(1));
    flagged[1] = 4;
    for (const op of [
      Uint8Array.of(),
      Uint8Array.of(99),
      Uint8Array.of(queueOps.push),
      Uint8Array.of(queueOps.push, 1, 0),
      Uint8Array.of(queueOps.tryPush, 0),
      Uint8Array.of(queueOps.take),
      Uint8Array.of(queueOps.take, 1, 1),
      Uint8Array.of(queueOps.cancel),
      Uint8Array.of(queueOps.ask),
      Uint8Array.of(queueOps.settle, 9, 1),
      flagged,
    ]) {
      expect(() => queue.run(op), `${op}`).to.throw(GridError);
      expect(queue.store.digest()).to.equal(before);
    }
  });

  it('are refused as changes', () => {
    expect(() => new QueueStore().apply(Uint8Array.of(77))).to.throw(GridError, 'a change');
  });
});

/** A store with records of another history: a copy replaces them. */
function usedStore(): QueueStore {
  const store = new QueueStore({ capacity: 40, bytesMax: 1e9, waitsMax: 1e5, waitBytesMax: 1e9 });
  const before = [ops.takeOp(1e6), ops.tryPushOp(one), ops.tryPushOp(one)];
  for (const [number, op] of before.entries()) store.run(op, runContext(0, 900_000 + number));
  expect(store.entries).to.equal(2);
  return store;
}

/** Takes all that is in both stores, and expects the same of both. */
function expectSameOrder(queue: QueueBench, copy: QueueStore): void {
  while (queue.size() > 0) {
    const op = ops.bareOp(queueOps.tryTake);
    const context = runContext(queue.now, queue.sequence + 1);
    expect(queue.run(op)).to.deep.equal(copy.run(op, context).result);
  }
}

describe('a copy of a queue', () => {
  it('is equal, though the queue changes while it is copied, and goes on in the same order', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const random = seededRandom(seed);
      const queue = new QueueBench({ capacity: 40 });
      const learner = usedStore();
      const acts = [
        ...Array.from({ length: 30 }, () => () => queue.push(queue.sequence, 1e6)),
        ...Array.from({ length: 19 }, () => () => queue.take(1e6)),
        () => queue.clear(),
      ];
      for (let i = 0; i < 100; i++) random.pick(acts)();
      // What changes from the beginning of the copy on, a learner is told.
      for (let from = 0; from < hashCount; ) {
        const { to, content } = queue.store.copy(from, 64);
        learner.restore(from, to, content, queue.store.entries);
        from = to;
        const made = queue.changes.length;
        random.pick(acts)();
        for (const changes of queue.changes.slice(made)) learner.apply(changes);
      }
      expect(learner.digest(), `seed ${seed}`).to.equal(queue.store.digest());
      expectSameOrder(queue, learner);
    }
  });
});
