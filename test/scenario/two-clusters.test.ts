import { expect } from 'chai';
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
  return { scene, by, late, apart };
}

function readAll(scene: Scene, by: string): unknown[] {
  return keys.map((key) => {
    const read = scene.get(by, key);
    const how = scene.endOf(read);
    return how === 'ok' ? read.value : how;
  });
}

const before = keys.map((key) => `${key} before`);

describe('two clusters of one name that were formed apart', function () {
  this.timeout(60_000);

  it('stay apart where both hold something, and stop nobody', () => {
    const { scene, by, late, apart } = twoClusters();
    scene
      .processOf(apart)
      .run(({ router }) => router.define('map', mapName, { backups: 1 }, () => {}));
    scene.world.runFor(2_000);
    expect(scene.endOf(scene.set(apart, 'k0', 'of the other'))).to.equal('ok');
    scene.world.healAll();
    scene.world.runFor(60_000);
    expect(scene.programs.flatMap(({ stops }) => stops)).to.deep.equal([]);
    expect(readAll(scene, by)).to.deep.equal(before);
    const other = scene.get(late[1] ?? '', 'k0');
    expect([scene.endOf(other), other.value]).to.deep.equal(['ok', 'of the other']);
    expect(scene.memberOf(apart).state.members.size).to.equal(2);
    expect(scene.memberOf(by).state.members.size).to.equal(3);
  });
});
