/**
 * What a queue does, as a suite that runs unchanged on whatever gives a queue: a member that holds it, one
 * that does not, a lite member, a client.
 */
import { expect } from 'chai';
import { GridError, type GridErrorCode } from '../../src/base/errors.ts';
import type { GridQueue, QueueOptions } from '../../src/grid.ts';

/** `make` gives a fresh, empty queue at each call. */
export function queueContract(
  name: string,
  make: (options?: QueueOptions) => Promise<GridQueue<unknown>>,
): void {
  describe(`a queue of ${name}`, () => {
    let queue: GridQueue<unknown>;
    beforeEach(async () => {
      queue = await make();
    });
    // The suites read the queue when a test runs, not when it is described.
    const theQueue = () => queue;
    const bounded = (capacity: number) => make({ capacity });
    describe('basics', () => basics(theQueue));
    describe('items', () => itemsOfAllKinds(theQueue));
    describe('takes that wait', () => takesThatWait(theQueue));
    describe('takes that end', () => takesThatEnd(theQueue));
    describe('capacity', () => capacityOf(bounded));
    describe('pushes that end', () => pushesThatEnd(bounded));
    describe('iteration', () => iteration(theQueue));
    describe('many at once', () => manyAtOnce(theQueue, bounded));
    describe('refusals', () => refusals(theQueue));
  });
}

type TheQueue = () => GridQueue<unknown>;
type Bounded = (capacity: number) => Promise<GridQueue<unknown>>;

function basics(queue: TheQueue): void {
  it('gives nothing while it is empty', async () => {
    expect(await queue().tryTake()).to.equal(undefined);
    expect(await queue().peek()).to.equal(undefined);
    expect(await queue().size()).to.equal(0);
  });

  it('gives items first in, first out', async () => {
    for (let i = 0; i < 10; i++) expect(await queue().push(i)).to.equal(undefined);
    const taken = [];
    for (let i = 0; i < 5; i++) taken.push(await queue().take());
    for (let i = 0; i < 5; i++) taken.push(await queue().tryTake());
    expect(taken).to.deep.equal([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('says that tryPush had room', async () => {
    expect(await queue().tryPush('a')).to.equal(true);
    expect(await queue().take()).to.equal('a');
  });

  it('shows the next item without taking it', async () => {
    await queue().push('a');
    await queue().push('b');
    expect([await queue().peek(), await queue().peek()]).to.deep.equal(['a', 'a']);
    expect(await queue().size()).to.equal(2);
    expect(await queue().take()).to.equal('a');
  });

  it('counts what is in it', async () => {
    for (let i = 0; i < 5; i++) await queue().push(i);
    await queue().take();
    expect(await queue().size()).to.equal(4);
  });

  it('is empty after clear, and can be used again', async () => {
    for (let i = 0; i < 5; i++) await queue().push(i);
    expect(await queue().clear()).to.equal(undefined);
    expect([await queue().size(), await queue().tryTake()]).to.deep.equal([0, undefined]);
    await queue().push('again');
    expect(await queue().take()).to.equal('again');
  });

  it('is empty after destroy, and can be used again', async () => {
    await queue().push('old');
    expect(await queue().destroy()).to.equal(undefined);
    expect(await queue().tryTake()).to.equal(undefined);
    await queue().push('new');
    expect(await queue().take()).to.equal('new');
  });

  it('takes options with every call', async () => {
    const options = { timeout: '5s', signal: new AbortController().signal } as const;
    await queue().push(1, options);
    expect(await queue().tryPush(2, options)).to.equal(true);
    expect(await queue().peek(options)).to.equal(1);
    expect(await queue().size(options)).to.equal(2);
    expect(await queue().take(options)).to.equal(1);
    expect(await queue().tryTake(options)).to.equal(2);
    expect(await queue().clear(options)).to.equal(undefined);
  });
}

function itemsOfAllKinds(queue: TheQueue): void {
  const kinds: [string, unknown][] = [
    ['undefined', undefined],
    ['null', null],
    ['a text', 'Zoë 😀'],
    ['an object', { job: 7, tags: ['a'] }],
    ['a Date and a Map', [new Date(7), new Map([[1, 'one']])]],
    ['bytes', Uint8Array.of(0, 1, 2, 255)],
    ['a bigint', 2n ** 70n],
  ];
  for (const [kind, item] of kinds) {
    it(`may be ${kind}`, async () => {
      await queue().push(item);
      expect(await queue().size()).to.equal(1);
      expect(await queue().take()).to.deep.equal(item);
      expect(await queue().size()).to.equal(0);
    });
  }

  it('are given as copies, whatever becomes of the original', async () => {
    const item = { list: [1] };
    await queue().push(item);
    item.list.push(2);
    expect(await queue().take()).to.deep.equal({ list: [1] });
  });

  it('may be large', async () => {
    const item = new Uint8Array(300_000).map((_, index) => index % 251);
    await queue().push(item);
    expect(await queue().take()).to.deep.equal(item);
  });
}

function takesThatWait(queue: TheQueue): void {
  it('get the item of the next push', async () => {
    const taken = queue().take();
    await waiting(queue());
    await queue().push('late');
    expect(await taken).to.equal('late');
    expect(await queue().size()).to.equal(0);
  });

  it('are served in the order in which they came', async () => {
    const order: string[] = [];
    const takes = [];
    for (const name of ['first', 'second', 'third']) {
      takes.push(
        queue()
          .take()
          .then((item) => order.push(`${name} ${item}`)),
      );
      await waiting(queue());
    }
    for (let i = 0; i < 3; i++) {
      await queue().push(i);
      await takes[i];
    }
    expect(order).to.deep.equal(['first 0', 'second 1', 'third 2']);
  });

  it('get one item each', async () => {
    const takes = Array.from({ length: 20 }, () => queue().take());
    await waiting(queue());
    await Promise.all(Array.from({ length: 20 }, (_, i) => queue().push(i)));
    const taken = (await Promise.all(takes)) as number[];
    expect(taken.sort((a, b) => a - b)).to.deep.equal(Array.from({ length: 20 }, (_, i) => i));
    expect(await queue().size()).to.equal(0);
  });

  it('are served by tryPush as by push', async () => {
    const taken = queue().take();
    await waiting(queue());
    expect(await queue().tryPush('tried')).to.equal(true);
    expect(await taken).to.equal('tried');
  });

  it('outlast a clear', async () => {
    const taken = queue().take();
    await waiting(queue());
    await queue().clear();
    await queue().push('after');
    expect(await taken).to.equal('after');
  });

  it('end when the queue is destroyed', async () => {
    const end = failure(queue().take());
    await waiting(queue());
    await queue().destroy();
    expect((await end).code).to.equal('GRID_CLOSED');
  });
}

function takesThatEnd(queue: TheQueue): void {
  it('end at their timeout, having taken nothing', async () => {
    const error = await failure(queue().take({ timeout: 30 }));
    expect([error.code, error.outcome]).to.deep.equal(['GRID_TIMEOUT', 'not-applied']);
    await queue().push('kept');
    expect(await queue().size()).to.equal(1);
    expect(await queue().take()).to.equal('kept');
  });

  it('end by their signal, having taken nothing', async () => {
    const controller = new AbortController();
    const end = failure(queue().take({ signal: controller.signal }));
    await waiting(queue());
    controller.abort(new Error('enough'));
    const error = await end;
    expect([error.code, error.outcome]).to.deep.equal(['GRID_TIMEOUT', 'not-applied']);
    expect((error.cause as Error).message).to.equal('enough');
    await queue().push('kept');
    expect(await queue().take()).to.equal('kept');
  });

  it('take nothing where the signal aborts at once', async () => {
    const controller = new AbortController();
    const end = failure(queue().take({ signal: controller.signal }));
    controller.abort();
    expect((await end).outcome).to.equal('not-applied');
    await queue().push('kept');
    expect(await queue().tryTake()).to.equal('kept');
  });

  it('take nothing where the signal had aborted before', async () => {
    await queue().push('kept');
    const error = await failure(queue().take({ signal: AbortSignal.abort() }));
    expect([error.code, error.outcome]).to.deep.equal(['GRID_TIMEOUT', 'not-applied']);
    expect(await queue().size()).to.equal(1);
  });

  it('lose no item to a push that comes at the same moment', async () => {
    for (let i = 0; i < 10; i++) {
      const controller = new AbortController();
      const end = queue().take({ signal: controller.signal });
      const settled = Promise.allSettled([end]);
      await waiting(queue());
      const pushed = queue().push(i);
      controller.abort();
      await pushed;
      const [taken] = await settled;
      const item = taken.status === 'fulfilled' ? taken.value : await queue().tryTake();
      expect(item).to.equal(i);
      expect(await queue().size()).to.equal(0);
    }
  });

  it('leave their place to the next', async () => {
    const controller = new AbortController();
    const end = failure(queue().take({ signal: controller.signal }));
    await waiting(queue());
    const next = queue().take();
    await waiting(queue());
    controller.abort();
    await end;
    await queue().push('for the next');
    expect(await next).to.equal('for the next');
  });
}

function capacityOf(bounded: Bounded): void {
  it('lets no more in by tryPush', async () => {
    const queue = await bounded(2);
    const results = [await queue.tryPush(1), await queue.tryPush(2), await queue.tryPush(3)];
    expect(results).to.deep.equal([true, true, false]);
    expect(await queue.size()).to.equal(2);
  });

  it('lets a push wait until there is room', async () => {
    const queue = await bounded(1);
    await queue.push('a');
    let isIn = false;
    const pushed = queue.push('b').then(() => {
      isIn = true;
    });
    await waiting(queue);
    expect([isIn, await queue.size()]).to.deep.equal([false, 1]);
    expect(await queue.take()).to.equal('a');
    await pushed;
    expect(await queue.take()).to.equal('b');
  });

  it('lets pushes in in the order in which they came', async () => {
    const queue = await bounded(1);
    await queue.push(0);
    const pushes = [];
    for (let i = 1; i <= 4; i++) {
      pushes.push(queue.push(i));
      await waiting(queue);
    }
    const taken = [];
    for (let i = 0; i <= 4; i++) taken.push(await queue.take());
    await Promise.all(pushes);
    expect(taken).to.deep.equal([0, 1, 2, 3, 4]);
  });

  it('keeps a tryPush from overtaking a push that waits', async () => {
    const queue = await bounded(1);
    await queue.push('a');
    const pushed = queue.push('b');
    await waiting(queue);
    expect(await queue.tryTake()).to.equal('a');
    expect(await queue.tryPush('c')).to.equal(false);
    await pushed;
    expect(await queue.take()).to.equal('b');
  });

  it('lets pushes in when the queue is cleared', async () => {
    const queue = await bounded(2);
    await queue.push('a');
    await queue.push('b');
    const pushes = [queue.push('c'), queue.push('d')];
    await waiting(queue);
    await queue.clear();
    await Promise.all(pushes);
    expect(await queue.size()).to.equal(2);
    const both = [await queue.take(), await queue.take()];
    expect(both.sort()).to.deep.equal(['c', 'd']);
  });
}

function pushesThatEnd(bounded: Bounded): void {
  it('end with GRID_QUEUE_FULL at their timeout, having pushed nothing', async () => {
    const queue = await bounded(1);
    await queue.push('a');
    const error = await failure(queue.push('b', { timeout: 30 }));
    expect([error.code, error.outcome]).to.deep.equal(['GRID_QUEUE_FULL', 'not-applied']);
    expect(await queue.take()).to.equal('a');
    expect(await queue.tryTake()).to.equal(undefined);
  });

  it('end by their signal, having pushed nothing', async () => {
    const queue = await bounded(1);
    await queue.push('a');
    const controller = new AbortController();
    const end = failure(queue.push('b', { signal: controller.signal }));
    await waiting(queue);
    controller.abort();
    expect((await end).outcome).to.equal('not-applied');
    expect([await queue.take(), await queue.tryTake()]).to.deep.equal(['a', undefined]);
  });

  it('leave their place to the next', async () => {
    const queue = await bounded(1);
    await queue.push('a');
    const end = failure(queue.push('b', { timeout: 40 }));
    await waiting(queue);
    const next = queue.push('c');
    await end;
    expect(await queue.take()).to.equal('a');
    await next;
    expect(await queue.take()).to.equal('c');
  });
}

function iteration(queue: TheQueue): void {
  it('takes what is there and what comes', async () => {
    await queue().push(0);
    const seen: unknown[] = [];
    const pushed = (async () => {
      for (let i = 1; i < 5; i++) await queue().push(i);
    })();
    for await (const item of queue()) {
      seen.push(item);
      if (item === 4) break;
    }
    await pushed;
    expect(seen).to.deep.equal([0, 1, 2, 3, 4]);
  });

  it('ends with the loop, and takes nothing afterwards', async () => {
    await queue().push('a');
    await queue().push('b');
    for await (const item of queue()) if (item === 'a') break;
    expect(await queue().size()).to.equal(1);
    expect(await queue().take()).to.equal('b');
  });

  it('ends while it waits, and takes nothing', async () => {
    const iterator = queue()[Symbol.asyncIterator]();
    const next = iterator.next();
    await waiting(queue());
    await iterator.return?.();
    expect(await next).to.deep.equal({ done: true, value: undefined });
    expect(await iterator.next()).to.deep.equal({ done: true, value: undefined });
    await queue().push('kept');
    expect(await queue().tryTake()).to.equal('kept');
  });

  it('shares the items among several loops, each to one', async () => {
    const seen: unknown[] = [];
    const loop = async () => {
      for await (const item of queue()) {
        if (item === 'end') return;
        seen.push(item);
      }
    };
    const loops = [loop(), loop(), loop()];
    for (let i = 0; i < 30; i++) await queue().push(i);
    for (let i = 0; i < 3; i++) await queue().push('end');
    await Promise.all(loops);
    expect((seen as number[]).sort((a, b) => a - b)).to.deep.equal(
      Array.from({ length: 30 }, (_, i) => i),
    );
  });
}

function manyAtOnce(queue: TheQueue, bounded: Bounded): void {
  it('gives each of many items to one of many takes', async () => {
    const count = 300;
    const pushes = Array.from({ length: count }, (_, i) => queue().push(i));
    const taken = await Promise.all(Array.from({ length: count }, () => queue().take()));
    await Promise.all(pushes);
    expect(new Set(taken).size).to.equal(count);
    expect(await queue().size()).to.equal(0);
  });

  it('passes many items through little room', async () => {
    const small = await bounded(3);
    const pushes = Array.from({ length: 60 }, (_, i) => small.push(i));
    const taken = [];
    for (let i = 0; i < 60; i++) taken.push(await small.take());
    await Promise.all(pushes);
    expect(taken).to.have.members(Array.from({ length: 60 }, (_, i) => i));
    expect(await small.size()).to.equal(0);
  });

  it("keeps one pusher's order for one taker", async () => {
    const taken = (async () => {
      const items = [];
      for (let i = 0; i < 50; i++) items.push(await queue().take());
      return items;
    })();
    for (let i = 0; i < 50; i++) await queue().push(i);
    expect(await taken).to.deep.equal(Array.from({ length: 50 }, (_, i) => i));
  });
}

function refusals(queue: TheQueue): void {
  const refuses = async (code: GridErrorCode, act: () => Promise<unknown>) => {
    const error = await failure(act());
    expect([error.code, error.outcome]).to.deep.equal([code, 'not-applied']);
  };

  it('refuses an item that is no value, and pushes nothing', async () => {
    await refuses('GRID_BAD_VALUE', () => queue().push(() => 1));
    await refuses('GRID_BAD_VALUE', () => queue().tryPush(Symbol('no')));
    expect(await queue().size()).to.equal(0);
  });

  it('refuses wrong options by rejecting', async () => {
    await refuses('GRID_BAD_OPTION', () => queue().take({ timeout: -1 }));
    await refuses('GRID_BAD_OPTION', () => queue().take({ timeout: 'soon' as '1s' }));
    await refuses('GRID_BAD_OPTION', () => queue().push(1, { delay: '1s' } as object));
    await refuses('GRID_BAD_OPTION', () => queue().size({ signal: 7 } as object));
    expect(await queue().size()).to.equal(0);
  });

  it('refuses an item over the limit before it is sent', async () => {
    await refuses('GRID_TOO_LARGE', () => queue().push(new Uint8Array(9 * 1_048_576)));
  });
}

/** Two round trips: what was called before has reached the primary, and waits there. */
async function waiting(queue: GridQueue<unknown>): Promise<void> {
  await queue.size();
  await queue.size();
}

async function failure(promise: Promise<unknown>): Promise<GridError> {
  const [end] = await Promise.allSettled([promise]);
  expect(end.status).to.equal('rejected');
  const { reason } = end as PromiseRejectedResult;
  expect(reason).to.be.instanceOf(GridError);
  return reason as GridError;
}
