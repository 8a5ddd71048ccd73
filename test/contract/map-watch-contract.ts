/** What a map tells those who watch it, as a part of the contract of maps. */
import { setImmediate } from 'node:timers/promises';
import { expect } from 'chai';
import type { Observable } from 'rxjs';
import { GridError } from '../../src/base/errors.ts';
import type { GridMap, Key, MapChange } from '../../src/grid.ts';

type TheMap = () => GridMap<Key, unknown>;
type Change = MapChange<Key, unknown>;

/** Collects what is told, without versions, until the subscription ends. */
class Seen {
  readonly changes: Change[] = [];
  isComplete = false;
  readonly #subscription: { unsubscribe(): void };

  constructor(source: Observable<Change>) {
    this.#subscription = source.subscribe({
      next: (change) => this.changes.push(change),
      complete: () => {
        this.isComplete = true;
      },
    });
  }

  /** `[type, key, value, previous]` of each, when there are so many. */
  async rows(count: number): Promise<unknown[][]> {
    while (this.changes.length < count) await setImmediate();
    return this.changes.map((change) =>
      'key' in change
        ? [change.type, change.key, 'value' in change ? change.value : undefined, change.previous]
        : [change.type],
    );
  }

  stop(): void {
    this.#subscription.unsubscribe();
  }
}

export function mapWatching(map: TheMap): void {
  let seen: Seen;
  const watch = async (source: Observable<Change>) => {
    // The map is there, so a watch is on its way before the write that follows it.
    await map().size();
    seen = new Seen(source);
  };
  afterEach(() => seen.stop());

  it('tells sets and deletes of a key, with what was before', async () => {
    await map().set('ann', 0);
    await watch(map().watch('ann'));
    await map().set('ann', 1);
    await map().set('bob', 9);
    await map().increment('ann');
    await map().delete('ann');
    await map().take('ann');
    await map().setIfAbsent('ann', 5);
    expect(await seen.rows(4)).to.deep.equal([
      ['set', 'ann', 1, 0],
      ['set', 'ann', 2, 1],
      ['delete', 'ann', undefined, 2],
      ['set', 'ann', 5, undefined],
    ]);
    const versions = seen.changes.map((change) => ('version' in change ? change.version : 0));
    expect(versions).to.deep.equal([...versions].sort((a, b) => a - b));
    expect((await map().getEntry('ann'))?.version).to.equal(versions.at(-1));
  });

  it('tells what is written right after it began, of a map that was not used before', async () => {
    seen = new Seen(map().watch('ann'));
    const all = new Seen(map().changes);
    await map().set('ann', 1);
    await map().set('ann', 2);
    const [first] = await seen.rows(1);
    // A primary that did not know the map yet was asked again, and says so.
    if (first?.[0] !== 'gap') expect(first).to.deep.equal(['set', 'ann', 1, undefined]);
    const ofAll = await all.rows(1);
    if (!ofAll.some(([type]) => type === 'gap')) expect(ofAll[0]).to.deep.equal(first);
    all.stop();
  });

  it('tells that an entry expired, once', async () => {
    await watch(map().watch('ann'));
    await map().set('ann', 1, { ttl: 30 });
    await map().set('bob', 1);
    while (await map().has('ann')) await setImmediate();
    expect(await seen.rows(2)).to.deep.equal([
      ['set', 'ann', 1, undefined],
      ['expire', 'ann', undefined, 1],
    ]);
  });

  it('tells everything of a map, in the order of each key', async () => {
    await watch(map().changes);
    const keys = Array.from({ length: 40 }, (_, i) => `key ${i}`);
    await map().setMany(keys.map((key) => [key, 1] as const));
    await map().setMany(keys.map((key) => [key, 2] as const));
    await map().deleteMany(keys);
    const rows = await seen.rows(120);
    expect(rows.length).to.equal(120);
    for (const key of keys) {
      const own = rows.filter(([, of]) => of === key).map(([type, , value]) => [type, value]);
      expect(own, key).to.deep.equal([
        ['set', 1],
        ['set', 2],
        ['delete', undefined],
      ]);
    }
  });

  it('tells of the text keys that begin with a text, and of no others', async () => {
    await watch(map().watch({ prefix: 'user:' }));
    const keys: Key[] = ['user:1', 'use', 'users', 7, ['user:'], 'user:', 'xuser:2'];
    for (const key of [...keys, { key: 'user:3', affinity: 'x' } as const]) await map().set(key, 1);
    await map().delete('user:1');
    const rows = (await seen.rows(4)).map(([type, key]) => `${type} ${JSON.stringify(key)}`);
    expect(rows.sort()).to.deep.equal([
      'delete "user:1"',
      'set "user:"',
      'set "user:1"',
      'set {"key":"user:3","affinity":"x"}',
    ]);
  });

  it('tells that a map was cleared to those who watch one of its keys', async () => {
    await map().set('ann', 1);
    await watch(map().watch('ann'));
    await map().clear();
    await map().set('ann', 2);
    expect(await seen.rows(2)).to.deep.equal([['clear'], ['set', 'ann', 2, undefined]]);
  });

  it('tells nothing of what was before, nor after it was ended', async () => {
    await map().set('ann', 1);
    await watch(map().watch('ann'));
    await map().set('ann', 2);
    await seen.rows(1);
    seen.stop();
    await map().set('ann', 3);
    const other = seen;
    await watch(map().watch('ann'));
    await map().set('ann', 4);
    expect(await seen.rows(1)).to.deep.equal([['set', 'ann', 4, 3]]);
    expect(await other.rows(1)).to.deep.equal([['set', 'ann', 2, 1]]);
  });

  it('ends with the map', async () => {
    await map().set('ann', 1);
    await watch(map().watch('ann'));
    await map().set('ann', 2);
    await seen.rows(1);
    await map().destroy();
    await map().set('ann', 3);
    while (!seen.isComplete) await setImmediate();
    expect((await seen.rows(1)).length).to.equal(1);
  });

  it('gives each of two who subscribe to one handle objects of their own', async () => {
    const { changes } = map();
    await watch(changes);
    const other = new Seen(changes);
    await map().set('ann', { list: [] });
    const [[, , value] = []] = await seen.rows(1);
    (value as { list: number[] }).list.push(1);
    expect((await other.rows(1))[0]?.[2]).to.deep.equal({ list: [] });
    other.stop();
  });

  it('refuses to watch what is no key', async () => {
    await watch(map().watch('ann'));
    let thrown: unknown;
    try {
      map().watch({} as Key);
    } catch (error) {
      thrown = error;
    }
    expect(GridError.is(thrown, 'GRID_BAD_KEY'), String(thrown)).to.equal(true);
  });
}
