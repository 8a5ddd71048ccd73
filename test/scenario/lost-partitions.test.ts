/** Partitions that only the side holds that ends: nothing of them may be missing afterwards. */
import { expect } from 'chai';
import { Scene } from './scene.ts';

const keys = Array.from({ length: 40 }, (_, at) => `k${at}`);

function fill(scene: Scene): void {
  for (const key of keys) expect(scene.endOf(scene.set('m1', key, `${key} before`))).to.equal('ok');
}

function valuesAt(scene: Scene, by: string): unknown[] {
  return keys.map((key) => {
    const read = scene.get(by, key);
    const how = scene.endOf(read);
    return how === 'ok' ? read.value : how;
  });
}

const before = keys.map((key) => `${key} before`);

describe('partitions that one side alone holds', function () {
  this.timeout(60_000);

  it('are brought whole to the other, where there are no backups', () => {
    const scene = new Scene({ members: 2, backups: 0 });
    fill(scene);
    const [older = '', younger = ''] = scene.byAge;
    const key = scene.keyWhere((primary) => primary === younger);
    scene.world.cut(older, younger);
    scene.until(() => scene.successions.length === 1, 'the younger does not go on');
    scene.until(() => scene.memberOf(younger).isReady, 'it does not serve');
    expect(scene.endOf(scene.set(younger, key, 'since'))).to.equal('ok');
    scene.world.healAll();
    scene.settled('the two do not come together');
    const expected = before.map((value) => (value === `${key} before` ? 'since' : value));
    for (const by of [older, younger]) expect(valuesAt(scene, by)).to.deep.equal(expected);
  });

  it('are brought with a policy that discards what was changed there, too', () => {
    const scene = new Scene({ members: 2, backups: 0, map: { merge: 'discard' } });
    fill(scene);
    const [older = '', younger = ''] = scene.byAge;
    scene.world.cut(older, younger);
    scene.until(() => scene.successions.length === 1, 'the younger does not go on');
    scene.world.healAll();
    scene.settled('the two do not come together');
    for (const by of [older, younger]) expect(valuesAt(scene, by)).to.deep.equal(before);
  });

  it('are brought whole to the other, where all copies are on the side that ends', () => {
    const scene = new Scene({ members: 4, splitBrain: 'availability' });
    fill(scene);
    const [first = '', second = '', third = '', fourth = ''] = scene.byAge;
    const minority = [third, fourth];
    scene.keyWhere((primary, backups) =>
      [primary, ...backups].every((name) => minority.includes(name)),
    );
    scene.world.split([first, second], minority);
    const { id: lineage } = scene.memberOf(first).state.lineage;
    const areApart = () =>
      minority.every((name) => {
        const { isReady, state } = scene.memberOf(name);
        return isReady && state.lineage.id !== lineage;
      });
    scene.until(areApart, 'the minority does not go on');
    scene.world.healAll();
    scene.settled('the sides do not come together');
    for (const by of [first, fourth]) expect(valuesAt(scene, by)).to.deep.equal(before);
  });
});
