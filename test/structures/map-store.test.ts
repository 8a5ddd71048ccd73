import { expect } from 'chai';
import fc from 'fast-check';
import { GridError } from '../../src/base/errors.ts';
import { hashCount, murmur3 } from '../../src/base/hash.ts';
import { defaultLimits } from '../../src/base/limits.ts';
import { seededRandom } from '../../src/base/random.ts';
import { HashIndex } from '../../src/partition/arena/hash-index.ts';
import { wholeStructure } from '../../src/partition/store.ts';
import * as ops from '../../src/structures/map/map-ops.ts';
import { MapStore } from '../../src/structures/map/map-store.ts';
import { encodeKey } from '../../src/wire/key.ts';
import { decodeValue, encodeValue } from '../../src/wire/value.ts';
import { runContext } from '../support/run-context.ts';

const { mapOps } = ops;
const keyOf = (key: string) => encodeKey(key, defaultLimits).bytes;
const encoded = (value: unknown) => encodeValue(value, defaultLimits);
const plain = (bytes: Uint8Array) => (bytes.length === 0 ? undefined : decodeValue(bytes));
const setOp = (key: string, value: unknown) => ops.valueOp(mapOps.set, keyOf(key), encoded(value));
const get = (store: MapStore, key: string) =>
  plain(store.run(ops.keyOp(mapOps.get, keyOf(key)), runContext(0, 0)).result);

/** A store, and a second one that only ever sees its changes. */
function pair() {
  const store = new MapStore();
  const mirror = new MapStore();
  let sequence = 0;
  return {
    store,
    mirror,
    /** Runs one op, applies its changes to the mirror and expects both to be equal. */
    run(op: Uint8Array, gridTime = 1_000) {
      sequence += 1;
      const ran = store.run(op, runContext(gridTime, sequence));
      if (!store.isWrite(op)) expect(ran.changes.length, 'a read changes nothing').to.equal(0);
      mirror.apply(ran.changes);
      expect(mirror.digest()).to.equal(store.digest());
      expect([mirror.entries, mirror.bytes]).to.deep.equal([store.entries, store.bytes]);
      return ran;
    },
  };
}

function scanAll(store: MapStore, kind: ops.ScanKind, onPage: () => void = () => {}): unknown[] {
  const blocks: unknown[] = [];
  let from = 0;
  while (from < ops.scanEnd) {
    const page = ops.readPage(store.run(ops.scanOp(kind, from), runContext(0, 0)).result);
    expect(page.next).to.be.greaterThan(from);
    blocks.push(...page.blocks);
    from = page.next;
    onPage();
  }
  return blocks;
}

describe('a map store', () => {
  it('shows at a glance what a run would give, and nothing that has expired', () => {
    const { run, store } = pair();
    run(setOp('ann', 'x'.repeat(100)));
    run(ops.valueOp(mapOps.set, keyOf('bob'), encoded(1), { ttlMs: 500 }));
    for (const code of [mapOps.get, mapOps.has]) {
      for (const name of ['ann', 'bob', 'cid']) {
        const { result, touched } = store.run(ops.keyOp(code, keyOf(name)), runContext(1_499, 0));
        const seen = store.glance(code, keyOf(name), 1_499);
        const { bytes, from, to } = seen ?? expect.fail('a run is needed');
        expect([...bytes.subarray(from, to)]).to.deep.equal([...result]);
        expect(seen?.touched).to.equal(touched);
      }
      expect(store.glance(code, keyOf('bob'), 1_500), 'its removal comes first').to.equal(
        undefined,
      );
    }
    expect(store.glance(mapOps.size, keyOf('ann'), 1_000), 'no single key').to.equal(undefined);
  });

  it('gives what was set, and nothing where nothing was', () => {
    const { run, store } = pair();
    const { touched, result } = run(setOp('ann', { age: 7 }));
    expect([touched, result.length]).to.deep.equal([murmur3(keyOf('ann')), 0]);
    expect(get(store, 'ann')).to.deep.equal({ age: 7 });
    expect(get(store, 'bob')).to.equal(undefined);
    expect(run(ops.keyOp(mapOps.has, keyOf('ann'))).result).to.deep.equal(ops.yes);
    expect(run(ops.keyOp(mapOps.has, keyOf('bob'))).result).to.deep.equal(ops.no);
  });

  it('gives results that later writes do not change', () => {
    const { run } = pair();
    run(setOp('ann', 'first'));
    const { result } = run(ops.keyOp(mapOps.get, keyOf('ann')));
    run(setOp('ann', 'other'));
    expect(plain(result)).to.equal('first');
  });

  it('knows its writes from its reads', () => {
    const { store } = pair();
    const writes = Object.entries(mapOps).filter(([, code]) => store.isWrite(ops.bareOp(code)));
    expect(writes.map(([name]) => name)).to.deep.equal([
      ...['set', 'delete', 'swap', 'take', 'setIfAbsent', 'replace', 'getOrInsert'],
      ...['compareAndSet', 'setIfVersion', 'deleteIfVersion', 'increment'],
      ...['setMany', 'deleteMany', 'clear', 'expire', 'persist', 'merge', 'mergeKept'],
    ]);
    expect(store.isWrite(new Uint8Array(0))).to.equal(false);
  });

  it('deletes and takes once', () => {
    const { run, store } = pair();
    for (const [code, first, second] of [
      [mapOps.delete, ops.yes, ops.no],
      [mapOps.take, encoded(1), ops.nothing],
    ] as const) {
      run(setOp('ann', 1));
      expect(run(ops.keyOp(code, keyOf('ann'))).result).to.deep.equal(first);
      const again = run(ops.keyOp(code, keyOf('ann')));
      expect([again.result, again.changes.length]).to.deep.equal([second, 0]);
    }
    expect(store.entries).to.equal(0);
  });

  it('swaps', () => {
    const { run, store } = pair();
    const swap = (value: number) =>
      plain(run(ops.valueOp(mapOps.swap, keyOf('ann'), encoded(value))).result);
    expect([swap(1), swap(2), swap(3)]).to.deep.equal([undefined, 1, 2]);
    expect(get(store, 'ann')).to.equal(3);
  });

  it('sets where absent and replaces where present', () => {
    const { run, store } = pair();
    const ran = (code: number, value: number) => {
      const { result, changes } = run(ops.valueOp(code, keyOf('ann'), encoded(value)));
      expect(changes.length > 0, 'changes go with success').to.equal(result[0] === 1);
      return result[0] === 1;
    };
    expect(ran(mapOps.replace, 1)).to.equal(false);
    expect(ran(mapOps.setIfAbsent, 2)).to.equal(true);
    expect(ran(mapOps.setIfAbsent, 3)).to.equal(false);
    expect(get(store, 'ann')).to.equal(2);
    expect(ran(mapOps.replace, 4)).to.equal(true);
    expect(get(store, 'ann')).to.equal(4);
  });

  it('gives what is there or inserts', () => {
    const { run } = pair();
    const ran = (value: number) =>
      run(ops.valueOp(mapOps.getOrInsert, keyOf('ann'), encoded(value)));
    expect(plain(ran(1).result)).to.equal(1);
    const second = ran(2);
    expect([plain(second.result), second.changes.length]).to.deep.equal([1, 0]);
  });

  it('compares encoded values and sets', () => {
    const { run, store } = pair();
    const ran = (expected: unknown, next: unknown) =>
      run(
        ops.compareAndSetOp(keyOf('ann'), encoded(expected), encoded(next), expected === undefined),
      ).result[0] === 1;
    expect(ran({ a: 1 }, 2)).to.equal(false);
    expect(ran(undefined, { a: 1 })).to.equal(true);
    expect(ran(undefined, { a: 1 })).to.equal(false);
    expect(ran({ a: 2 }, 2)).to.equal(false);
    expect(ran({ a: 1 }, 2)).to.equal(true);
    expect(get(store, 'ann')).to.equal(2);
  });

  it('tells version and times of an entry', () => {
    const { run } = pair();
    expect(run(ops.keyOp(mapOps.getEntry, keyOf('ann'))).result.length).to.equal(0);
    run(setOp('ann', 1), 5_000.75);
    run(setOp('ann', 2), 6_000.25);
    const entry = ops.readEntryResult(run(ops.keyOp(mapOps.getEntry, keyOf('ann'))).result)!;
    expect([entry.version, entry.createdAt, entry.updatedAt, entry.deadline]).to.deep.equal([
      3, 5_000, 6_000, 0,
    ]);
    expect(plain(entry.value)).to.equal(2);
  });

  it('gives a record with a time to live its deadline, and an increment leaves it', () => {
    const { run } = pair();
    const deadline = () =>
      ops.readEntryResult(run(ops.keyOp(mapOps.getEntry, keyOf('n'))).result)!.deadline;
    run(ops.valueOp(mapOps.set, keyOf('n'), encoded(1), { ttlMs: 250 }), 5_000);
    expect(deadline()).to.equal(5_250);
    run(ops.incrementOp(keyOf('n'), 1), 5_100);
    expect(deadline()).to.equal(5_250);
    run(setOp('n', 1), 5_100);
    expect(deadline()).to.equal(0);
    run(ops.valueOp(mapOps.set, keyOf('n'), encoded(1), { ttlMs: Number.MAX_SAFE_INTEGER }));
    expect(deadline()).to.equal(2 ** 48 - 1);
  });

  it('writes and deletes by version, with 0 for absent', () => {
    const { run, store } = pair();
    const set = (version: number) =>
      run(ops.setIfVersionOp(keyOf('ann'), encoded(version), version)).result[0] === 1;
    const remove = (version: number) =>
      run(ops.deleteIfVersionOp(keyOf('ann'), version)).result[0] === 1;
    expect(set(9)).to.equal(false);
    expect(set(0)).to.equal(true); // The second op: version 2.
    expect([set(0), set(1), set(2)]).to.deep.equal([false, false, true]); // The fifth op.
    expect(get(store, 'ann')).to.equal(2);
    expect([remove(2), remove(5)]).to.deep.equal([false, true]);
    expect(store.entries).to.equal(0);
    const absent = run(ops.deleteIfVersionOp(keyOf('ann'), 0));
    expect([absent.result, absent.changes.length]).to.deep.equal([ops.yes, 0]);
  });

  it('increments from 0, by fractions too', () => {
    const { run, store } = pair();
    expect(plain(run(ops.incrementOp(keyOf('n'), 5)).result)).to.equal(5);
    expect(plain(run(ops.incrementOp(keyOf('n'), -7.5)).result)).to.equal(-2.5);
    expect(get(store, 'n')).to.equal(-2.5);
  });

  it('refuses to increment what is not a number, and past what a number holds', () => {
    const { run, store } = pair();
    run(setOp('text', '7'));
    run(setOp('big', Number.MAX_SAFE_INTEGER));
    run(ops.valueOp(mapOps.set, keyOf('junk'), Uint8Array.of(0xc7)));
    const before = store.digest();
    for (const [key, by] of [
      ['text', 1],
      ['big', 1],
      ['big', Number.NaN],
      ['big', Number.POSITIVE_INFINITY],
      ['junk', 1],
    ] as const) {
      expectRefused(() => run(ops.incrementOp(keyOf(key), by)));
    }
    expect(store.digest()).to.equal(before);
  });

  it('gets, sets and deletes many in one op', () => {
    const { run } = pair();
    const pairs = ['a', 'b', 'c'].map((key) => [keyOf(key), encoded(key)] as const);
    expect(run(ops.setManyOp(pairs)).touched).to.equal(wholeStructure);
    const many = () =>
      ops
        .readMany(run(ops.keysOp(mapOps.getMany, ['a', 'x', 'c'].map(keyOf))).result)
        .map((value) => value && plain(value));
    expect(many()).to.deep.equal(['a', undefined, 'c']);
    const removed = run(ops.keysOp(mapOps.deleteMany, ['a', 'x', 'b', 'a'].map(keyOf)));
    expect(ops.readCount(removed.result)).to.equal(2);
    expect(many()).to.deep.equal([undefined, undefined, 'c']);
  });

  it('answers a large getMany in part, one value at least', () => {
    const { run } = pair();
    const large = 'x'.repeat(1_500_000);
    for (const key of 'abc') run(setOp(key, large));
    run(setOp('d', 1));
    const ask = (keys: string) =>
      ops.readMany(run(ops.keysOp(mapOps.getMany, [...keys].map(keyOf))).result).length;
    expect([ask('abcd'), ask('dabc'), ask('d')]).to.deep.equal([1, 2, 1]);
  });

  it('tells its size and is cleared', () => {
    const { run, store } = pair();
    for (let i = 0; i < 300; i++) run(setOp(`key ${i}`, i));
    expect(ops.readCount(run(ops.bareOp(mapOps.size)).result)).to.equal(300);
    expect(run(ops.bareOp(mapOps.clear)).touched).to.equal(wholeStructure);
    expect([store.entries, store.bytes]).to.deep.equal([0, 0]);
    expect(run(ops.bareOp(mapOps.clear)).changes.length, 'an empty map').to.equal(0);
  });

  it('scans every record once, in pages', () => {
    const store = new MapStore();
    for (let i = 0; i < 3_000; i++) {
      store.run(setOp(`key ${i}`, 'v'.repeat(200)), runContext(0, i));
    }
    let pages = 0;
    const keys = scanAll(store, 'keys').length;
    const entries = scanAll(store, 'entries', () => {
      pages += 1;
    });
    expect([keys, entries.length, scanAll(store, 'values').length]).to.deep.equal([
      3_000, 6_000, 3_000,
    ]);
    expect(pages).to.be.within(9, 14);
  });

  it('divides a range of large records between pages', () => {
    const store = new MapStore();
    for (let i = 0; i < 1_000; i++) {
      store.run(setOp(`key ${i}`, 'v'.repeat(40_000)), runContext(0, i));
    }
    let largest = 0;
    let from = 0;
    let met = 0;
    while (from < ops.scanEnd) {
      const { result } = store.run(ops.scanOp('values', from), runContext(0, 0));
      largest = Math.max(largest, result.length);
      const page = ops.readPage(result);
      met += page.blocks.length;
      from = page.next;
    }
    expect(met).to.equal(1_000);
    expect(largest).to.be.lessThan(65_536 + 41_000);
  });

  it('meets a record that stays once, whatever else changes during a scan', () => {
    const store = new MapStore();
    let sequence = 0;
    const set = (key: string, size: number) =>
      store.run(setOp(key, 'v'.repeat(size)), runContext(0, ++sequence));
    for (let i = 0; i < 2_000; i++) set(`stays ${i}`, 150);
    const keys = scanAll(store, 'keys', () => {}).length;
    expect(keys).to.equal(2_000);
    const met = scanAll(store, 'entries', () => {
      for (let i = 0; i < 400; i++) set(`new ${sequence}`, i);
    });
    const stayed = met.filter((block) => Buffer.from(block as Uint8Array).includes('stays '));
    expect(stayed.length).to.equal(2_000);
  });

  it('refuses malformed ops with GRID_BAD_VALUE and changes nothing', () => {
    const { run, store } = pair();
    run(setOp('ann', 1));
    const before = store.digest();
    // A setMany that ends after its flags sets nothing, and is whole; so is an empty deleteMany.
    const cuts: [Uint8Array, number[]][] = [
      [setOp('ann', 2), [1, 2, 3, -1]],
      [ops.compareAndSetOp(keyOf('ann'), encoded(1), encoded(2), false), [1, 2, 3, -1]],
      [ops.setManyOp([[keyOf('ann'), encoded(2)]]), [1, 3, -1]],
      [ops.keysOp(mapOps.deleteMany, [keyOf('ann')]), [2, -1]],
      [ops.scanOp('keys', 0), [1, 2]],
      [ops.incrementOp(keyOf('ann'), 1), [1, 8, 9]],
    ];
    for (const [op, lengths] of cuts) {
      for (const length of lengths) expectRefused(() => run(op.slice(0, length)));
    }
    for (const code of [0, 20, 31, 70, 255]) expectRefused(() => run(Uint8Array.of(code, 1, 2)));
    expectRefused(() => run(new Uint8Array(0)));
    expectRefused(() => run(Uint8Array.of(mapOps.set, 16, 1, 1, 1)));
    expectRefused(() => run(Uint8Array.of(mapOps.get)));
    expectRefused(() => run(Uint8Array.of(mapOps.scan, 4, 0)));
    expectRefused(() => run(ops.valueOp(mapOps.set, new Uint8Array(70_000), encoded(1))));
    expectRefused(() =>
      run(
        ops.setManyOp([
          [keyOf('bob'), encoded(1)],
          [keyOf('cid'), new Uint8Array(0)],
        ]),
      ),
    );
    expect(store.digest()).to.equal(before);
  });

  it('survives any bytes as an op', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 40 }),
        fc.integer({ min: 0, max: 50 }),
        (rest, code) => {
          const { run } = pair();
          const op = Uint8Array.of(code, ...rest);
          try {
            run(op);
          } catch (error) {
            // What says that it comes from a merge may come too early.
            const isEarly = code >= mapOps.merge && GridError.is(error, 'GRID_OVERLOADED');
            expect(isEarly || GridError.is(error, 'GRID_BAD_VALUE'), String(error)).to.equal(true);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('the changes of a map store', () => {
  it('make an equal store of another, whatever the ops', () => {
    fc.assert(
      fc.property(fc.array(anyOp, { maxLength: 120, size: 'max' }), (list) => {
        const { run } = pair();
        for (const op of list) {
          try {
            run(op);
          } catch (error) {
            expect(GridError.is(error, 'GRID_BAD_VALUE'), String(error)).to.equal(true);
          }
        }
      }),
      { numRuns: 40 },
    );
  });

  it('may be applied over any older content of their records', () => {
    const { run, store } = pair();
    const changes = [setOp('ann', 1), setOp('ann', 2), ops.keyOp(mapOps.delete, keyOf('bob'))].map(
      (op) => run(op).changes,
    );
    const other = new MapStore();
    for (const change of [...changes, ...changes]) other.apply(change);
    expect(other.digest()).to.equal(store.digest());
  });

  it('fail loudly where they are malformed', () => {
    expect(() => new MapStore().apply(Uint8Array.of(9))).to.throw(GridError);
    expect(() => new MapStore().apply(Uint8Array.of(1, 1))).to.throw(GridError);
  });
});

describe('a copy of a map store', () => {
  it('covers one record a call at least, and about the bytes asked for', () => {
    const store = new MapStore();
    for (let i = 0; i < 2_000; i++) store.run(setOp(`k${i}`, i), runContext(0, i));
    const { to: end, content: one } = store.copy(7, 1);
    expect([end > 7, one.length > 1, one.length < 40]).to.deep.equal([true, true, true]);
    const { to, content } = store.copy(0, 10_000);
    expect(to).to.be.within(2, hashCount - 1);
    expect(content.length).to.be.within(3_000, 10_000);
    expect(new MapStore().copy(0, 10).to).to.equal(hashCount);
  });

  it('gives large values one by one, though they lie close together', () => {
    const store = new MapStore();
    const large = 'x'.repeat(60_000);
    for (let i = 0; i < 600; i++) store.run(setOp(`k${i}`, large), runContext(0, i));
    let pieces = 0;
    for (let from = 0; from < hashCount; pieces++) {
      const { to, content } = store.copy(from, 65_536);
      expect(content.length).to.be.lessThan(2 * 65_536);
      from = to;
    }
    expect(pieces).to.be.within(600, 601);
  });

  it('makes room for all of them before the first is restored', () => {
    const source = new MapStore();
    for (let i = 0; i < 20_000; i++) source.run(setOp(`k${i}`, i), runContext(0, i));
    const { reserve } = HashIndex.prototype;
    const asked: number[] = [];
    HashIndex.prototype.reserve = function noted(entries) {
      asked.push(entries);
      reserve.call(this, entries);
    };
    try {
      const { to, content } = source.copy(0, 65_536);
      new MapStore().restore(0, to, content, source.entries);
    } finally {
      HashIndex.prototype.reserve = reserve;
    }
    expect(asked).to.deep.equal([20_000]);
  });

  it('replaces what the target had of its hashes, and nothing else', () => {
    const source = new MapStore();
    const target = new MapStore();
    for (let i = 0; i < 500; i++) {
      source.run(setOp(`key ${i}`, i), runContext(0, i));
      target.run(setOp(`key ${i + 250}`, -i), runContext(0, i));
    }
    for (let from = 0; from < hashCount; ) {
      const { to, content } = source.copy(from, 2_000);
      target.restore(from, to, content, source.entries);
      from = to;
    }
    expect(target.digest()).to.equal(source.digest());
  });

  it('made while the source changes ends equal, all changes being forwarded', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 3_000 }), (seed, chunkBytes) => {
        const random = seededRandom(seed);
        const { store: source, run } = pair();
        const learner = new MapStore();
        const change = (count: number, forward: boolean) => {
          for (let i = 0; i < count; i++) {
            const { changes } = run(randomOp(random));
            if (forward) learner.apply(changes);
          }
        };
        change(150, false);
        for (let from = 0; from < hashCount; ) {
          const { to, content } = source.copy(from, chunkBytes);
          learner.restore(from, to, content, source.entries);
          change(random.below(6), true);
          from = to;
        }
        change(5, true);
        expect(learner.digest()).to.equal(source.digest());
        expect(learner.entries).to.equal(source.entries);
      }),
      { numRuns: 25 },
    );
  });
});

function expectRefused(act: () => void): void {
  let thrown: unknown;
  try {
    act();
  } catch (error) {
    thrown = error;
  }
  expect(GridError.is(thrown, 'GRID_BAD_VALUE'), String(thrown)).to.equal(true);
}

const keys = fc.integer({ min: 0, max: 12 }).map((n) => keyOf(`k${n}`));
const values = fc
  .oneof(fc.integer({ min: -5, max: 5 }), fc.string({ maxLength: 200 }))
  .map(encoded);
const versions = fc.integer({ min: 0, max: 60 });
const anyOp: fc.Arbitrary<Uint8Array> = fc.oneof(
  fc
    .tuple(
      fc.constantFrom(
        mapOps.set,
        mapOps.swap,
        mapOps.setIfAbsent,
        mapOps.replace,
        mapOps.getOrInsert,
      ),
      keys,
      values,
    )
    .map(([code, key, value]) => ops.valueOp(code, key, value)),
  fc
    .tuple(
      fc.constantFrom(mapOps.get, mapOps.has, mapOps.getEntry, mapOps.delete, mapOps.take),
      keys,
    )
    .map(([code, key]) => ops.keyOp(code, key)),
  fc
    .tuple(keys, values, values, fc.boolean())
    .map(([key, expected, next, absent]) => ops.compareAndSetOp(key, expected, next, absent)),
  fc.tuple(keys, values, versions).map(([k, v, version]) => ops.setIfVersionOp(k, v, version)),
  fc.tuple(keys, versions).map(([key, version]) => ops.deleteIfVersionOp(key, version)),
  fc.tuple(keys, fc.integer({ min: -3, max: 3 })).map(([key, by]) => ops.incrementOp(key, by)),
  fc.array(keys, { maxLength: 5 }).map((list) => ops.keysOp(mapOps.deleteMany, list)),
  fc.array(fc.tuple(keys, values), { maxLength: 5 }).map((list) => ops.setManyOp(list)),
  fc.constant(ops.bareOp(mapOps.clear)),
);

function randomOp(random: ReturnType<typeof seededRandom>): Uint8Array {
  const key = `key ${random.below(120)}`;
  const kind = random.below(100);
  if (kind === 0) return ops.bareOp(mapOps.clear);
  if (kind < 25) return ops.keyOp(mapOps.delete, keyOf(key));
  if (kind < 35) return ops.incrementOp(keyOf(`count ${random.below(9)}`), 1);
  return setOp(key, 'v'.repeat(random.below(300)));
}
