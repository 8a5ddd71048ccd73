import { expect } from 'chai';
import type { GridEvent, GridMap } from '../../src/grid.ts';
import type { MergePolicy } from '../../src/grid-merge.ts';
import type { Grid } from '../../src/index.ts';
import { closeAll, joinGrid } from '../support/grids.ts';
import { freePort, TcpProxy } from '../support/tcp-proxy.ts';
import { until } from '../transport/until.ts';

const union: MergePolicy = (existing, incoming) =>
  [existing, incoming].map((entry) => String(entry?.value ?? '')).join('+');

/** Others reach it through a wire that can be cut. */
async function joinBehindWire(seeds: readonly string[]): Promise<{ grid: Grid; wire: TcpProxy }> {
  const port = await freePort();
  const wire = await TcpProxy.to(`127.0.0.1:${port}`);
  const advertise = `127.0.0.1:${wire.port}`;
  const mergePolicies = { union };
  const grid = await joinGrid({
    listen: { port },
    advertise,
    seeds,
    timeout: '20s',
    mergePolicies,
  });
  return { grid, wire };
}

/** What a watch of a key tells, its end too. */
function toldOf(map: GridMap<string, string>, key: string): string[] {
  const told: string[] = [];
  map.watch(key).subscribe({
    next: (change) => told.push(change.type === 'set' ? `set ${change.value}` : change.type),
    error: (error: unknown) => told.push(String(error)),
    complete: () => told.push('complete'),
  });
  return told;
}

describe('two members whose link is cut', function () {
  this.timeout(90_000);
  const wires: TcpProxy[] = [];
  after(async () => {
    await closeAll();
    for (const wire of wires) await wire.close();
  });

  it('go on on both sides, and merge what both have written when it is mended', async () => {
    const one = await joinBehindWire([]);
    const other = await joinBehindWire([one.grid.self.address]);
    wires.push(one.wire, other.wire);
    const [older, younger] = [one.grid, other.grid];
    await older.safe({ timeout: '30s' });
    const mapOf = (grid: Grid) => grid.map<string, string>('kept');
    await mapOf(older).setMany(Array.from({ length: 300 }, (_, at) => [`key ${at}`, 'before']));
    const partsOf = (grid: Grid) => ({
      sums: grid.map<string, string>('sums', { merge: 'union' }),
      jobs: grid.queue<string>('jobs'),
      news: grid.topic<string>('news'),
    });
    const [mine, theirs] = [partsOf(older), partsOf(younger)];
    await mine.sums.set('both', 'before');
    for (const job of ['job 1', 'job 2', 'job 3']) await mine.jobs.push(job);
    const events: GridEvent[] = [];
    for (const grid of [older, younger]) grid.events.subscribe((event) => events.push(event));
    const has = (type: GridEvent['type']) => events.some((event) => event.type === type);

    const watched = [older, younger].map((grid) => toldOf(mapOf(grid), 'key 2'));

    for (const wire of wires) {
      wire.refuse(true);
      wire.cut();
    }
    await until(() => has('split') && has('connected'), 'the split', 30_000);
    await mapOf(older).set('key 1', 'older');
    await mapOf(younger).set('key 1', 'younger');
    await mapOf(younger).set('key 2', 'younger');
    await mapOf(younger).setMany(Array.from({ length: 200 }, (_, at) => [`new ${at}`, 'younger']));
    await mapOf(older).set('key 3', 'older');
    expect(await mapOf(younger).delete('key 4')).to.equal(true);
    await mine.sums.set('both', 'mine');
    await theirs.sums.set('both', 'theirs');
    expect([await theirs.jobs.take(), await theirs.jobs.take()]).to.deep.equal(['job 1', 'job 2']);
    await theirs.jobs.push('of the younger');
    await mine.jobs.push('of the older');
    await theirs.news.publish('of the younger');
    await mine.news.publish('of the older');

    for (const wire of wires) wire.refuse(false);
    await until(
      () => events.filter(({ type }) => type === 'healed').length === 2,
      'the merge',
      40_000,
    );
    await Promise.all([older, younger].map((grid) => grid.safe({ timeout: '30s' })));
    const healed = events.find(({ type }) => type === 'healed');
    if (healed?.type !== 'healed') throw new Error('not healed');
    expect(healed.missing).to.equal(0);
    expect(healed.structures).to.have.deep.members([
      // 200 new keys, one that only the younger wrote, one that it deleted.
      { type: 'map', name: 'kept', kept: 202, discarded: 1 },
      { type: 'map', name: 'sums', kept: 1, discarded: 0 },
      // One item that was pushed, two that were taken.
      { type: 'queue', name: 'jobs', kept: 3, discarded: 0 },
      { type: 'topic', name: 'news', kept: 1, discarded: 0 },
    ]);
    for (const grid of [older, younger]) {
      expect(grid.members).to.have.length(2);
      expect(await mapOf(grid).get('key 1')).to.equal('older');
      expect(await mapOf(grid).get('key 2'), 'only one side wrote it').to.equal('younger');
      expect(await mapOf(grid).get('key 3')).to.equal('older');
      expect(await mapOf(grid).get('new 7')).to.equal('younger');
      expect(await mapOf(grid).has('key 4'), 'deleted by one side').to.equal(false);
      expect(await mapOf(grid).size()).to.equal(499);
    }
    expect(await mine.sums.get('both')).to.equal('mine+theirs');
    const left = ['job 3', 'of the older', 'of the younger'];
    expect([
      await mine.jobs.take(),
      await theirs.jobs.take(),
      await mine.jobs.take(),
    ]).to.deep.equal(left);
    expect(await theirs.jobs.size()).to.equal(0);
    const told: string[] = [];
    await mine.news.subscribe((text) => void told.push(text), { from: 'earliest' });
    await until(() => told.length === 2, 'what both published', 10_000);
    expect(told).to.deep.equal(['of the older', 'of the younger']);

    await mapOf(older).set('key 2', 'after');
    const [byOlder = [], byYounger = []] = watched;
    const hasCome = () => watched.every((changes) => changes.at(-1) === 'set after');
    await until(hasCome, 'the news on both sides', 10_000);
    expect(byOlder, 'what the other side wrote came with the merge').to.include('set younger');
    // It went into a lineage of its own, and from there to the other.
    expect(byYounger.filter((change) => change === 'gap').length).to.be.at.least(2);
    expect([...byOlder, ...byYounger]).to.not.include('complete');
  });
});
