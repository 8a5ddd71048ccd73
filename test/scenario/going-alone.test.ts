import { expect } from 'chai';
import { Scene } from './scene.ts';

const minuteMs = 60_000;

/** What the member says to somebody’s word that the others are gone for good; undefined where it takes it. */
function told(scene: Scene, name: string): string | undefined {
  let refusal: string | undefined = 'nothing was said';
  scene.processOf(name).run(({ member }) => {
    member.goOnAlone((why) => {
      refusal = why;
    });
  });
  scene.world.runFor(10);
  return refusal;
}

const lineageOf = (scene: Scene, name: string) => scene.memberOf(name).state.lineage.id;

describe('a member whose majority is gone, and that is told so', function () {
  this.timeout(60_000);

  it('goes on alone with what it holds, and takes others in (scenario 9)', () => {
    const scene = new Scene({ members: 3, partitions: 31, splitBrain: 'consistency' });
    const [first = '', second = '', third = ''] = scene.byAge;
    const held = scene.keyWhere((...row) => row.flat().includes(third));
    const missing = scene.keyWhere((...row) => !row.flat().includes(third));
    expect(scene.endOf(scene.set(third, held, 'kept'))).to.equal('ok');
    expect(scene.endOf(scene.set(third, missing, 'gone'))).to.equal('ok');
    expect(told(scene, third), 'while all are there').to.match(/has a lease/);
    scene.world.crash(first);
    scene.world.crash(second);
    scene.world.runFor(minuteMs);
    expect(scene.successions, 'without a word').to.have.length(0);
    expect(told(scene, third)).to.equal(undefined);
    const goesOn = () => scene.successions.length > 0 && scene.memberOf(third).isReady;
    scene.until(goesOn, 'it does not go on', 5_000);
    expect(scene.successions.map(({ kind }) => kind)).to.deep.equal(['fork']);
    const read = scene.get(third, held);
    expect([scene.endOf(read), read.value]).to.deep.equal(['ok', 'kept']);
    expect(scene.endOf(scene.set(third, held, 'more'))).to.equal('ok');
    expect(scene.endOf(scene.get(third, missing))).to.equal('GRID_PARTITION_LOST not-applied');
    scene.world.restart(first);
    scene.world.restart(second);
    scene.until(() => scene.byAge.length === 3, 'new processes are not taken in');
    const again = scene.get(first, held);
    expect([scene.endOf(again), again.value]).to.deep.equal(['ok', 'more']);
  });

  it('is joined by others that are left, and meets those that were only cut off', () => {
    const scene = new Scene({ members: 5, partitions: 31, splitBrain: 'consistency' });
    const [, , , one = '', other = ''] = scene.byAge;
    const majority = scene.byAge.slice(0, 3);
    const key = scene.keyWhere((primary) => primary === one);
    scene.world.split([one, other], majority);
    scene.world.runFor(minuteMs);
    for (const name of majority) expect(told(scene, name), name).to.match(/has a lease/);
    expect(told(scene, one)).to.equal(undefined);
    const areOne = () => lineageOf(scene, one) === lineageOf(scene, other);
    const serve = () => [one, other].every((name) => scene.memberOf(name).isReady);
    scene.until(() => areOne() && serve(), 'the other does not come to it', minuteMs);
    expect(lineageOf(scene, one)).to.not.equal(lineageOf(scene, majority[0] ?? ''));
    expect(scene.endOf(scene.set(one, key, 'alone'))).to.equal('ok');
    scene.world.healAll();
    const lineages = () => new Set(scene.processes.map(({ name }) => lineageOf(scene, name)));
    scene.until(() => lineages().size === 1, 'the two sides do not meet');
    scene.settled('the two sides do not become one');
    const read = scene.get(majority[0] ?? '', key);
    expect([scene.endOf(read), read.value]).to.deep.equal(['ok', 'alone']);
  });
});
