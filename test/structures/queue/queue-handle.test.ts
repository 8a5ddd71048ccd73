import { expect } from 'chai';
import { GridError } from '../../../src/base/errors.ts';
import { murmur3, partitionOf } from '../../../src/base/hash.ts';
import { defaultLimits } from '../../../src/base/limits.ts';
import type { Operation } from '../../../src/partition/router-port.ts';
import { Call } from '../../../src/structures/call.ts';
import { QueueHandle } from '../../../src/structures/queue/queue-handle.ts';
import { progress, queueOps } from '../../../src/structures/queue/queue-ops.ts';
import { encodeKey } from '../../../src/wire/key.ts';
import { HandClock } from '../../actors/hand-clock.ts';
import { LocalRouter } from '../../support/local-router.ts';

const codeNames = new Map<number | undefined, string>(
  Object.entries(queueOps).map(([name, code]) => [code, name]),
);

function aQueue(definition: Record<string, unknown> = {}) {
  const router = new LocalRouter(271);
  const clock = new HandClock();
  const make = () => new QueueHandle<unknown>({ router, clock, name: 'jobs', definition });
  return {
    router,
    clock,
    queue: make(),
    make,
    /** The ops that were sent so far, by name. */
    sent: () => router.submitted.map(({ op }) => codeNames.get(op[0])),
  };
}

/** Lets everything happen that needs no time. */
async function turns(): Promise<void> {
  for (let i = 0; i < 50; i++) await Promise.resolve();
}

async function failure(promise: Promise<unknown>): Promise<GridError> {
  const [end] = await Promise.allSettled([promise]);
  expect(end.status).to.equal('rejected');
  return (end as PromiseRejectedResult).reason as GridError;
}

/** Answers the ops of one kind by hand. */
function held(router: LocalRouter, code: number): Operation[] {
  const operations: Operation[] = [];
  router.intercept = (operation) => operation.op[0] === code && operations.push(operation) > 0;
  return operations;
}

const lost = () => new GridError('GRID_NO_QUORUM', 'nobody answers', { outcome: 'unknown' });

describe('a queue handle', () => {
  it('sends everything to the partition of its name', async () => {
    const { router, queue } = aQueue();
    await queue.push(1);
    await queue.take();
    await queue.size();
    const expected = partitionOf(murmur3(encodeKey('jobs', defaultLimits).bytes), 271);
    const partitions = router.submitted.map(({ partition }) => partition);
    expect(partitions).to.deep.equal([expected, expected, expected]);
  });

  it('makes what it submits by a class: V8 takes literals for long-lived', async () => {
    const { router, queue } = aQueue();
    const taken = queue.take();
    await turns();
    await queue.push(1);
    await Promise.all([taken, queue.size()]);
    const made = router.submitted.filter(({ op }) => op[0] !== queueOps.settle);
    expect(made.length).to.be.greaterThan(3);
    expect(made.filter((each) => !(each instanceof Call))).to.deep.equal([]);
  });

  it('takes what is there by one op, without a timer', async () => {
    const { clock, queue, sent } = aQueue();
    await queue.push('a');
    expect(await queue.take()).to.equal('a');
    expect(sent()).to.deep.equal(['push', 'take']);
    expect(clock.timerCount).to.equal(0);
  });

  it('waits by a poll, and settles what came', async () => {
    const { router, clock, queue, sent } = aQueue();
    const taken = queue.take();
    await turns();
    expect(router.polls).to.equal(1);
    await queue.push('a');
    expect(await taken).to.equal('a');
    await turns();
    expect(sent()).to.deep.equal(['take', 'ask', 'push', 'settle']);
    expect([router.polls, clock.timerCount]).to.deep.equal([0, 0]);
    const row = router.submitted[0]?.structure;
    expect(row && router.store(row, router.submitted[0]?.partition ?? 0).entries).to.equal(0);
  });

  it('asks again when a poll comes back with nothing', async () => {
    const { router, queue, sent } = aQueue();
    const taken = queue.take();
    await turns();
    for (let i = 0; i < 3; i++) {
      router.answerPolls();
      await turns();
    }
    expect(sent()).to.deep.equal(['take', 'ask', 'ask', 'ask', 'ask']);
    await queue.push('a');
    expect(await taken).to.equal('a');
  });

  it('cancels at its time, and says that nothing was taken', async () => {
    const { router, clock, queue, sent } = aQueue();
    const end = failure(queue.take({ timeout: 700 }));
    await turns();
    clock.pass(699);
    await turns();
    expect(sent()).to.deep.equal(['take', 'ask']);
    clock.pass(1);
    const error = await end;
    expect([error.code, error.outcome]).to.deep.equal(['GRID_TIMEOUT', 'not-applied']);
    expect(error.message).to.include("'jobs' within 700 ms");
    expect(sent()).to.deep.equal(['take', 'ask', 'cancel']);
    expect([router.polls, clock.timerCount]).to.deep.equal([0, 0]);
  });

  it('takes the item that its cancel finds, though its time is over', async () => {
    const { router, clock, queue } = aQueue();
    const asks = held(router, queueOps.ask);
    const taken = queue.take({ timeout: 700 });
    await turns();
    await queue.push('just in time');
    clock.pass(700);
    expect(await taken).to.equal('just in time');
    expect(asks.length, 'its poll was never answered').to.equal(1);
    expect(await queue.size()).to.equal(0);
  });

  it('believes its cancel, where its poll finds the wait gone before that answers', async () => {
    const { router, clock, queue } = aQueue();
    const asks = held(router, queueOps.ask);
    const taken = queue.take({ timeout: 700 });
    await turns();
    await queue.push('just in time');
    const cancels = held(router, queueOps.cancel);
    clock.pass(700);
    router.intercept = () => false;
    asks[0]?.resolve(Uint8Array.of(progress.over));
    await turns();
    router.answer(cancels[0] as Operation);
    expect(await taken).to.equal('just in time');
  });

  it('takes the item that its cancel finds, though it was aborted', async () => {
    const { router, queue } = aQueue();
    held(router, queueOps.ask);
    const controller = new AbortController();
    const taken = queue.take({ signal: controller.signal });
    await turns();
    await queue.push('just in time');
    controller.abort();
    expect(await taken).to.equal('just in time');
  });

  it('says that it does not know where its cancel gets no answer', async () => {
    const { router, clock, queue } = aQueue();
    const cancels = held(router, queueOps.cancel);
    const end = failure(queue.take({ timeout: 700 }));
    await turns();
    clock.pass(700);
    cancels[0]?.reject(lost());
    const error = await end;
    expect([error.code, error.outcome]).to.deep.equal(['GRID_NO_QUORUM', 'unknown']);
    expect(clock.timerCount).to.equal(0);
  });

  it('says that the queue was destroyed at which it waited, not that nobody answers', async () => {
    const { router, queue } = aQueue();
    const taken = failure(queue.take({ timeout: '7s' }));
    await turns();
    await queue.destroy();
    const error = await taken;
    expect([error.code, error.outcome]).to.deep.equal(['GRID_CLOSED', 'unknown']);
    expect(error.message).to.contain('destroyed').and.not.contain('no answer');
    expect(router.polls).to.equal(0);
  });

  it('says after a wait that was aborted that it had no effect, not that nothing was sent', async () => {
    const { queue } = aQueue({ capacity: 1 });
    await queue.push(1);
    const abort = new AbortController();
    const pushed = failure(queue.push(2, { signal: abort.signal }));
    await turns();
    abort.abort('enough');
    const error = await pushed;
    expect([error.outcome, error.cause]).to.deep.equal(['not-applied', 'enough']);
    expect(error.message).to.contain('had no effect').and.not.contain('sent');
  });

  it('tells times in whole milliseconds', async () => {
    const { router, clock, queue } = aQueue();
    await queue.size();
    held(router, queueOps.cancel);
    const taken = failure(queue.take({ timeout: 99.75 }));
    await turns();
    clock.pass(100);
    await turns();
    router.submitted.at(-1)?.reject(lost());
    expect((await taken).message).to.contain('within 100 ms and');
  });

  it('cancels where its poll is refused, and passes the reason on', async () => {
    const { router, queue, sent } = aQueue();
    const asks = held(router, queueOps.ask);
    const end = failure(queue.take());
    await turns();
    asks[0]?.reject(new GridError('GRID_OVERLOADED', 'too many polls'));
    const error = await end;
    expect([error.code, error.outcome]).to.deep.equal(['GRID_OVERLOADED', 'not-applied']);
    expect(sent()).to.deep.equal(['take', 'ask', 'cancel']);
  });

  it('does not know what became of a wait of its former life', async () => {
    const { router, queue } = aQueue();
    const asks = held(router, queueOps.ask);
    const end = failure(queue.take());
    await turns();
    asks[0]?.resolve(Uint8Array.of(progress.lost));
    expect((await end).outcome).to.equal('unknown');
  });

  it('does not believe that nothing was taken after a silence of half an hour', async () => {
    const { router, clock, queue } = aQueue();
    const asks = held(router, queueOps.ask);
    const end = failure(queue.take({ timeout: '2h' }));
    await turns();
    clock.pass(1_800_000);
    asks[0]?.resolve(Uint8Array.of(progress.over));
    expect((await end).outcome).to.equal('unknown');
  });

  it('lets an answer come after an abort, and cancels the wait that it tells of', async () => {
    const { router, clock, queue, sent } = aQueue();
    await queue.size();
    const takes = held(router, queueOps.take);
    const controller = new AbortController();
    const end = failure(queue.take({ signal: controller.signal }));
    await turns();
    controller.abort(new Error('enough'));
    router.intercept = () => false;
    router.answer(takes[0] as Operation);
    const error = await end;
    expect([error.outcome, (error.cause as Error).message]).to.deep.equal([
      'not-applied',
      'enough',
    ]);
    expect(sent()).to.deep.equal(['size', 'take', 'cancel']);
    expect(clock.timerCount).to.equal(0);
  });

  it('gives up some seconds after an abort, and cleans up when the answer comes', async () => {
    const { router, clock, queue, sent } = aQueue();
    await queue.size();
    const takes = held(router, queueOps.take);
    const controller = new AbortController();
    const end = failure(queue.take({ signal: controller.signal }));
    await turns();
    controller.abort();
    clock.pass(5_000);
    expect((await end).outcome).to.equal('unknown');
    router.intercept = () => false;
    router.answer(takes[0] as Operation);
    await turns();
    expect(sent()).to.deep.equal(['size', 'take', 'cancel']);
    await queue.push('kept');
    expect(await queue.size()).to.equal(1);
  });

  it('passes the error of a take on that was never answered', async () => {
    const { router, queue } = aQueue();
    const takes = held(router, queueOps.take);
    const error = lost();
    const end = failure(queue.take());
    await turns();
    takes[0]?.reject(error);
    expect(await end).to.equal(error);
  });

  it('settles many waits at once while a settlement is on its way', async () => {
    const { router, queue } = aQueue();
    const takes = Array.from({ length: 20 }, () => queue.take());
    await turns();
    const settles = held(router, queueOps.settle);
    for (let i = 0; i < 20; i++) await queue.push(i);
    expect(await Promise.all(takes)).to.have.length(20);
    expect(settles.length).to.equal(1);
    router.intercept = () => false;
    router.answer(settles[0] as Operation);
    await turns();
    const [first] = router.submitted;
    if (first === undefined) throw new Error('nothing was submitted');
    expect(router.store(first.structure, first.partition).entries).to.equal(0);
    const count = router.submitted.filter(({ op }) => op[0] === queueOps.settle).length;
    expect(count).to.equal(2);
  });

  it('settles again after a failure', async () => {
    const { router, clock, queue, sent } = aQueue();
    const taken = queue.take();
    await turns();
    const settles = held(router, queueOps.settle);
    await queue.push('a');
    await taken;
    settles[0]?.reject(lost());
    await turns();
    clock.pass(1_000);
    expect(settles.length).to.equal(2);
    settles[1]?.reject(new GridError('GRID_CLOSED', 'the grid was left'));
    clock.pass(60_000);
    expect([settles.length, clock.timerCount]).to.deep.equal([2, 0]);
    expect(sent().filter((name) => name === 'settle').length).to.equal(2);
  });

  it('tells that a full queue stayed full', async () => {
    const { clock, queue } = aQueue({ capacity: 1 });
    await queue.push('a');
    const end = failure(queue.push('b', { timeout: 300 }));
    await turns();
    clock.pass(300);
    const error = await end;
    expect([error.code, error.outcome]).to.deep.equal(['GRID_QUEUE_FULL', 'not-applied']);
  });

  it('goes on iterating over takes that got nothing', async () => {
    const { clock, queue, sent } = aQueue();
    const iterator = queue[Symbol.asyncIterator]();
    const next = iterator.next();
    await turns();
    clock.pass(30_000);
    await turns();
    expect(sent()).to.deep.equal(['take', 'ask', 'cancel', 'take', 'ask']);
    await queue.push('a');
    expect(await next).to.deep.equal({ done: false, value: 'a' });
  });

  it('gives the item of a take that an end of the iteration came too late for', async () => {
    const { router, queue } = aQueue();
    held(router, queueOps.ask);
    const iterator = queue[Symbol.asyncIterator]();
    const next = iterator.next();
    await turns();
    await queue.push('a');
    await iterator.return?.();
    expect(await next).to.deep.equal({ done: false, value: 'a' });
    expect(await iterator.next()).to.deep.equal({ done: true, value: undefined });
  });

  it('ends an iteration with the error of a take', async () => {
    const { router, queue } = aQueue();
    const error = lost();
    router.intercept = (operation) => {
      operation.reject(error);
      return true;
    };
    expect(await failure(queue[Symbol.asyncIterator]().next())).to.equal(error);
  });

  it('rejects, and does not throw, where an item cannot be read', async () => {
    const { router, queue } = aQueue();
    const takes = held(router, queueOps.take);
    const end = failure(queue.take());
    await turns();
    takes[0]?.resolve(Uint8Array.of(progress.done, 0xc7));
    expect((await end).code).to.equal('GRID_BAD_VALUE');
  });
});
