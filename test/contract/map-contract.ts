/**
 * What a map does, as a suite that runs unchanged on whatever gives a map: a member that holds the keys,
 * one that does not, a lite member, a client.
 */
import { expect } from 'chai';
import { GridError, type GridErrorCode } from '../../src/base/errors.ts';
import type { GridMap, Key } from '../../src/grid.ts';
import { mapExpiry } from './map-expiry-contract.ts';
import { mapWatching } from './map-watch-contract.ts';

/** `makeGridMap` gives a fresh, empty map at each call. */
export function mapContract(name: string, makeGridMap: () => Promise<GridMap<Key, unknown>>): void {
  describe(`a map of ${name}`, () => {
    let map: GridMap<Key, unknown>;
    beforeEach(async () => {
      map = await makeGridMap();
    });
    // The suites read the map when a test runs, not when it is described.
    const theMap = () => map;
    describe('basics', () => basics(theMap));
    describe('keys', () => keysOfAllKinds(theMap));
    describe('values', () => valuesOfAllKinds(theMap));
    describe('conditions', () => conditions(theMap));
    describe('versions', () => versions(theMap));
    describe('numbers', () => numbers(theMap));
    describe('many at once', () => manyAtOnce(theMap));
    describe('iteration', () => iteration(theMap));
    describe('expiry', () => mapExpiry(theMap));
    describe('watching', () => mapWatching(theMap));
    describe('refusals', () => refusals(theMap));
  });
}

type TheMap = () => GridMap<Key, unknown>;

function basics(map: TheMap): void {
  it('gives undefined for a key that is not there', async () => {
    expect(await map().get('ann')).to.equal(undefined);
    expect(await map().has('ann')).to.equal(false);
  });

  it('gives what was set', async () => {
    expect(await map().set('ann', { age: 7 })).to.equal(undefined);
    expect(await map().get('ann')).to.deep.equal({ age: 7 });
    expect(await map().has('ann')).to.equal(true);
  });

  it('gives the latest of several sets', async () => {
    for (let i = 0; i < 10; i++) await map().set('ann', i);
    expect(await map().get('ann')).to.equal(9);
  });

  it('carries out what one caller asks of a key in its order, awaited or not', async () => {
    const done: Promise<unknown>[] = [];
    const seen: Promise<unknown>[] = [];
    for (let i = 0; i < 20; i++) {
      done.push(map().set('ann', i));
      seen.push(map().get('ann'));
    }
    expect(await Promise.all(seen)).to.deep.equal(Array.from({ length: 20 }, (_, i) => i));
    // More than may be on their way at a time.
    for (let i = 0; i < 600; i++) done.push(map().set(`k${i}`, i));
    expect(await map().get('k599')).to.equal(599);
    await Promise.all(done);
  });

  it('gives a copy of its own at every get', async () => {
    const value = { list: [1] };
    await map().set('ann', value);
    value.list.push(2);
    const first = (await map().get('ann')) as typeof value;
    first.list.push(3);
    expect(await map().get('ann')).to.deep.equal({ list: [1] });
  });

  it('deletes, and says whether it was there', async () => {
    await map().set('ann', 1);
    expect(await map().delete('ann')).to.equal(true);
    expect(await map().delete('ann')).to.equal(false);
    expect(await map().get('ann')).to.equal(undefined);
  });

  it('swaps, and gives the value before', async () => {
    expect(await map().swap('ann', 1)).to.equal(undefined);
    expect(await map().swap('ann', 2)).to.equal(1);
    expect(await map().get('ann')).to.equal(2);
  });

  it('takes a value out once', async () => {
    await map().set('ann', 1);
    expect(await map().take('ann')).to.equal(1);
    expect(await map().take('ann')).to.equal(undefined);
    expect(await map().has('ann')).to.equal(false);
  });

  it('keeps an undefined value, as a Map does', async () => {
    await map().set('ann', undefined);
    expect(await map().get('ann')).to.equal(undefined);
    expect(await map().has('ann')).to.equal(true);
  });

  it('counts its entries', async () => {
    expect(await map().size()).to.equal(0);
    for (let i = 0; i < 30; i++) await map().set(i, i);
    await map().delete(7);
    await map().set(8, 'again');
    expect(await map().size()).to.equal(29);
  });

  it('is empty after clear, and can be used again', async () => {
    for (let i = 0; i < 30; i++) await map().set(i, i);
    expect(await map().clear()).to.equal(undefined);
    expect([await map().size(), await map().get(7)]).to.deep.equal([0, undefined]);
    await map().set(7, 'again');
    expect(await map().size()).to.equal(1);
  });

  it('is empty after destroy, and can be used again', async () => {
    await map().set('ann', 1);
    expect(await map().destroy()).to.equal(undefined);
    expect(await map().get('ann')).to.equal(undefined);
    await map().set('ann', 2);
    expect(await map().get('ann')).to.equal(2);
  });

  it('takes calls that are on their way at the same time', async () => {
    await Promise.all(Array.from({ length: 100 }, (_, i) => map().set(`key ${i}`, i)));
    const values = await Promise.all(Array.from({ length: 100 }, (_, i) => map().get(`key ${i}`)));
    expect(values).to.deep.equal(Array.from({ length: 100 }, (_, i) => i));
  });

  it('takes options with every call', async () => {
    const options = { timeout: '5s', signal: new AbortController().signal } as const;
    await map().set('ann', 1, options);
    expect(await map().get('ann', options)).to.equal(1);
    expect(await map().increment('ann', 1, options)).to.equal(2);
    expect(await map().size(options)).to.equal(1);
    expect(await map().getMany(['ann'], options)).to.deep.equal(new Map([['ann', 2]]));
  });
}

function keysOfAllKinds(map: TheMap): void {
  const kinds: [string, Key][] = [
    ['a text', 'ann'],
    ['an empty text', ''],
    ['a text beyond ASCII', 'Zoë 😀'],
    ['a number', 7.5],
    ['NaN', Number.NaN],
    ['a bigint', 2n ** 70n],
    ['a boolean', false],
    ['bytes', Uint8Array.of(1, 2, 3)],
    ['an array', ['user', 7, true, [1n]]],
    ['a pair with affinity', { key: 'cart', affinity: 'ann' }],
  ];
  for (const [kind, key] of kinds) {
    it(`may be ${kind}`, async () => {
      await map().set(key, 'here');
      expect(await map().get(structuredClone(key))).to.equal('here');
      expect(await all(map().keys())).to.deep.equal([key]);
    });
  }

  it('are told apart by type', async () => {
    for (const key of [1, '1', 1n, true, 'true', ['1']]) await map().set(key, typeof key);
    expect(await map().size()).to.equal(6);
    expect(await map().get(1n)).to.equal('bigint');
  });

  it('with an affinity are other keys than those without', async () => {
    await map().set('cart', 1);
    await map().set({ key: 'cart', affinity: 'ann' }, 2);
    await map().set({ key: 'cart', affinity: 'bob' }, 3);
    expect([await map().get('cart'), await map().get({ key: 'cart', affinity: 'bob' })]).to.eql([
      1, 3,
    ]);
    expect(await map().size()).to.equal(3);
  });

  it('take 0 and -0 for one', async () => {
    await map().set(-0, 'zero');
    expect(await map().get(0)).to.equal('zero');
  });
}

function valuesOfAllKinds(map: TheMap): void {
  const kinds: [string, unknown][] = [
    ['null', null],
    ['texts', 'Zoë 😀'],
    ['numbers', [0, -1.5, Number.MAX_SAFE_INTEGER, Number.POSITIVE_INFINITY]],
    ['bigints', [1n, -(2n ** 80n)]],
    ['booleans', [true, false]],
    ['objects within objects', { a: { b: [{ c: null }] } }],
    ['dates', new Date(1_753_000_000_123)],
    ['Maps', new Map<unknown, unknown>([['a', new Map([[1, 2]])]])],
    ['Sets', new Set([1, 'a'])],
    ['bytes', Uint8Array.of(0, 255)],
    ['typed arrays', Float64Array.of(1.5, -2)],
  ];
  for (const [kind, value] of kinds) {
    it(`may be ${kind}`, async () => {
      await map().set('key', value);
      expect(await map().get('key')).to.deep.equal(value);
    });
  }

  it('may be errors', async () => {
    await map().set('key', new RangeError('too far'));
    const error = (await map().get('key')) as Error;
    expect([error instanceof Error, error.name, error.message]).to.eql([
      true,
      'RangeError',
      'too far',
    ]);
  });

  it('may have cycles', async () => {
    const value: { self?: unknown } = {};
    value.self = value;
    await map().set('key', value);
    const found = (await map().get('key')) as typeof value;
    expect(found.self).to.equal(found);
  });

  it('may be large', async () => {
    const value = new Uint8Array(1_000_000).fill(7);
    await map().set('key', value);
    expect(await map().get('key')).to.deep.equal(value);
  });
}

function conditions(map: TheMap): void {
  it('setIfAbsent sets where nothing is', async () => {
    expect(await map().setIfAbsent('ann', 1)).to.equal(true);
    expect(await map().setIfAbsent('ann', 2)).to.equal(false);
    expect(await map().get('ann')).to.equal(1);
  });

  it('replace sets where something is', async () => {
    expect(await map().replace('ann', 1)).to.equal(false);
    expect(await map().has('ann')).to.equal(false);
    await map().set('ann', 1);
    expect(await map().replace('ann', 2)).to.equal(true);
    expect(await map().get('ann')).to.equal(2);
  });

  it('getOrInsert gives what is there afterwards', async () => {
    expect(await map().getOrInsert('ann', { n: 1 })).to.deep.equal({ n: 1 });
    expect(await map().getOrInsert('ann', { n: 2 })).to.deep.equal({ n: 1 });
  });

  it('setIfAbsent has one winner among many', async () => {
    const won = await Promise.all(
      Array.from({ length: 20 }, (_, i) => map().setIfAbsent('leader', i)),
    );
    expect(won.filter(Boolean).length).to.equal(1);
  });

  it('compareAndSet compares content', async () => {
    await map().set('ann', { a: [1, new Date(5)] });
    expect(await map().compareAndSet('ann', { a: [2, new Date(5)] }, 'x')).to.equal(false);
    expect(await map().compareAndSet('ann', { a: [1, new Date(5)] }, 'x')).to.equal(true);
    expect(await map().get('ann')).to.equal('x');
  });

  it('compareAndSet takes undefined for an absent key', async () => {
    expect(await map().compareAndSet('ann', 1, 2)).to.equal(false);
    expect(await map().compareAndSet('ann', undefined, 1)).to.equal(true);
    expect(await map().compareAndSet('ann', undefined, 2)).to.equal(false);
    expect(await map().get('ann')).to.equal(1);
  });

  it('compareAndSet takes undefined for a stored undefined too, and stores it', async () => {
    await map().set('ann', undefined);
    expect(await map().compareAndSet('ann', undefined, 1)).to.equal(true);
    expect(await map().compareAndSet('ann', 1, undefined)).to.equal(true);
    expect(await map().has('ann')).to.equal(true);
  });
}

function versions(map: TheMap): void {
  it('getEntry tells all about an entry', async () => {
    expect(await map().getEntry('ann')).to.equal(undefined);
    await map().set('ann', { n: 1 });
    const entry = (await map().getEntry('ann'))!;
    expect([entry.key, entry.value]).to.deep.equal(['ann', { n: 1 }]);
    expect(entry.expiresAt).to.equal(undefined);
    expect(entry.version).to.be.greaterThan(0);
    expect(Number.isInteger(entry.createdAt) && entry.createdAt >= 0).to.equal(true);
    expect(entry.updatedAt).to.be.at.least(entry.createdAt);
  });

  it('grow with every write of a key, its deletion and return included', async () => {
    let last = 0;
    for (const write of ['set', 'set', 'swap', 'replace'] as const) {
      await map()[write]('ann', 1);
      const { version } = (await map().getEntry('ann'))!;
      expect(version).to.be.greaterThan(last);
      last = version;
    }
    await map().delete('ann');
    await map().set('ann', 1);
    expect((await map().getEntry('ann'))!.version).to.be.greaterThan(last);
  });

  it('leave the time of creation as it was', async () => {
    await map().set('ann', 1);
    const before = (await map().getEntry('ann'))!;
    await map().set('ann', 2);
    const after = (await map().getEntry('ann'))!;
    expect(after.createdAt).to.equal(before.createdAt);
    expect(after.updatedAt).to.be.at.least(before.updatedAt);
  });

  it('setIfVersion writes at the version named, 0 being absent', async () => {
    expect(await map().setIfVersion('ann', 'x', 3)).to.equal(false);
    expect(await map().setIfVersion('ann', 1, 0)).to.equal(true);
    expect(await map().setIfVersion('ann', 2, 0)).to.equal(false);
    const { version } = (await map().getEntry('ann'))!;
    expect(await map().setIfVersion('ann', 2, version)).to.equal(true);
    expect(await map().setIfVersion('ann', 3, version)).to.equal(false);
    expect(await map().get('ann')).to.equal(2);
  });

  it('deleteIfVersion deletes at the version named', async () => {
    await map().set('ann', 1);
    const { version } = (await map().getEntry('ann'))!;
    expect(await map().deleteIfVersion('ann', version + 1)).to.equal(false);
    expect(await map().deleteIfVersion('ann', version)).to.equal(true);
    expect(await map().has('ann')).to.equal(false);
  });

  it('let update change a value, insert and delete', async () => {
    const add = (n: unknown) => ((n as number | undefined) ?? 10) + 1;
    expect(await map().update('n', add)).to.equal(11);
    expect(await map().update('n', add)).to.equal(12);
    expect(await map().update('n', () => undefined)).to.equal(undefined);
    expect(await map().has('n')).to.equal(false);
    expect(await map().update('n', () => undefined)).to.equal(undefined);
  });

  it('let update give a copy of what its function gave', async () => {
    const given = { list: [-0] };
    const value = await map().update('ann', () => given);
    expect(value)
      .to.deep.equal({ list: [0] })
      .and.to.not.equal(given);
  });

  it('let no concurrent update get lost', async () => {
    const append = (list: unknown) => [...((list as number[] | undefined) ?? []), 1];
    await Promise.all(Array.from({ length: 12 }, () => map().update('list', append)));
    expect((await map().get('list')) as number[]).to.have.length(12);
  });

  it('let an update fail with the error of its function, and change nothing', async () => {
    await map().set('ann', 1);
    const failed = map().update('ann', () => {
      throw new Error('no thanks');
    });
    expect((await failure(failed)).message).to.equal('no thanks');
    expect(await map().get('ann')).to.equal(1);
  });
}

function numbers(map: TheMap): void {
  it('are incremented from 0, by 1 where nothing else is said', async () => {
    expect(await map().increment('n')).to.equal(1);
    expect(await map().increment('n', 41)).to.equal(42);
    expect(await map().increment('n', -42.5)).to.equal(-0.5);
    expect(await map().get('n')).to.equal(-0.5);
  });

  it('are incremented exactly once by each of many', async () => {
    const sums = await Promise.all(Array.from({ length: 50 }, () => map().increment('n')));
    expect(new Set(sums).size).to.equal(50);
    expect(await map().get('n')).to.equal(50);
  });

  it('are all that can be incremented', async () => {
    await map().set('text', '7');
    await fails(map().increment('text'), 'GRID_BAD_VALUE');
    await map().set('big', Number.MAX_SAFE_INTEGER);
    await fails(map().increment('big'), 'GRID_BAD_VALUE');
    expect(await map().get('big')).to.equal(Number.MAX_SAFE_INTEGER);
  });

  it('are incremented by finite numbers only', async () => {
    for (const by of [Number.NaN, Number.POSITIVE_INFINITY, '1', 1n]) {
      await fails(map().increment('n', by as number), 'GRID_BAD_VALUE');
    }
    expect(await map().has('n')).to.equal(false);
  });
}

function manyAtOnce(map: TheMap): void {
  it('are set, and got in the order asked', async () => {
    const entries = Array.from({ length: 100 }, (_, i): [Key, unknown] => [`key ${i}`, { i }]);
    expect(await map().setMany(entries)).to.equal(undefined);
    const found = await map().getMany(['key 99', 'none', 'key 3', 'key 50']);
    expect([...found]).to.deep.equal([
      ['key 99', { i: 99 }],
      ['key 3', { i: 3 }],
      ['key 50', { i: 50 }],
    ]);
    expect(await map().size()).to.equal(100);
  });

  it('may come from a Map or a generator', async () => {
    await map().setMany(new Map([['a', 1]]));
    function* some(): Generator<[Key, unknown]> {
      yield ['b', 2];
      yield [['c'], 3];
    }
    await map().setMany(some());
    expect(await map().getMany(new Set(['a', 'b']))).to.deep.equal(
      new Map([
        ['a', 1],
        ['b', 2],
      ]),
    );
  });

  it('take the last of two entries of one key', async () => {
    await map().setMany([
      ['a', 1],
      ['a', 2],
    ]);
    expect(await map().get('a')).to.equal(2);
  });

  it('are deleted, and counted', async () => {
    await map().setMany(Array.from({ length: 20 }, (_, i): [Key, unknown] => [i, i]));
    expect(await map().deleteMany([3, 4, 4, 99])).to.equal(2);
    expect(await map().size()).to.equal(18);
  });

  it('may be none', async () => {
    expect((await map().getMany([])).size).to.equal(0);
    expect(await map().setMany([])).to.equal(undefined);
    expect(await map().deleteMany([])).to.equal(0);
  });

  it('set nothing where one is refused', async () => {
    const entries: [Key, unknown][] = [
      ['a', 1],
      ['b', () => 1],
    ];
    await fails(map().setMany(entries), 'GRID_BAD_VALUE');
    expect(await map().size()).to.equal(0);
  });
}

function iteration(map: TheMap): void {
  it('gives every key, value and entry once', async () => {
    const entries = Array.from({ length: 200 }, (_, i): [Key, unknown] => [`key ${i}`, i]);
    await map().setMany(entries);
    const byText = (one: unknown, other: unknown) => (String(one) < String(other) ? -1 : 1);
    const expected = [...entries].sort(byText);
    expect((await all(map().keys())).sort(byText)).to.deep.equal(expected.map(([key]) => key));
    expect((await all(map().values())).sort(byText)).to.deep.equal(
      entries.map(([, value]) => value).sort(byText),
    );
    expect((await all(map().entries())).sort(byText)).to.deep.equal(expected);
    expect((await all(map())).sort(byText)).to.deep.equal(expected);
  });

  it('gives nothing for an empty map', async () => {
    expect(await all(map())).to.deep.equal([]);
  });

  it('may be left early', async () => {
    await map().setMany(Array.from({ length: 50 }, (_, i): [Key, unknown] => [i, i]));
    let met = 0;
    for await (const _ of map()) {
      met += 1;
      if (met === 5) break;
    }
    expect(met).to.equal(5);
  });

  it('meets what stays once while the map changes', async () => {
    const large = 'x'.repeat(1_000);
    await map().setMany(
      Array.from({ length: 300 }, (_, i): [Key, unknown] => [`stays ${i}`, large]),
    );
    const met: Key[] = [];
    for await (const key of map().keys()) {
      if (String(key).startsWith('stays')) met.push(key);
      if (met.length % 10 === 0) await map().set(`new ${met.length}`, large);
    }
    expect([met.length, new Set(met).size]).to.deep.equal([300, 300]);
  });

  it('finds locally only what the map holds', async () => {
    await map().setMany(Array.from({ length: 50 }, (_, i): [Key, unknown] => [i, `value ${i}`]));
    const keys = [...map().local.keys()];
    for (const key of keys) expect(map().local.peek(key)).to.equal(`value ${key}`);
    expect([...map().local.entries()].map(([key]) => key)).to.have.members(keys);
    expect(new Set(keys).size).to.equal(keys.length);
    expect(keys.length).to.be.at.most(50);
    expect(map().local.peek('none')).to.equal(undefined);
  });
}

function refusals(map: TheMap): void {
  const badKeys: unknown[] = [undefined, null, {}, Symbol('s'), () => 1, new Date(5), [null]];
  const onKey: [string, (map: GridMap<Key, unknown>, key: Key) => Promise<unknown>][] = [
    ['get', (m, key) => m.get(key)],
    ['has', (m, key) => m.has(key)],
    ['set', (m, key) => m.set(key, 1)],
    ['delete', (m, key) => m.delete(key)],
    ['swap', (m, key) => m.swap(key, 1)],
    ['take', (m, key) => m.take(key)],
    ['setIfAbsent', (m, key) => m.setIfAbsent(key, 1)],
    ['replace', (m, key) => m.replace(key, 1)],
    ['getOrInsert', (m, key) => m.getOrInsert(key, 1)],
    ['compareAndSet', (m, key) => m.compareAndSet(key, 1, 2)],
    ['getEntry', (m, key) => m.getEntry(key)],
    ['setIfVersion', (m, key) => m.setIfVersion(key, 1, 0)],
    ['deleteIfVersion', (m, key) => m.deleteIfVersion(key, 1)],
    ['update', (m, key) => m.update(key, () => 1)],
    ['increment', (m, key) => m.increment(key)],
    ['getMany', (m, key) => m.getMany(['good', key])],
    ['setMany', (m, key) => m.setMany([[key, 1]])],
    ['deleteMany', (m, key) => m.deleteMany([key])],
  ];
  for (const [call, act] of onKey) {
    it(`of ${call} name a bad key`, async () => {
      for (const key of badKeys) await fails(act(map(), key as Key), 'GRID_BAD_KEY');
      await fails(act(map(), 'x'.repeat(5_000)), 'GRID_TOO_LARGE');
      expect(await map().size()).to.equal(0);
    });
  }

  const onValue: [string, (map: GridMap<Key, unknown>, value: unknown) => Promise<unknown>][] = [
    ['set', (m, value) => m.set('key', value)],
    ['swap', (m, value) => m.swap('key', value)],
    ['setIfAbsent', (m, value) => m.setIfAbsent('key', value)],
    ['replace', (m, value) => m.replace('key', value)],
    ['getOrInsert', (m, value) => m.getOrInsert('key', value)],
    ['compareAndSet', (m, value) => m.compareAndSet('key', 1, value)],
    ['setIfVersion', (m, value) => m.setIfVersion('key', value, 0)],
    ['update', (m, value) => m.update('key', () => value)],
    ['setMany', (m, value) => m.setMany([['key', value]])],
  ];
  for (const [call, act] of onValue) {
    it(`of ${call} name a bad value`, async () => {
      for (const value of [() => 1, Symbol('s'), { deep: [() => 1] }]) {
        await fails(act(map(), value), 'GRID_BAD_VALUE');
      }
      await fails(act(map(), new Uint8Array(8_388_609)), 'GRID_TOO_LARGE');
      expect(await map().size()).to.equal(0);
    });
  }

  it('of wrong options name the option', async () => {
    const wrong: [string, unknown][] = [
      ['timeout', { timeout: '10 parsecs' }],
      ['timeout', { timeout: -1 }],
      ['timeout', { timeout: 0 }],
      ['timeout', { timeout: '100d' }],
      ['signal', { signal: 'stop' }],
      ['timeoutMs', { timeoutMs: 5 }],
      ['null', null],
    ];
    for (const [word, options] of wrong) {
      const error = await fails(map().get('key', options as object), 'GRID_BAD_OPTION');
      expect(error.message).to.include(word);
      expect(
        (await fails(map().set('key', 1, options as object), 'GRID_BAD_OPTION')).message,
      ).to.include(word);
      await fails(map().size(options as object), 'GRID_BAD_OPTION');
      await fails(map().getMany([], options as object), 'GRID_BAD_OPTION');
      await fails(all(map().keys(options as object)), 'GRID_BAD_OPTION');
    }
    for (const [options, found] of [
      [{ tll: 5 }, 'tll. Allowed are signal, timeout, ttl, jitter'],
      [{ ttl: 0 }, 'Found 0.'],
    ] as const) {
      const error = await fails(map().set('key', 1, options as object), 'GRID_BAD_OPTION');
      expect(error.message).to.include(found);
    }
    expect(await map().size()).to.equal(0);
  });

  it('of wrong versions', async () => {
    for (const version of [-1, 1.5, Number.NaN, '1', undefined]) {
      await fails(map().setIfVersion('key', 1, version as number), 'GRID_BAD_OPTION');
      await fails(map().deleteIfVersion('key', version as number), 'GRID_BAD_OPTION');
    }
  });

  it('of what is no list', async () => {
    for (const list of [undefined, null, 7, 'abc', {}]) {
      await fails(map().getMany(list as unknown as Key[]), 'GRID_BAD_VALUE');
      await fails(map().deleteMany(list as unknown as Key[]), 'GRID_BAD_VALUE');
      await fails(map().setMany(list as unknown as [Key, unknown][]), 'GRID_BAD_VALUE');
    }
    for (const [entry, found] of [
      ['ab', 'found a value of type string'],
      [[1, 2, 3], 'found an array of 3'],
    ] as const) {
      const many = [entry] as unknown as [Key, unknown][];
      expect((await fails(map().setMany(many), 'GRID_BAD_VALUE')).message).to.include(found);
    }
  });

  it('of an update without a function', async () => {
    await fails(map().update('key', 7 as unknown as () => number), 'GRID_BAD_OPTION');
  });

  it('come at once where the signal has already aborted', async () => {
    const signal = AbortSignal.abort(new Error('never mind'));
    const error = await failure(map().set('key', 1, { signal }));
    expect(GridError.is(error) && error.outcome).to.equal('not-applied');
    expect((error.cause as Error).message).to.equal('never mind');
    expect(await map().has('key')).to.equal(false);
  });
}

async function all<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const list: Item[] = [];
  for await (const item of items) list.push(item);
  return list;
}

async function failure(promise: Promise<unknown>): Promise<Error> {
  const [end] = await Promise.allSettled([promise]);
  expect(end.status).to.equal('rejected');
  return (end as PromiseRejectedResult).reason as Error;
}

/** Expects a refusal that had no effect. */
async function fails(promise: Promise<unknown>, code: GridErrorCode): Promise<GridError> {
  const error = await failure(promise);
  expect(GridError.is(error, code), `${error} is ${code}`).to.equal(true);
  expect((error as GridError).outcome).to.equal('not-applied');
  return error as GridError;
}
