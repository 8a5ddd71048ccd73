import { expect } from 'chai';
import { GridError } from '../../src/base/errors.ts';
import type { StructureId } from '../../src/base/ids.ts';
import { defaultLimits } from '../../src/base/limits.ts';
import { generationSpan } from '../../src/partition/meta-state.ts';
import type { Offer, Since, Store } from '../../src/partition/store.ts';
import { isForPolicy } from '../../src/structures/map/map-merge.ts';
import { keyOp, mapOps, valueOp } from '../../src/structures/map/map-ops.ts';
import { MapStore } from '../../src/structures/map/map-store.ts';
import { type MergeCount, readMergeResult } from '../../src/structures/merging.ts';
import { bareOp, queueOps, tryPushOp } from '../../src/structures/queue/queue-ops.ts';
import { QueueStore } from '../../src/structures/queue/queue-store.ts';
import { noLine, publishOp, readBatch, readOp } from '../../src/structures/topic/topic-ops.ts';
import { TopicStore } from '../../src/structures/topic/topic-store.ts';
import { encodeKey } from '../../src/wire/key.ts';
import { decodeValue, encodeValue } from '../../src/wire/value.ts';
import { runContext } from '../support/run-context.ts';

const key = (name: string) => encodeKey(name, defaultLimits).bytes;
const value = (given: unknown) => encodeValue(given, defaultLimits);
/** What the two histories have in common ends here. */
const parted = 100;
/** From here on the winner numbers what it writes. */
const floor = 3 * generationSpan;

function since(more: Partial<Since> = {}): Since {
  return {
    version: parted,
    after: parted,
    lostUpTo: 0,
    own: 2,
    other: undefined,
    floor,
    isBroughtAgain: false,
    isPartlyThere: false,
    isComplete: false,
    ...more,
  };
}

/** All that a store offers, in pieces of about so many bytes. */
function offers(store: Store, bytes: number, of = since()): Offer[] {
  const given: Offer[] = [];
  for (let from: number | undefined = 0; from !== undefined; from = given.at(-1)?.next) {
    given.push(store.offer(from, bytes, of));
  }
  return given;
}

function bring(from: Store, to: Store, sequence: number, bytes = 65_536, of = since()): MergeCount {
  const sum = { kept: 0, discarded: 0 };
  for (const { op } of offers(from, bytes, of)) {
    if (op === undefined) continue;
    const count = readMergeResult(to.run(op, runContext(1_000, sequence++)).result);
    sum.kept += count.kept;
    sum.discarded += count.discarded;
  }
  return sum;
}

describe('a map that is merged into another', () => {
  const fill = (map: MapStore, names: readonly string[], sequence: number, what = 'loser') => {
    for (const name of names) {
      map.run(
        valueOp(mapOps.set, key(name), value(`${name} ${what}`)),
        runContext(1_000, sequence),
      );
    }
  };
  const get = (map: MapStore, name: string) => {
    const { result } = map.run(keyOp(mapOps.get, key(name)), runContext(1_000, floor + 999));
    return result.length === 0 ? undefined : decodeValue(result);
  };
  const many = Array.from({ length: 500 }, (_, at) => `key ${at}`);

  it('offers what it has changed since, each record once, in pieces', () => {
    const map = new MapStore();
    fill(map, ['old'], parted);
    fill(map, many, parted + 1);
    const pieces = offers(map, 1_000).filter(({ op }) => op !== undefined);
    expect(pieces.length).to.be.above(5);
    expect(pieces.reduce((sum, { count }) => sum + count, 0)).to.equal(many.length);
    const winner = new MapStore();
    expect(bring(map, winner, floor, 1_000)).to.deep.equal({ kept: many.length, discarded: 0 });
    expect(many.map((name) => get(winner, name))).to.deep.equal(
      many.map((name) => `${name} loser`),
    );
    expect(get(winner, 'old')).to.equal(undefined);
  });

  it('is not let in by a primary that numbers below both histories', () => {
    const map = new MapStore();
    fill(map, ['new'], parted + 1);
    const winner = new MapStore();
    expect(() => bring(map, winner, floor - 1))
      .to.throw(GridError)
      .with.property('code', 'GRID_OVERLOADED');
    expect(winner.entries).to.equal(0);
    expect(bring(map, winner, floor)).to.deep.equal({ kept: 1, discarded: 0 });
  });

  it('gives a backup what it gives the primary', () => {
    const map = new MapStore();
    fill(map, many, parted + 1);
    const [winner, backup] = [new MapStore(), new MapStore()];
    for (const { op } of offers(map, 2_000)) {
      if (op !== undefined) backup.apply(winner.run(op, runContext(1_000, floor)).changes.slice());
    }
    expect(backup.digest()).to.equal(winner.digest());
  });

  it('counts as kept what both have alike, and leaves out what has expired', () => {
    const [map, winner] = [new MapStore(), new MapStore()];
    fill(map, ['same'], parted + 1);
    fill(winner, ['same'], parted + 5);
    const life = { ttlMs: 10, jitter: 0 };
    const brief = valueOp(mapOps.set, key('brief'), value(1), life);
    map.run(brief, runContext(500, parted + 2));
    expect(bring(map, winner, floor)).to.deep.equal({ kept: 1, discarded: 0 });
    expect(get(winner, 'brief')).to.equal(undefined);
  });

  it('is asked for its policy only where both have written the key since they parted', () => {
    const outcomes = ['putIfAbsent', 'latestUpdate', 'higherHits', 'passThrough', 'discard'].map(
      (merge) => {
        const [map, winner] = [new MapStore(), new MapStore({ merge })];
        fill(winner, ['untouched'], parted, 'before');
        fill(winner, ['both'], parted + 9, 'winner');
        fill(map, ['untouched', 'both'], parted + 2);
        bring(map, winner, floor);
        return [merge, get(winner, 'untouched'), get(winner, 'both')];
      },
    );
    expect(outcomes).to.deep.equal([
      ['putIfAbsent', 'untouched loser', 'both winner'],
      ['latestUpdate', 'untouched loser', 'both winner'],
      ['higherHits', 'untouched loser', 'both winner'],
      ['passThrough', 'untouched loser', 'both loser'],
      ['discard', 'untouched before', 'both winner'],
    ]);
  });

  it('is asked for no policy where the other has lost what both had', () => {
    const outcomes = ['putIfAbsent', 'passThrough', 'discard', 'own'].map((merge) => {
      const [map, winner] = [new MapStore(), new MapStore({ merge })];
      fill(map, ['before', 'overwritten'], parted, 'before');
      fill(map, ['since'], parted + 1);
      fill(winner, ['overwritten'], floor - 1, 'winner');
      const of = since({ version: 0, after: 0, lostUpTo: parted });
      const ops = offers(map, 60, of).flatMap(({ op }) => op ?? []);
      const isAsked = ops.map((op) => isForPolicy(op, { merge }));
      bring(map, winner, floor, 60, of);
      const values = ['before', 'overwritten', 'since'].map((name) => get(winner, name));
      return [merge, ...values, isAsked.filter(Boolean).length];
    });
    expect(outcomes).to.deep.equal([
      ['putIfAbsent', 'before before', 'overwritten winner', 'since loser', 0],
      ['passThrough', 'before before', 'overwritten winner', 'since loser', 0],
      ['discard', 'before before', 'overwritten winner', undefined, 0],
      ['own', 'before before', 'overwritten winner', 'since loser', 1],
    ]);
  });

  it('replaces nothing that was written since the two met, so it may come twice', () => {
    const [map, winner] = [new MapStore(), new MapStore({ merge: 'passThrough' })];
    fill(map, ['a', 'b'], parted + 1);
    expect(bring(map, winner, floor)).to.deep.equal({ kept: 2, discarded: 0 });
    fill(winner, ['a'], floor + 5, 'later');
    expect(bring(map, winner, floor + 10)).to.deep.equal({ kept: 1, discarded: 1 });
    expect([get(winner, 'a'), get(winner, 'b')]).to.deep.equal(['a later', 'b loser']);
  });

  it('goes on to expire when it would have', () => {
    const [map, winner] = [new MapStore(), new MapStore()];
    const life = { ttlMs: 1_500, jitter: 0 };
    map.run(valueOp(mapOps.set, key('a'), value(1), life), runContext(0, parted + 1));
    bring(map, winner, floor);
    const at = (gridTime: number) =>
      winner.run(keyOp(mapOps.get, key('a')), runContext(gridTime, floor + 10)).result.length > 0;
    expect([at(1_499), at(1_500)]).to.deep.equal([true, false]);
  });
});

describe('a queue that is merged into another', () => {
  const push = (queue: QueueStore, text: string, sequence: number) =>
    queue.run(tryPushOp(value(text)), runContext(1_000, sequence));
  const takeAll = (queue: QueueStore) => {
    const taken: unknown[] = [];
    for (let sequence = floor + 500; queue.entries > 0; sequence++) {
      taken.push(
        decodeValue(queue.run(bareOp(queueOps.tryTake), runContext(1_000, sequence)).result),
      );
    }
    return taken;
  };

  /** Where the side that went on alone began to number. */
  const own = 2 * generationSpan;

  it('stands behind what was there, and before what comes later, in its order', () => {
    const [queue, winner] = [new QueueStore(), new QueueStore()];
    push(queue, 'common', parted);
    for (let at = 0; at < 20; at++) push(queue, `loser ${at}`, own + 1 + at);
    push(winner, 'before', parted + 7);
    push(winner, 'meanwhile', floor);
    expect(bring(queue, winner, floor + 1, 60)).to.deep.equal({ kept: 20, discarded: 0 });
    push(winner, 'after', floor + 100);
    const brought = Array.from({ length: 20 }, (_, at) => `loser ${at}`);
    expect(takeAll(winner)).to.deep.equal(['before', ...brought, 'meanwhile', 'after']);
  });

  it('is not let in by a primary that numbers below both histories', () => {
    const [queue, winner] = [new QueueStore(), new QueueStore()];
    push(queue, 'loser', own + 1);
    expect(() => bring(queue, winner, floor - 1)).to.throw(GridError);
    expect(winner.entries).to.equal(0);
  });
});

describe('what one history has removed', () => {
  const keys = Array.from({ length: 40 }, (_, at) => `key ${at}`);
  const fill = (map: MapStore, names: readonly string[], sequence: number) => {
    for (const name of names) {
      map.run(valueOp(mapOps.set, key(name), value(name)), runContext(1_000, sequence));
    }
  };
  const namesIn = (map: MapStore) => {
    const has = (name: string) => map.run(keyOp(mapOps.has, key(name)), runContext(1_000, 0));
    return keys.filter((name) => has(name).result[0] === 1);
  };
  const remove = (map: MapStore, name: string) =>
    map.run(keyOp(mapOps.delete, key(name)), runContext(1_000, parted + 1));
  const of = since({ isComplete: true });

  /** Two maps of one history. */
  function twins(options = {}): MapStore[] {
    const maps = [new MapStore(), new MapStore(options)];
    for (const map of maps) fill(map, keys, parted);
    return maps;
  }

  it('is removed from the other, where that has left it alone', () => {
    const [map, winner] = twins() as [MapStore, MapStore];
    for (const name of ['key 1', 'key 2', 'key 3']) remove(map, name);
    fill(winner, ['key 2'], parted + 5);
    const backup = new MapStore();
    fill(backup, keys, parted);
    fill(backup, ['key 2'], parted + 5);
    for (const { op } of offers(map, 100, of)) {
      if (op !== undefined) backup.apply(winner.run(op, runContext(1_000, floor)).changes.slice());
    }
    expect(namesIn(winner)).to.deep.equal(
      keys.filter((name) => name !== 'key 1' && name !== 'key 3'),
    );
    expect(backup.digest()).to.equal(winner.digest());
  });

  it('is counted, and stays where the map discards what comes', () => {
    const counts = ['putIfAbsent', 'discard'].map((merge) => {
      const [map, winner] = twins({ merge }) as [MapStore, MapStore];
      for (const name of ['key 1', 'key 2', 'key 3']) remove(map, name);
      const count = bring(map, winner, floor, 100, of);
      return [count.kept, count.discarded, namesIn(winner).length];
    });
    expect(counts).to.deep.equal([
      [3, 0, keys.length - 3],
      [0, 3, keys.length],
    ]);
  });

  it('is left alone where it may have been lost, or have expired', () => {
    const [map, winner] = twins() as [MapStore, MapStore];
    remove(map, 'key 1');
    bring(map, winner, floor, 100, since({ isComplete: false }));
    expect(namesIn(winner)).to.deep.equal(keys);
    const brief = valueOp(mapOps.set, key('brief'), value(1), { ttlMs: 10, jitter: 0 });
    map.run(brief, runContext(1_000, parted + 2));
    bring(map, winner, floor, 100, of);
    expect(namesIn(winner)).to.deep.equal(keys);
  });

  it('is not given again, where it is an item that both had', () => {
    const [queue, winner] = [new QueueStore(), new QueueStore()];
    for (const store of [queue, winner]) {
      for (let at = 1; at <= 6; at++) {
        store.run(tryPushOp(value(at)), runContext(1_000, parted - 6 + at));
      }
    }
    const take = (store: QueueStore) => {
      const { result } = store.run(bareOp(queueOps.tryTake), runContext(1_000, floor + 1));
      return result.length === 0 ? undefined : decodeValue(result);
    };
    expect([take(queue), take(queue), take(winner)]).to.deep.equal([1, 2, 1]);
    expect(bring(queue, winner, floor, 1, of)).to.deep.equal({ kept: 1, discarded: 0 });
    expect([take(winner), take(winner)]).to.deep.equal([3, 4]);
  });
});

describe('a topic that is merged into another', () => {
  const topic = () => new TopicStore(7 as StructureId, {});
  const publish = (store: TopicStore, text: string, sequence: number) =>
    store.run(publishOp(value(text)), runContext(1_000, sequence));
  const messages = (store: TopicStore) => {
    const { result } = store.run(readOp(noLine, 0, 1_000_000), runContext(1_000, floor + 900));
    return readBatch(result).messages.map((message) => decodeValue(message.value));
  };
  const forked = 2 * generationSpan;

  it('offers what it published after it went on alone', () => {
    const [fork, winner] = [topic(), topic()];
    for (const store of [fork, winner]) publish(store, 'common', generationSpan + 1);
    publish(fork, 'loser 1', forked + 1);
    publish(fork, 'loser 2', forked + 2);
    publish(winner, 'winner', generationSpan + 2);
    expect(bring(fork, winner, floor, 1)).to.deep.equal({ kept: 2, discarded: 0 });
    expect(messages(winner)).to.deep.equal(['common', 'winner', 'loser 1', 'loser 2']);
  });

  it('takes in what the one that it left has published after it went', () => {
    const [older, fork] = [topic(), topic()];
    for (const store of [older, fork]) publish(store, 'common', generationSpan + 1);
    publish(older, 'loser', generationSpan + 2);
    publish(fork, 'winner', forked + 1);
    const of = since({ own: undefined, other: 2 });
    expect(bring(older, fork, floor, 1, of)).to.deep.equal({ kept: 1, discarded: 0 });
    expect(messages(fork)).to.deep.equal(['common', 'winner', 'loser']);
  });

  it('knows what both have where the one that stays has published nothing since', () => {
    const [older, fork] = [topic(), topic()];
    for (const store of [older, fork]) publish(store, 'common', generationSpan + 1);
    for (let at = 0; at < 5; at++) publish(older, `loser ${at}`, generationSpan + 2 + at);
    const of = since({ own: undefined, other: 2 });
    expect(bring(older, fork, floor, 1, of)).to.deep.equal({ kept: 5, discarded: 0 });
    expect(messages(fork)).to.deep.equal([
      'common',
      ...Array.from({ length: 5 }, (_, at) => `loser ${at}`),
    ]);
  });

  for (const again of ['isBroughtAgain', 'isPartlyThere'] as const) {
    it(`brings of the same history a second time only what did not come the first time, where ${again}`, () => {
      const [fork, copy, winner] = [topic(), topic(), topic()];
      const both = ['loser 1', 'twice', 'twice'];
      for (const store of [fork, copy]) {
        for (const [at, text] of both.entries()) publish(store, text, forked + 1 + at);
      }
      publish(fork, 'twice', forked + 5);
      publish(copy, 'of the copy', forked + 4);
      expect(bring(fork, winner, floor, 1).kept).to.equal(4);
      const of = since({ [again]: true });
      expect(bring(copy, winner, floor + 10, 65_536, of)).to.deep.equal({ kept: 1, discarded: 0 });
      expect(messages(winner)).to.deep.equal([...both, 'twice', 'of the copy']);
    });
  }

  it('brings all that are alike, in as many parts as they come', () => {
    const [fork, copy, winner] = [topic(), topic(), topic()];
    for (let at = 0; at < 5; at++) publish(fork, 'tick', forked + 1 + at);
    for (let at = 0; at < 2; at++) publish(copy, 'tick', forked + 1 + at);
    expect(bring(copy, winner, floor, 1).kept).to.equal(2);
    const of = since({ isPartlyThere: true });
    expect(bring(fork, winner, floor + 10, 1, of).kept).to.equal(3);
    expect(bring(fork, winner, floor + 20, 1, of).kept, 'a second time').to.equal(0);
    expect(messages(winner)).to.have.length(5);
  });

  it('takes nothing for brought that both had before', () => {
    const [older, fork] = [topic(), topic()];
    for (const store of [older, fork]) publish(store, 'tick', generationSpan + 1);
    publish(older, 'tick', generationSpan + 2);
    const of = since({ own: undefined, other: 2, isPartlyThere: true });
    expect(bring(older, fork, floor, 1, of).kept).to.equal(1);
    expect(bring(older, fork, floor, 1, of).kept, 'a second time').to.equal(0);
    expect(messages(fork)).to.deep.equal(['tick', 'tick']);
  });

  it('brings what stands at a number at which the one that stays has something else', () => {
    const [older, fork] = [topic(), topic()];
    for (const store of [older, fork]) publish(store, 'common', generationSpan + 1);
    // The last before the fork: neither was acknowledged when the two lost each other.
    publish(older, 'of the older', generationSpan + 2);
    publish(fork, 'of the fork', generationSpan + 2);
    publish(fork, 'winner', forked + 1);
    const of = since({ own: undefined, other: 2 });
    expect(bring(older, fork, floor, 1, of)).to.deep.equal({ kept: 1, discarded: 0 });
    expect(messages(fork)).to.deep.equal(['common', 'of the fork', 'winner', 'of the older']);
  });
});
