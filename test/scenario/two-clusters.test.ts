import { expect } from 'chai';
import { type Random, seededRandom } from '../../src/base/random.ts';
import { Invariants } from '../simulation/invariants.ts';
import { mapName } from '../simulation/workload.ts';
import { Scene } from './scene.ts';

const keys = Array.from({ length: 12 }, (_, at) => `k${at}`);

/** A grid of three that holds something, and two that come later, expect two, and cannot see it. */
function twoClusters(seed = 7) {
  const scene = new Scene({ members: 3, lateExpect: 2 }, seed);
  const first = scene.byAge;
  const [by = ''] = first;
  for (const key of keys) scene.endOf(scene.set(by, key, `${key} before`));
  const late = [scene.add(true).name, scene.add(true).name];
  for (const one of first) for (const other of late) scene.world.cut(one, other);
  const [apart = ''] = late;
  const isFormed = () => late.every((name) => scene.memberOf(name).isReady);
  scene.until(isFormed, 'they form no cluster');
  expect(scene.memberOf(apart).state.clusterId).not.to.equal(scene.memberOf(by).state.clusterId);
  return { scene, first, by, late, apart };
}

function readAll(scene: Scene, by: string): unknown[] {
  return keys.map((key) => {
    const read = scene.get(by, key);
    const how = scene.endOf(read);
    return how === 'ok' ? read.value : how;
  });
}

/** Cuts a pair, or one direction of it, or none. */
function cutPerhaps({ world }: Scene, one: string, other: string, random: Random, share: number) {
  world.heal(one, other);
  const draw = random.next();
  const rest = 1 - share;
  if (draw < share) world.cut(one, other);
  else if (draw < share + rest / 3) world.cutOneWay(one, other);
  else if (draw < share + (2 * rest) / 3) world.cutOneWay(other, one);
}

/** Two that come later see the grid now and then while they look for a cluster; how many clusters there were. */
function meetNowAndThen(seed: number) {
  const scene = new Scene({ members: 3, lateExpect: 2 }, seed);
  const random = seededRandom(seed);
  const first = scene.byAge;
  const [by = ''] = first;
  for (const key of keys) scene.endOf(scene.set(by, key, `${key} before`));
  const pair = [scene.add(true).name, scene.add(true).name];
  const links = first.flatMap((one) => pair.map((other) => [one, other] as const));
  const share = random.pick([0.9, 0.95]);
  const seen = new Set<string>();
  for (let turn = 0; turn < 20; turn++) {
    for (const [one, other] of links) cutPerhaps(scene, one, other, random, share);
    scene.world.runFor(random.pick([200, 1_000, 3_000]));
    for (const { state } of scene.members) seen.add(state.clusterId);
  }
  seen.delete('');
  return { scene, clusters: seen.size, late: pair[0] ?? '' };
}

const before = keys.map((key) => `${key} before`);

describe('two clusters of one name that were formed apart', function () {
  this.timeout(60_000);

  it('become one when they meet, where one of them holds nothing', () => {
    for (let seed = 1; seed <= 8; seed++) {
      const { scene, by, late } = twoClusters(seed);
      const { clusterId } = scene.memberOf(by).state;
      scene.world.healAll();
      scene.settled('they do not come together');
      for (const name of late) {
        expect(scene.memberOf(name).state.clusterId, name).to.equal(clusterId);
        expect(readAll(scene, name)).to.deep.equal(before);
      }
      expect(scene.aparts).to.deep.equal([]);
      const invariants = new Invariants(scene);
      invariants.check();
      invariants.checkQuiescent();
      expect(invariants.violations).to.deep.equal([]);
    }
  });

  it('stay apart where both hold something, say so on both sides, and stop nobody', () => {
    const { scene, first, by, late, apart } = twoClusters();
    scene
      .processOf(apart)
      .run(({ router }) => router.define('map', mapName, { backups: 1 }, () => {}));
    scene.world.runFor(2_000);
    expect(scene.endOf(scene.set(apart, 'k0', 'of the other'))).to.equal('ok');
    scene.world.healAll();
    scene.world.runFor(60_000);
    const told = new Set(scene.aparts.map(({ address }) => address));
    for (const side of [first, late]) {
      const addresses = side.map((name) => scene.processOf(name).address);
      expect(
        addresses.some((address) => told.has(address)),
        `${side}`,
      ).to.equal(true);
    }
    expect(scene.programs.flatMap(({ stops }) => stops)).to.deep.equal([]);
    expect(readAll(scene, by)).to.deep.equal(before);
    const other = scene.get(late[1] ?? '', 'k0');
    expect([scene.endOf(other), other.value]).to.deep.equal(['ok', 'of the other']);
    expect(scene.memberOf(apart).state.members.size).to.equal(2);
    expect(scene.memberOf(by).state.members.size).to.equal(3);
  });

  it('come together also where they meet now and then, in one direction or both', () => {
    let formed = 0;
    for (let seed = 1; seed <= 12; seed++) {
      const { scene, clusters, late } = meetNowAndThen(seed);
      if (clusters > 1) formed++;
      scene.world.healAll();
      scene.settled(`they do not come together, seed ${seed}`);
      expect(readAll(scene, late), `seed ${seed}`).to.deep.equal(before);
    }
    expect(formed, 'runs with a second cluster').to.be.above(3);
  });
});
