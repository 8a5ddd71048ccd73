import { expect } from 'chai';
import { GridError, type GridErrorCode } from '../../../src/base/errors.ts';
import { partitionOf } from '../../../src/base/hash.ts';
import { defaultLimits } from '../../../src/base/limits.ts';
import type { StructureRow } from '../../../src/partition/router-port.ts';
import { Subscriber } from '../../../src/structures/topic/subscriber.ts';
import { publishOp, topicOps } from '../../../src/structures/topic/topic-ops.ts';
import { type From, TopicReader } from '../../../src/structures/topic/topic-reader.ts';
import { TopicSource, topicHash } from '../../../src/structures/topic/topic-source.ts';
import { encodeValue } from '../../../src/wire/value.ts';
import { HandClock } from '../../actors/hand-clock.ts';
import { LocalRouter } from '../../support/local-router.ts';

/** Lets everything run that is about to. */
async function settled(clock: HandClock): Promise<void> {
  for (let turn = 0; turn < 10; turn++) {
    await new Promise((resolve) => void setImmediate(resolve));
    clock.turn();
  }
}

async function setUp(options: object = {}) {
  const router = new LocalRouter();
  const clock = new HandClock();
  const reader = new TopicReader(
    new TopicSource({ router, name: 'news', definition: { ...options } }),
    clock,
  );
  const partition = partitionOf(topicHash('news'), router.partitions);
  const define = () => router.define('topic', 'news', { ...options }, () => {});
  const row = (): StructureRow => router.structure('topic', 'news') as StructureRow;
  const submit = (op: Uint8Array) =>
    router.submit({
      structure: row(),
      partition,
      op,
      isWrite: true,
      timeoutMs: 1_000,
      signal: undefined,
      resolve: () => {},
      reject: () => {},
    });
  const publish = async (from: number, to = from) => {
    for (let n = from; n <= to; n++) submit(publishOp(encodeValue(n, defaultLimits)));
    await settled(clock);
  };
  const subscribe = async (from: From = 'now') => {
    const told: string[] = [];
    const subscriber = new Subscriber({
      buffer: 100_000,
      onOverflow: 'drop-oldest',
      onDetach: (detached) => reader.detach(detached),
      consumer: {
        message: ({ sequence }) => told.push(`${sequence}`) > 0,
        gap: ({ from: first, to, reason }) => void told.push(`${first}-${to} ${reason}`),
        ended: (error) => void told.push(error === undefined ? 'end' : error.code),
      },
    });
    const call = { row: row(), timeoutMs: 1_000, signal: undefined };
    reader.subscribe(subscriber, from, call, (error) => {
      if (error === undefined) subscriber.ready();
      else told.push(`refused ${error.code}`);
    });
    await settled(clock);
    return { subscriber, told };
  };
  define();
  await settled(clock);
  const reads = () => router.submitted.filter(({ op }) => op[0] === topicOps.read).length;
  return { router, clock, reader, define, row, publish, subscribe, reads };
}

describe('the reader of a topic in one process', () => {
  it('reads each message once, however many subscribers there are', async () => {
    const { publish, subscribe, reads } = await setUp();
    const all: string[][] = [];
    for (let count = 0; count < 50; count++) all.push((await subscribe()).told);
    const before = reads();
    await publish(1);
    expect(reads() - before).to.equal(1);
    expect(all.every((told) => told.join() === '1')).to.equal(true);
  });

  it('gives thousands of subscribers their message in slices, each in a turn of its own', async () => {
    const { publish, subscribe } = await setUp();
    const all = [await subscribe()];
    const others = Array.from({ length: 2_999 }, () => subscribe());
    all.push(...(await Promise.all(others)));
    const reached = () => all.filter(({ told }) => told.join() === '1').length;
    const published = publish(1);
    for (let step = 0; step < 10; step++) await Promise.resolve();
    expect(reached()).to.equal(2_000);
    await published;
    expect(reached()).to.equal(3_000);
  });

  it('asks for nothing when nobody listens any more', async () => {
    const { publish, subscribe, reads, reader, clock } = await setUp();
    const { subscriber, told } = await subscribe();
    await publish(1);
    subscriber.close();
    const before = reads();
    await publish(2);
    clock.pass(10_000);
    await settled(clock);
    expect([told.join(), reads() - before, reader.subscribers]).to.deep.equal(['1,end', 0, 0]);
    expect(clock.timerCount).to.equal(0);
  });

  it('lets one that comes late read for itself, and then shares', async () => {
    const { publish, subscribe, reads } = await setUp();
    const early = await subscribe();
    await publish(1, 30);
    const late = await subscribe('earliest');
    const before = reads();
    await publish(31);
    expect(reads() - before).to.equal(1);
    expect(late.told).to.deep.equal(early.told);
    expect(late.told.length).to.equal(31);
  });

  it('asks again after a failure, later each time, and loses nothing', async () => {
    const { router, publish, subscribe, clock, reads } = await setUp();
    const { told } = await subscribe();
    await publish(1);
    router.intercept = ({ op, reject }) => {
      if (op[0] !== topicOps.read) return false;
      reject(new GridError('GRID_TIMEOUT', 'no answer'));
      return true;
    };
    await publish(2);
    const before = reads();
    clock.pass(10);
    expect(reads() - before).to.equal(0);
    for (const ms of [20, 40, 80]) clock.pass(ms);
    expect(reads() - before).to.equal(3);
    router.intercept = () => false;
    await publish(3);
    clock.pass(1_000);
    await settled(clock);
    expect(told.join()).to.equal('1,2,3');
  });

  for (const code of ['GRID_FORBIDDEN', 'GRID_BAD_VALUE'] as const satisfies GridErrorCode[]) {
    it(`ends its subscribers at ${code}, which asking again cannot mend`, async () => {
      const { router, publish, subscribe } = await setUp();
      const { told } = await subscribe();
      router.intercept = ({ op, reject }) => {
        if (op[0] !== topicOps.read) return false;
        reject(new GridError(code, 'no'));
        return true;
      };
      await publish(1);
      expect(told).to.deep.equal(['1', code]);
    });
  }

  it('ends where there is no room for another call that waits, and says so', async () => {
    const { router, publish, subscribe, reader } = await setUp();
    const { told } = await subscribe();
    router.intercept = ({ isPoll, reject }) => {
      if (isPoll) queueMicrotask(() => reject(new GridError('GRID_OVERLOADED', 'too many')));
      return isPoll === true;
    };
    await publish(1);
    expect(told).to.deep.equal(['1', 'GRID_OVERLOADED']);
    expect(reader.subscribers).to.equal(0);
  });

  it('tells of a topic that was destroyed elsewhere, and goes on with the next', async () => {
    const { router, publish, subscribe, clock, row, define } = await setUp();
    const { told } = await subscribe();
    await publish(1, 2);
    router.destroy(row(), () => {});
    define();
    await settled(clock);
    await publish(3);
    clock.pass(250);
    await settled(clock);
    expect(told).to.deep.equal(['1', '2', '3-undefined restarted', '1']);
  });

  it('makes a destroyed topic anew, so that nothing published next is missed', async () => {
    const { router, publish, subscribe, clock, row } = await setUp({ retain: 5 });
    const { told } = await subscribe();
    await publish(1);
    router.destroy(row(), () => {});
    await settled(clock);
    clock.pass(250);
    await settled(clock);
    expect(row().options).to.deep.equal({ retain: 5 });
    await publish(2);
    expect(told).to.deep.equal(['1', '2-undefined restarted', '1']);
  });

  it('tells of what is retained no more, once', async () => {
    const { router, publish, subscribe, clock } = await setUp({ retain: 0 });
    const { told } = await subscribe();
    const held: (() => void)[] = [];
    router.intercept = (operation) => {
      if (operation.op[0] !== topicOps.read) return false;
      held.push(() => router.answer(operation));
      return true;
    };
    await publish(1, 3);
    router.gridTime += 60_000;
    router.housekeep();
    router.intercept = () => false;
    for (const answer of held) answer();
    await publish(4);
    await settled(clock);
    // The read that waited was answered before the others were kept from it.
    expect(told).to.deep.equal(['1', '2-3 trimmed', '4']);
  });

  it('closes every subscriber, those that catch up among them', async () => {
    const { publish, subscribe, reader } = await setUp();
    const early = await subscribe();
    await publish(1);
    const late = await subscribe('earliest');
    reader.close(undefined);
    expect([early.told.join(), late.told.join()]).to.deep.equal(['1,end', '1,end']);
  });
});
