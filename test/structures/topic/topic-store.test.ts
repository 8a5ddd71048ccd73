import { expect } from 'chai';
import fc from 'fast-check';
import { GridError } from '../../../src/base/errors.ts';
import { hashCount } from '../../../src/base/hash.ts';
import type { StructureId } from '../../../src/base/ids.ts';
import { defaultLimits } from '../../../src/base/limits.ts';
import { seededRandom } from '../../../src/base/random.ts';
import { generationSpan } from '../../../src/partition/meta-state.ts';
import { anyWrite } from '../../../src/partition/store.ts';
import * as ops from '../../../src/structures/topic/topic-ops.ts';
import {
  TopicStore,
  windowBytes,
  windowMessages,
  windowMs,
} from '../../../src/structures/topic/topic-store.ts';
import { decodeValue, encodeValue } from '../../../src/wire/value.ts';
import { runContext } from '../../support/run-context.ts';

const id = 7 as StructureId;
const publishOp = (value: unknown) => ops.publishOp(encodeValue(value, defaultLimits));
const numbers = (from: number, to: number) =>
  Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index);

/** A store, and a second one that only ever sees its changes. */
function pair(options: object = {}, generation = 1) {
  const store = new TopicStore(id, options);
  const mirror = new TopicStore(id, options);
  let sequence = generation * generationSpan;
  let now = 1_000;
  const run = (op: Uint8Array) => {
    sequence += 1;
    const ran = store.run(op, runContext(now, sequence));
    if (!store.isWrite(op)) expect(ran.changes.length, 'a read changes nothing').to.equal(0);
    mirror.apply(ran.changes);
    expect(mirror.digest()).to.equal(store.digest());
    expect([mirror.entries, mirror.bytes]).to.deep.equal([store.entries, store.bytes]);
    return ran;
  };
  return {
    store,
    mirror,
    run,
    pass: (ms: number) => {
      now += ms;
    },
    publish: (value: unknown) => ops.readNumber(run(publishOp(value)).result),
    head: () => ops.readHead(run(ops.headOp()).result),
    read: (after: number, bytes = 65_536, line = generation + 1) =>
      ops.readBatch(run(ops.readOp(line, after, bytes)).result),
    housekeep: () => {
      const isDue = store.isDue(now);
      const ran = store.housekeep(runContext(now, sequence, ''));
      mirror.apply(ran.changes);
      expect(mirror.digest()).to.equal(store.digest());
      return isDue;
    },
  };
}

const sequencesOf = ({ messages }: ops.Batch) => messages.map(({ sequence }) => sequence);
const valuesOf = ({ messages }: ops.Batch) => messages.map(({ value }) => decodeValue(value));

describe('a topic store', () => {
  it('numbers messages from 1, and gives those after a number', () => {
    const { publish, read, head } = pair();
    expect(['a', 'b', 'c'].map(publish)).to.deep.equal([1, 2, 3]);
    expect(valuesOf(read(0))).to.deep.equal(['a', 'b', 'c']);
    expect(valuesOf(read(2))).to.deep.equal(['c']);
    expect(head()).to.deep.equal({ line: 2, first: 1, last: 3 });
  });

  it('says when each was published, by grid time', () => {
    const { publish, pass, read } = pair();
    publish('a');
    pass(250.7);
    publish('b');
    expect(read(0).messages.map(({ publishedAt }) => publishedAt)).to.deep.equal([1_000, 1_250]);
  });

  it('lets a read wait that is at the end, and wakes it by the next message', () => {
    const { run, publish } = pair();
    publish('a');
    const ran = run(ops.readOp(2, 1, 100));
    expect(ran.waitsFor).to.equal(anyWrite);
    expect(ops.readBatch(ran.result)).to.deep.equal({ line: 2, first: 2, messages: [] });
    expect(run(publishOp('b')).wakes).to.deep.equal([anyWrite]);
    expect(run(ops.readOp(2, 1, 100)).waitsFor).to.equal(undefined);
  });

  it('touches the same for reads and writes, so that nothing uncommitted is read', () => {
    const { run } = pair();
    const { touched } = run(publishOp('a'));
    expect(run(ops.readOp(2, 0, 100)).touched).to.equal(touched);
    expect(run(ops.headOp()).touched).to.equal(touched);
    expect(touched).to.be.at.least(0);
  });

  it('gives about the bytes that were asked for, and one message at least', () => {
    const { publish, read } = pair();
    for (const n of numbers(1, 20)) publish(new Uint8Array(1_000).fill(n));
    expect(sequencesOf(read(0, 5_000)).length).to.be.within(4, 5);
    expect(sequencesOf(read(7, 0))).to.deep.equal([8]);
  });

  it('retains the last messages, and keeps more for readers on their way', () => {
    const { publish, head, read, store } = pair({ retain: 3 });
    for (const n of numbers(1, 10)) publish(n);
    expect(head().first).to.equal(8);
    expect(ops.readNumber(store.run(ops.sizeOp(), runContext(0, 0)).result)).to.equal(3);
    expect(sequencesOf(read(4))).to.deep.equal(numbers(5, 10));
  });

  it('retains no more bytes than it may', () => {
    const { publish, head } = pair({ retainBytes: 5_000 });
    for (const n of numbers(1, 10)) publish(new Uint8Array(1_000).fill(n));
    expect(head()).to.deep.equal({ line: 2, first: 7, last: 10 });
  });

  it('retains nothing where that is said, and delivers all the same', () => {
    const { publish, head, read } = pair({ retain: 0 });
    publish('a');
    publish('b');
    expect(head()).to.deep.equal({ line: 2, first: 3, last: 2 });
    expect(valuesOf(read(0))).to.deep.equal(['a', 'b']);
  });

  it('keeps no more for readers than the window, and tells them the first that is left', () => {
    const { store } = pair({ retain: 2 });
    const op = publishOp('a');
    for (const n of numbers(1, windowMessages + 5)) {
      store.run(op, runContext(1_000, generationSpan + n));
    }
    expect(store.entries).to.equal(windowMessages);
    const context = runContext(1_000, generationSpan);
    expect(ops.readBatch(store.run(ops.readOp(2, 1, 100), context).result).first).to.equal(6);
  });

  it('keeps no more bytes for readers than the window, but the last message always', () => {
    const { publish, store, read } = pair({ retain: 0 });
    const large = new Uint8Array(windowBytes + 1);
    publish('a');
    publish(large);
    expect([store.entries, sequencesOf(read(0, 1))]).to.deep.equal([1, [2]]);
    publish('c');
    expect(sequencesOf(read(0))).to.deep.equal([3]);
  });

  it('forgets what only readers on their way could want after some seconds', () => {
    const { publish, pass, housekeep, store, read } = pair({ retain: 1 });
    publish('a');
    pass(windowMs / 2);
    publish('b');
    publish('c');
    expect(housekeep()).to.equal(false);
    pass(windowMs / 2);
    expect(housekeep()).to.equal(true);
    expect([store.entries, read(0).first]).to.deep.equal([2, 2]);
    pass(windowMs);
    expect([housekeep(), housekeep()]).to.deep.equal([true, false]);
    expect(valuesOf(read(0))).to.deep.equal(['c']);
  });

  it('tells a reader that what it waits for is gone, where nothing is left', () => {
    const { publish, pass, housekeep, read, store } = pair({ retain: 0 });
    publish('a');
    pass(windowMs);
    housekeep();
    expect([store.entries, read(0)]).to.deep.equal([0, { line: 2, first: 2, messages: [] }]);
  });

  it('begins from the start for a reader of another line', () => {
    const { publish, read } = pair({}, 3);
    for (const n of numbers(1, 5)) publish(n);
    const batch = read(4, 65_536, 2);
    expect([batch.line, batch.first, batch.messages.length]).to.deep.equal([4, 1, 5]);
    expect(sequencesOf(read(0, 65_536, ops.noLine))).to.deep.equal(numbers(1, 5));
  });

  it('answers a reader of another line at once, though it is empty', () => {
    const { run } = pair({}, 3);
    const ran = run(ops.readOp(2, 4, 100));
    expect(ran.waitsFor).to.equal(undefined);
    expect(ops.readBatch(ran.result)).to.deep.equal({ line: 4, first: 1, messages: [] });
  });

  it('gives results that share no memory with what it holds', () => {
    const { run, read, publish } = pair();
    publish('a');
    run(ops.readOp(2, 0, 100)).result.fill(0xff);
    expect(valuesOf(read(0))).to.deep.equal(['a']);
  });

  it('refuses malformed ops with GRID_BAD_VALUE and changes nothing', () => {
    const { store, publish } = pair();
    publish('a');
    const before = store.digest();
    for (const bytes of [[], [99], [32], [2], [2, 1], [2, 1, 1, 1, 1]]) {
      const run = () => store.run(Uint8Array.from(bytes), runContext(0, generationSpan));
      expect(run, `${bytes}`).to.throw().with.property('code', 'GRID_BAD_VALUE');
    }
    expect(store.digest()).to.equal(before);
  });

  it('survives any bytes as an op', () => {
    const store = new TopicStore(id, {});
    const anyOp = fc.uint8Array({ maxLength: 40 });
    const survives = (op: Uint8Array) => {
      try {
        store.run(op, runContext(0, generationSpan));
      } catch (error) {
        expect(GridError.is(error, 'GRID_BAD_VALUE'), String(error)).to.equal(true);
      }
    };
    fc.assert(fc.property(anyOp, survives), { numRuns: 500, seed: 1 });
  });

  it('fails loudly where changes are malformed', () => {
    const store = new TopicStore(id, {});
    expect(() => store.apply(Uint8Array.of(77))).to.throw('a change');
    expect(() => store.apply(Uint8Array.of(1, 1))).to.throw('Malformed');
  });
});

describe('a copy of a topic store', () => {
  it('covers one message at least, and about the bytes asked for', () => {
    const { store, publish } = pair();
    for (const n of numbers(1, 300)) publish(n);
    expect(store.copy(0, 0).to).to.be.within(1, hashCount / 10);
    expect(store.copy(0, 1e9).to).to.equal(hashCount);
    const { to, content } = store.copy(10, 200);
    expect(to).to.be.within(11, hashCount - 1);
    expect(content.length).to.be.within(1, 2_000);
  });

  it('made while the source changes ends equal, all changes being applied from the start', () => {
    for (const seed of numbers(1, 20)) copyWhileChanging(seed);
  });

  function copyWhileChanging(seed: number): void {
    const random = seededRandom(seed);
    const retain = random.pick([0, 5, 1_000]);
    const source = pair({ retain });
    const learner = new TopicStore(id, { retain });
    const change = () => {
      const value = new Uint8Array(random.below(60));
      learner.apply(source.run(publishOp(value)).changes);
    };
    const changeSome = (most: number) => numbers(1, random.below(most + 1)).forEach(change);
    for (const _ of numbers(1, 50)) source.publish('before');
    let from = 0;
    while (from < hashCount) {
      changeSome(2);
      const { to, content } = source.store.copy(from, random.pick([1, 200, 1_000]));
      learner.restore(from, to, content, source.store.entries);
      from = to;
    }
    changeSome(4);
    expect(learner.digest(), `seed ${seed}`).to.equal(source.store.digest());
    expect(learner.entries).to.equal(source.store.entries);
    // It goes on as its source would.
    const context = runContext(5_000, generationSpan + 10_000);
    const [one, other] = [source.store, learner].map((at) => at.run(publishOp('next'), context));
    expect(other).to.deep.equal(one);
    expect(learner.digest()).to.equal(source.store.digest());
  }

  it('of nothing empties what it is restored into', () => {
    const { store, publish } = pair();
    publish('a');
    const { to, content } = new TopicStore(id, {}).copy(0, 1);
    store.restore(0, to, content, 0);
    store.restore(to, hashCount, new Uint8Array(0), 0);
    const empty = new TopicStore(id, {});
    expect([store.entries, store.digest()]).to.deep.equal([0, empty.digest()]);
  });
});
