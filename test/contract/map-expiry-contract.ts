/** What a map does about time, as a part of the contract of maps. */
import { setImmediate } from 'node:timers/promises';
import { expect } from 'chai';
import { GridError } from '../../src/base/errors.ts';
import type { GridMap, Key } from '../../src/grid.ts';

type TheMap = () => GridMap<Key, unknown>;

const long = '1h';
const hourMs = 3_600_000;

/** Asks until the key is absent, which is how a user sees that time has passed. */
async function untilAbsent(map: GridMap<Key, unknown>, key: Key): Promise<void> {
  while (await map.has(key)) await setImmediate();
}

export function mapExpiry(map: TheMap): void {
  it('keeps an entry until its time is over, and not longer', async () => {
    await map().set('ann', 1, { ttl: 60 });
    const entry = await map().getEntry('ann');
    expect((entry?.expiresAt ?? 0) - (entry?.updatedAt ?? 0)).to.equal(60);
    await untilAbsent(map(), 'ann');
    expect(await map().get('ann')).to.equal(undefined);
    expect(await map().getEntry('ann')).to.equal(undefined);
    expect((await map().getMany(['ann'])).size).to.equal(0);
  });

  it('neither counts nor lists what has expired', async () => {
    await map().set('bob', 2);
    await map().setMany(
      Array.from({ length: 20 }, (_, i) => [i, i] as const),
      { ttl: 40 },
    );
    await map().set('last', 3, { ttl: 50 });
    await untilAbsent(map(), 'last');
    expect(await map().size()).to.equal(1);
    const listed: unknown[] = [];
    for await (const entry of map()) listed.push(entry);
    expect(listed).to.deep.equal([['bob', 2]]);
  });

  it('takes an expired entry for absent in every write', async () => {
    const keys = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'last'];
    await map().setMany(
      keys.map((key) => [key, 5] as const),
      { ttl: 40 },
    );
    await map().set('last', 1, { ttl: 60 });
    await untilAbsent(map(), 'last');
    expect(await map().setIfAbsent('a', 6)).to.equal(true);
    expect(await map().replace('b', 6)).to.equal(false);
    expect(await map().increment('c', 2)).to.equal(2);
    expect(await map().getOrInsert('d', 6)).to.equal(6);
    expect(await map().swap('e', 6)).to.equal(undefined);
    expect(await map().compareAndSet('f', undefined, 6)).to.equal(true);
    expect(await map().delete('g')).to.equal(false);
    expect(await map().setIfVersion('last', 6, 0)).to.equal(true);
    expect(await map().getMany(keys)).to.deep.equal(
      new Map(
        [
          ...(['a', 'd', 'e', 'f', 'last'] as const).map((key) => [key, 6] as const),
          ['c', 2] as const,
        ].sort(([one], [other]) => keys.indexOf(one) - keys.indexOf(other)),
      ),
    );
    expect(await map().ttl('a'), 'it lives for ever').to.equal(-1);
  });

  it('tells what is left of a life, -1 for ever and -2 for nothing there', async () => {
    await map().set('ann', 1, { ttl: long });
    await map().set('bob', 1);
    expect(await map().ttl('ann')).to.be.within(hourMs - 60_000, hourMs);
    expect([await map().ttl('bob'), await map().ttl('cid')]).to.deep.equal([-1, -2]);
  });

  it('gives an entry another life, and says whether it was there', async () => {
    await map().set('ann', 1);
    const version = (await map().getEntry('ann'))?.version;
    expect(await map().expire('ann', long)).to.equal(true);
    expect(await map().ttl('ann')).to.be.within(hourMs - 60_000, hourMs);
    expect(await map().expire('bob', long)).to.equal(false);
    expect((await map().getEntry('ann'))?.version).to.equal(version);
    await map().expire('ann', 30);
    await untilAbsent(map(), 'ann');
  });

  it('deletes by a life of nothing', async () => {
    await map().set('ann', 1);
    expect(await map().expire('ann', 0)).to.equal(true);
    expect(await map().has('ann')).to.equal(false);
  });

  it('has an entry live for ever again', async () => {
    await map().set('ann', 1, { ttl: long });
    expect(await map().persist('ann')).to.equal(true);
    expect(await map().persist('ann')).to.equal(false);
    expect(await map().persist('bob')).to.equal(false);
    expect([await map().ttl('ann'), await map().get('ann')]).to.deep.equal([-1, 1]);
  });

  it('forgets the life of an entry that is set anew, and keeps it through increment and update', async () => {
    for (const key of ['a', 'b', 'c']) await map().set(key, 1, { ttl: long });
    await map().set('a', 2);
    await map().increment('b');
    await map().update('c', (value) => (value as number) + 1);
    expect(await map().ttl('a')).to.equal(-1);
    for (const key of ['b', 'c']) expect(await map().ttl(key), key).to.be.above(hourMs - 60_000);
    expect(await map().getMany(['a', 'b', 'c'])).to.deep.equal(
      new Map([
        ['a', 2],
        ['b', 2],
        ['c', 2],
      ]),
    );
  });

  it('shortens lives by chance, by the jitter at most', async () => {
    const keys = Array.from({ length: 60 }, (_, i) => `key ${i}`);
    await map().setMany(
      keys.map((key) => [key, 1] as const),
      { ttl: long, jitter: 0.5 },
    );
    const lives = await Promise.all(keys.map((key) => map().ttl(key)));
    expect(Math.min(...lives)).to.be.within(hourMs / 2 - 60_000, 0.7 * hourMs);
    expect(Math.max(...lives)).to.be.within(0.8 * hourMs, hourMs);
    expect(new Set(lives).size).to.be.above(40);
  });

  it('refuses lives that are none', async () => {
    const attempts = [
      () => map().set('a', 1, { ttl: 0 }),
      () => map().set('a', 1, { ttl: -1 }),
      () => map().set('a', 1, { ttl: '1 week' as '1d' }),
      () => map().set('a', 1, { jitter: 1.5 }),
      () => map().set('a', 1, { jitter: '1' as unknown as number }),
      () => map().set('a', 1, { maxIdle: 5 } as object),
      () => map().setMany([['a', 1]], { ttl: 0 }),
      () => map().expire('a', -1),
    ];
    for (const attempt of attempts) {
      const [end] = await Promise.allSettled([attempt()]);
      expect(end?.status).to.equal('rejected');
      const { reason } = end as PromiseRejectedResult;
      expect(GridError.is(reason, 'GRID_BAD_OPTION'), String(reason)).to.equal(true);
    }
    expect(await map().size()).to.equal(0);
  });
}
