import { expect } from 'chai';
import { defaultLimits } from '../../src/base/limits.ts';
import { presets } from '../../src/base/timings.ts';
import type { MergePolicy } from '../../src/grid-merge.ts';
import type { Router } from '../../src/partition/router-port.ts';
import { keyOp, mapOps, readEntryResult, valueOp } from '../../src/structures/map/map-ops.ts';
import { bareOp, queueOps, tryPushOp } from '../../src/structures/queue/queue-ops.ts';
import { noLine, publishOp, readBatch, readOp } from '../../src/structures/topic/topic-ops.ts';
import { decodeValue, encodeValue } from '../../src/wire/value.ts';
import { Invariants } from '../simulation/invariants.ts';
import { mapName } from '../simulation/workload.ts';
import { Scene } from './scene.ts';

const { forkAfterMs, leaseMs } = presets.lan;
const followAfterMs = forkAfterMs + leaseMs;
const keys = Array.from({ length: 40 }, (_, at) => `k${at}`);

/** Two members that were cut apart, and both serve. */
function apart(shape: ConstructorParameters<typeof Scene>[0] = {}, seed = 7) {
  const scene = new Scene({ members: 2, ...shape }, seed);
  const [older = '', younger = ''] = scene.byAge;
  for (const key of keys) scene.endOf(scene.set(younger, key, `${key} before`));
  scene.world.cut(older, younger);
  scene.until(() => scene.successions.length === 1, 'the younger does not go on');
  scene.world.runFor(1_000);
  return { scene, older, younger };
}

function set(scene: Scene, by: string, key: string, value: unknown): void {
  expect(scene.endOf(scene.set(by, key, value))).to.equal('ok');
}

function get(scene: Scene, by: string, key: string): unknown {
  const read = scene.get(by, key);
  expect(scene.endOf(read)).to.equal('ok');
  return read.value;
}

describe('two lineages of a cluster that meet', function () {
  this.timeout(60_000);

  it('become the older one, with what the younger added (scenario 11)', () => {
    const { scene, older, younger } = apart();
    const { clusterId } = scene.memberOf(older).state;
    set(scene, older, 'k1', 'by the older');
    set(scene, younger, 'k1', 'by the younger');
    set(scene, younger, 'k2', 'by the younger');
    set(scene, younger, 'new', 'by the younger');
    set(scene, older, 'other', 'by the older');
    scene.world.healAll();
    scene.settled('the two do not come together');
    const { state } = scene.memberOf(younger);
    expect(state.lineage.id).to.equal(clusterId);
    for (const by of [older, younger]) {
      expect(get(scene, by, 'k1'), 'k1').to.equal('by the older');
      expect(get(scene, by, 'k2'), 'only the younger wrote it').to.equal('by the younger');
      expect(get(scene, by, 'new'), 'new').to.equal('by the younger');
      expect(get(scene, by, 'other'), 'other').to.equal('by the older');
      expect(get(scene, by, 'k3'), 'k3').to.equal('k3 before');
    }
    const [merge] = scene.memberOf(older).state.merges;
    expect(merge?.report).to.deep.equal([{ type: 'map', name: 'accounts', kept: 2, discarded: 1 }]);
    expect(merge?.missing).to.equal(0);
    const invariants = new Invariants(scene);
    invariants.check();
    invariants.checkQuiescent();
    expect(invariants.violations).to.deep.equal([]);
  });

  it('become the larger one, whichever is older, with what the other added', () => {
    const { scene, older, younger } = apart({ members: 2, lite: 0 });
    set(scene, older, 'k1', 'by the older');
    set(scene, older, 'k2', 'by the older');
    set(scene, younger, 'k1', 'by the younger');
    set(scene, older, 'new', 'by the older');
    const third = grow(scene, older);
    expect(scene.memberOf(third).state.members.size, 'on the side of the younger').to.equal(2);
    const forked = scene.memberOf(younger).state.lineage.id;
    scene.world.healAll();
    scene.settled('the sides do not come together');
    const { state } = scene.memberOf(older);
    expect(state.lineage.id).to.equal(forked);
    for (const by of [older, younger, third]) {
      expect(get(scene, by, 'k1'), 'k1').to.equal('by the younger');
      expect(get(scene, by, 'k2'), 'only the older wrote it').to.equal('by the older');
      expect(get(scene, by, 'new'), 'new').to.equal('by the older');
    }
    expect(scene.memberOf(third).state.merges[0]?.report).to.deep.equal([
      { type: 'map', name: 'accounts', kept: 2, discarded: 1 },
    ]);
  });

  it('follow the policy of each map', () => {
    const outcomes: Record<string, unknown[]> = {};
    for (const merge of ['putIfAbsent', 'latestUpdate', 'passThrough', 'discard']) {
      const { scene, older, younger } = apart({ map: { merge } });
      set(scene, older, 'k1', 'older, first');
      scene.world.runFor(500);
      set(scene, younger, 'k1', 'younger, last');
      set(scene, younger, 'k2', 'younger, first');
      scene.world.runFor(500);
      set(scene, older, 'k2', 'older, last');
      set(scene, younger, 'new', 'younger');
      scene.world.healAll();
      scene.settled('the two do not come together');
      const { kept, discarded } = scene.memberOf(older).state.merges[0]?.report[0] ?? {};
      outcomes[merge] = [
        ...['k1', 'k2', 'new'].map((key) => get(scene, younger, key)),
        kept,
        discarded,
      ];
    }
    expect(outcomes).to.deep.equal({
      putIfAbsent: ['older, first', 'older, last', 'younger', 1, 2],
      latestUpdate: ['younger, last', 'older, last', 'younger', 2, 1],
      passThrough: ['younger, last', 'younger, first', 'younger', 3, 0],
      discard: ['older, first', 'older, last', undefined, 0, 3],
    });
  });

  it('keep what was used more, where the map says so', () => {
    const { scene, older, younger } = apart({ map: { merge: 'higherHits' } });
    for (const [by, key] of [
      [older, 'k1'],
      [younger, 'k1'],
      [older, 'k2'],
      [younger, 'k2'],
    ] as const) {
      set(scene, by, key, by);
    }
    for (let times = 0; times < 5; times++) {
      get(scene, younger, 'k1');
      get(scene, older, 'k2');
    }
    scene.world.healAll();
    scene.settled('the two do not come together');
    expect([get(scene, older, 'k1'), get(scene, older, 'k2')]).to.deep.equal([younger, older]);
  });

  it('ask a policy of the user’s own, and count what it wants', () => {
    const asked: string[] = [];
    const longest: MergePolicy = (existing, incoming) => {
      asked.push(`${existing?.value} | ${incoming.value}`);
      if (incoming.value === 'throw') throw new Error('the policy failed');
      if (incoming.value === 'neither') return undefined;
      const [mine, theirs] = [String(existing?.value ?? ''), String(incoming.value)];
      return mine.length >= theirs.length ? existing?.value : incoming.value;
    };
    const map = { merge: 'longest' };
    const { scene, older, younger } = apart({ map, mergePolicies: { longest } });
    set(scene, older, 'k1', 'long, longer, longest');
    set(scene, younger, 'k1', 'short');
    set(scene, younger, 'k2', 'longer than what was before');
    set(scene, younger, 'k3', 'throw');
    set(scene, younger, 'k4', 'neither');
    set(scene, younger, 'new', 'new');
    scene.world.healAll();
    scene.settled('the two do not come together');
    const values = ['k1', 'k2', 'k3', 'k4', 'new'].map((key) => get(scene, younger, key));
    const kept = ['longer than what was before', 'k3 before', undefined, 'new'];
    expect(values).to.deep.equal(['long, longer, longest', ...kept]);
    expect(asked.sort()).to.deep.equal([
      'k2 before | longer than what was before',
      'k3 before | throw',
      'k4 before | neither',
      'long, longer, longest | short',
      'undefined | new',
    ]);
    expect(scene.memberOf(older).state.merges[0]?.report).to.deep.equal([
      { type: 'map', name: 'accounts', kept: 2, discarded: 3 },
    ]);
  });

  it('discard what a policy was to decide that no member has', () => {
    const { scene, older, younger } = apart({ map: { merge: 'nowhere' } });
    set(scene, younger, 'k1', 'by the younger');
    scene.world.healAll();
    scene.settled('the two do not come together');
    expect(get(scene, older, 'k1')).to.equal('k1 before');
    expect(scene.memberOf(older).state.merges[0]?.report).to.deep.equal([
      { type: 'map', name: 'accounts', kept: 0, discarded: 1 },
    ]);
  });

  it('bring nothing back that the winner has deleted, and nothing in that both had', () => {
    const { scene, older, younger } = apart();
    const gone = scene.call(older, 'k1', true, 10_000, (key) => keyOp(mapOps.delete, key));
    expect(scene.endOf(gone)).to.equal('ok');
    set(scene, younger, 'k2', 'by the younger');
    scene.world.healAll();
    scene.settled('the two do not come together');
    expect([get(scene, younger, 'k1'), get(scene, older, 'k2')]).to.deep.equal([
      undefined,
      'by the younger',
    ]);
    expect(scene.memberOf(older).state.merges[0]?.report).to.deep.equal([
      { type: 'map', name: 'accounts', kept: 1, discarded: 0 },
    ]);
  });

  for (const isOlderKept of [true, false]) {
    const who = isOlderKept ? 'the older' : 'the larger, younger one';
    it(`bring a structure with backups of which the other had no structure, where ${who} stays`, () => {
      const { scene, older, younger } = apart();
      const by = isOlderKept ? younger : older;
      const notes = (router: Router) => router.structure('map', 'notes');
      const isKnown = () => notes(scene.callerOf(by).program.router) !== undefined;
      scene.callerOf(by).run(({ router }) => {
        router.define('map', 'notes', { backups: 0 }, () => {});
      });
      scene.until(isKnown, 'the map is not made');
      const bytes = encodeValue('a note', defaultLimits);
      const write = (key: Uint8Array) => valueOp(mapOps.set, key, bytes);
      expect(scene.endOf(scene.call(by, 'k1', true, 10_000, write, notes))).to.equal('ok');
      if (!isOlderKept) grow(scene, older);
      scene.world.healAll();
      scene.settled('the two do not come together');
      for (const name of [older, younger]) {
        const read = (key: Uint8Array) => keyOp(mapOps.get, key);
        const call = scene.call(name, 'k1', false, 10_000, read, notes);
        expect([scene.endOf(call), call.value]).to.deep.equal(['ok', 'a note']);
      }
    });
  }

  it('give versions above those of both from then on', () => {
    const { scene, older, younger } = apart();
    set(scene, younger, 'k1', 'by the younger');
    const versionOf = (by: string) => {
      const read = scene.call(by, 'k1', false, 10_000, (key) => keyOp(mapOps.getEntry, key));
      expect(scene.endOf(read)).to.equal('ok');
      return readEntryResult(read.raw)?.version ?? 0;
    };
    const highest = versionOf(younger);
    scene.world.healAll();
    scene.settled('the two do not come together');
    set(scene, older, 'k1', 'afterwards');
    expect(versionOf(older)).to.be.above(highest);
  });

  it('go apart and come together again and again', () => {
    const { scene, older, younger } = apart();
    for (let round = 0; round < 3; round++) {
      set(scene, younger, `new ${round}`, round);
      scene.world.healAll();
      scene.settled('the two do not come together');
      for (let before = 0; before <= round; before++) {
        expect(get(scene, older, `new ${before}`)).to.equal(before);
      }
      const count = scene.successions.length;
      scene.world.cut(older, younger);
      scene.until(() => scene.successions.length > count, 'nobody goes on alone');
      scene.world.runFor(1_000);
    }
  });

  it('are followed by a member without data once nobody else leads it', () => {
    const scene = new Scene({ members: 2, lite: 1 });
    const [older = '', younger = ''] = scene.byAge.filter((name) => name !== 'm3');
    set(scene, 'm3', 'k1', 'before');
    scene.world.split([older], [younger, 'm3']);
    scene.until(() => scene.successions.length === 2, 'nobody follows');
    const forked = () => scene.memberOf(younger).state.lineage.id;
    const isFollowed = () =>
      scene.memberOf('m3').isReady && scene.memberOf('m3').state.lineage.id === forked();
    scene.until(isFollowed, 'the third does not follow');
    set(scene, 'm3', 'k1', 'in the fork');
    set(scene, older, 'new', 'by the older');
    scene.world.healAll();
    scene.settled('the sides do not come together');
    expect(scene.memberOf('m3').state.lineage.ancestors, 'the older stays').to.deep.equal([]);
    expect(get(scene, 'm3', 'new')).to.equal('by the older');
  });

  it('are followed by clients, whose open calls end as unknown', () => {
    const scene = new Scene({ members: 2, clients: ['direct', 'gateway'] });
    const [older = '', younger = ''] = scene.byAge;
    for (const client of ['c1', 'c2']) set(scene, client, client, 'before');
    const cutAt = scene.world.now;
    scene.world.split([older], [younger, 'c1', 'c2']);
    const open = ['c1', 'c2'].map((client) => scene.set(client, client, 'lost?', 60_000));
    scene.until(() => open.every(({ how }) => how !== undefined), 'calls do not end');
    for (const { how, endedAt } of open) {
      expect(how).to.match(/^GRID_INDETERMINATE/);
      expect(endedAt - cutAt, 'when it followed').to.be.at.least(followAfterMs);
    }
    for (const client of ['c1', 'c2']) {
      scene.until(() => knowsMap(scene, client), 'a client does not find the map');
      set(scene, client, client, 'in the fork');
    }
    scene.world.healAll();
    scene.settled('the sides do not come together');
    for (const client of ['c1', 'c2']) {
      scene.until(
        () => knowsMap(scene, client) && isOf(scene, client, older),
        'a client does not go on',
      );
      expect(get(scene, client, client)).to.equal(get(scene, older, client));
    }
  });

  for (const isOlderKept of [true, false]) {
    const who = isOlderKept ? 'the older' : 'the larger, younger one';
    it(`append what was pushed and published since, where ${who} stays`, () =>
      expectAppended(isOlderKept));
  }
});

function knowsMap(scene: Scene, client: string): boolean {
  return scene.callerOf(client).program.router.structure('map', mapName) !== undefined;
}

/** Whether a client belongs to the lineage of a member. */
function isOf(scene: Scene, client: string, name: string): boolean {
  const found = scene.clients.find((process) => process.name === client);
  return (
    found?.program.session.table.latest?.members.some(
      ({ id }) => id === scene.processOf(name).id,
    ) ?? false
  );
}

/** Another member joins the side of the younger. */
function grow(scene: Scene, older: string): string {
  const third = scene.add(true).name;
  scene.world.cut(older, third);
  const isIn = () => scene.memberOf(third).isReady && scene.memberOf(third).isSafe;
  scene.until(isIn, 'a third does not come');
  return third;
}

const jobs = (router: Router) => router.structure('queue', 'jobs');
const news = (router: Router) => router.structure('topic', 'news');

function publishAndPush(scene: Scene, by: string, text: string): void {
  const bytes = encodeValue(text, defaultLimits);
  const calls = [
    scene.call(by, 'jobs', true, 10_000, () => tryPushOp(bytes), jobs),
    scene.call(by, 'news', true, 10_000, () => publishOp(bytes), news),
  ];
  expect(calls.map((call) => scene.endOf(call))).to.deep.equal(['ok', 'ok']);
}

function take(scene: Scene, by: string): unknown {
  const op = () => bareOp(queueOps.tryTake);
  const call = scene.call(by, 'jobs', true, 10_000, op, jobs);
  expect(scene.endOf(call)).to.equal('ok');
  return call.raw.length === 0 ? undefined : decodeValue(call.raw);
}

function published(scene: Scene, by: string): unknown[] {
  const op = () => readOp(noLine, 0, 100_000);
  const call = scene.call(by, 'news', false, 10_000, op, news);
  expect(scene.endOf(call)).to.equal('ok');
  return readBatch(call.raw).messages.map(({ value }) => decodeValue(value));
}

function expectAppended(isOlderKept: boolean): void {
  const scene = new Scene({ members: 2 });
  scene.define('queue', 'jobs');
  scene.define('topic', 'news');
  const [older = '', younger = ''] = scene.byAge;
  const all = (texts: string) => texts.split(' ');
  for (const text of all('a b')) publishAndPush(scene, older, text);
  scene.world.cut(older, younger);
  scene.until(() => scene.successions.length === 1, 'the younger does not go on');
  scene.world.runFor(1_000);
  expect([take(scene, older), take(scene, younger)], 'each on its side').to.deep.equal(['a', 'a']);
  for (const text of all('o1 o2')) publishAndPush(scene, older, text);
  for (const text of all('y1 y2 y3')) publishAndPush(scene, younger, text);
  if (!isOlderKept) grow(scene, older);
  scene.world.healAll();
  scene.settled('the two do not come together');
  const [kept, brought] = isOlderKept ? ['o1 o2', 'y1 y2 y3'] : ['y1 y2 y3', 'o1 o2'];
  publishAndPush(scene, younger, 'later');
  const texts = all(`${kept} ${brought} later`);
  expect(published(scene, older)).to.deep.equal(['a', 'b', ...texts]);
  const taken = Array.from({ length: texts.length + 2 }, () => take(scene, older));
  expect(taken).to.deep.equal(['b', ...texts, undefined]);
  const count = all(brought).length;
  expect(scene.memberOf(older).state.merges[0]?.report).to.deep.equal([
    { type: 'queue', name: 'jobs', kept: count, discarded: 0 },
    { type: 'topic', name: 'news', kept: count, discarded: 0 },
  ]);
}
