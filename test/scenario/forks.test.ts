import { expect } from 'chai';
import { presets } from '../../src/base/timings.ts';
import { generationSpan } from '../../src/partition/meta-state.ts';
import { Invariants } from '../simulation/invariants.ts';
import { Scene } from './scene.ts';

const { leaseMs, forkAfterMs } = presets.lan;
/** What is seen of a lost process, the end of the last lease, and a few ticks. */
const slackMs = 3_500;
const keys = Array.from({ length: 40 }, (_, at) => `k${at}`);

/** Two members, with something in the map. */
function pair(shape: ConstructorParameters<typeof Scene>[0] = {}, seed = 7) {
  const scene = new Scene({ members: 2, ...shape }, seed);
  const [older = '', younger = ''] = scene.byAge;
  for (const key of keys) scene.endOf(scene.set(younger, key, `${key} before`));
  return { scene, older, younger };
}

/** What a member answers for every key. */
function readAll(scene: Scene, by: string): unknown[] {
  return keys.map((key) => {
    const read = scene.get(by, key);
    const how = scene.endOf(read);
    return how === 'ok' ? read.value : how;
  });
}

describe('the younger of two members', function () {
  this.timeout(60_000);

  it('goes on alone with all data when the older is killed (scenario 10)', () => {
    const { scene, older, younger } = pair();
    const invariants = new Invariants(scene);
    const { world } = scene;
    const before = scene.processOf(younger).id;
    const killedAt = world.now;
    world.crash(older);
    world.runFor(forkAfterMs);
    expect(scene.processOf(younger).id, 'not before its time').to.equal(before);
    expect(scene.endOf(scene.set(younger, 'k0', 'too early'))).to.match(/^GRID_NO_QUORUM/);
    scene.until(() => scene.processOf(younger).id !== before, 'it does not go on');
    expect(world.now - killedAt).to.be.at.most(forkAfterMs + slackMs);
    scene.until(() => scene.memberOf(younger).isReady, 'it does not serve');
    const values = readAll(scene, younger);
    expect(values.slice(1)).to.deep.equal(keys.slice(1).map((key) => `${key} before`));
    expect(values[0], 'what nobody acknowledged').to.be.oneOf(['k0 before', 'too early']);
    expect(scene.endOf(scene.set(younger, 'k1', 'after'))).to.equal('ok');
    const { state } = scene.memberOf(younger);
    expect(state.lineage.ancestors).to.deep.equal([state.clusterId]);
    expect(scene.successions).to.have.length(1);

    world.restart(older);
    scene.settled('the killed member does not come back');
    expect(readAll(scene, older)[1]).to.equal('after');
    invariants.check();
    invariants.checkQuiescent();
    expect(invariants.violations).to.deep.equal([]);
  });

  it('goes on soon where another process at the place of the older proves that it is gone', () => {
    const { scene, older } = pair();
    const { world } = scene;
    const killedAt = world.now;
    world.crash(older);
    world.runFor(100);
    world.restart(older);
    scene.settled('the two do not come together');
    expect(world.now - killedAt).to.be.below(forkAfterMs);
    expect(scene.successions).to.have.length(1);
    expect(readAll(scene, older)).to.deep.equal(keys.map((key) => `${key} before`));
  });

  it('waits in mode consistency, however long', () => {
    const { scene, older, younger } = pair({ splitBrain: 'consistency' });
    scene.world.crash(older);
    scene.world.runFor(20 * forkAfterMs);
    expect(scene.successions.length).to.equal(0);
    expect(scene.endOf(scene.get(younger, 'k1'))).to.equal('GRID_NO_QUORUM not-applied');
    expect(scene.endOf(scene.set(younger, 'k1', 'more'))).to.match(/^GRID_NO_QUORUM/);
  });

  it('takes its own pause for nobody else’s silence', () => {
    const { scene, older, younger } = pair();
    scene.world.pause(younger, 3 * forkAfterMs);
    scene.world.runFor(3 * forkAfterMs);
    scene.settled('the two do not come together');
    expect(scene.successions.length).to.equal(0);
    expect(readAll(scene, older)).to.deep.equal(keys.map((key) => `${key} before`));
  });

  it('waits for an older that stands still for less, and after that takes part again', () => {
    const { scene, older, younger } = pair();
    scene.world.pause(older, forkAfterMs - leaseMs);
    scene.world.runFor(forkAfterMs - leaseMs);
    scene.settled('the two do not come together');
    expect(scene.successions.length).to.equal(0);
    expect(readAll(scene, younger)).to.deep.equal(keys.map((key) => `${key} before`));
  });

  it('does not go on while others see the older', () => {
    const { scene, older, younger } = pair({ lite: 1 });
    scene.world.cut(younger, older);
    scene.world.runFor(3 * forkAfterMs);
    expect(scene.successions.length).to.equal(0);
    expect(scene.endOf(scene.set('m3', 'k1', 'more'))).to.equal('ok');
    scene.world.healAll();
    scene.settled('the two do not come together');
  });

  it('says of what it did not hold that it is lost, until that is accepted', () => {
    const { scene, older, younger } = pair({ backups: 0 });
    const far = scene.keyWhere((primary) => primary === older);
    const near = scene.keyWhere((primary) => primary === younger);
    scene.world.crash(older);
    scene.until(() => scene.successions.length === 1, 'it does not go on');
    scene.world.runFor(1_000);
    expect(scene.endOf(scene.get(younger, far))).to.equal('GRID_PARTITION_LOST not-applied');
    const read = scene.get(younger, near);
    expect([scene.endOf(read), read.value]).to.deep.equal(['ok', `${near} before`]);
    let isAccepted = false;
    scene.processOf(younger).run(({ member }) => {
      member.acceptLoss(5_000, () => {
        isAccepted = true;
      });
    });
    scene.until(() => isAccepted, 'the loss is not accepted');
    scene.world.runFor(1_000);
    const empty = scene.get(younger, far);
    expect([scene.endOf(empty), empty.value]).to.deep.equal(['ok', undefined]);
  });

  it('lets versions go on above all that the other side can give', () => {
    const { scene, older, younger } = pair();
    const versions = () =>
      [...scene.memberOf(younger).host.replicas()].map(({ replica }) => replica.state.log.last);
    const before = Math.max(...versions());
    scene.world.cut(older, younger);
    scene.until(() => scene.successions.length === 1, 'it does not go on');
    scene.world.runFor(1_000);
    expect(scene.endOf(scene.set(younger, 'k1', 'more'))).to.equal('ok');
    expect(scene.endOf(scene.set(older, 'k1', 'other'))).to.equal('ok');
    const base = (Math.floor(before / generationSpan) + 1) * generationSpan;
    expect(Math.min(...versions())).to.be.at.least(base);
    const { state } = scene.memberOf(younger);
    const rows = state.groups.flatMap((group) => group ?? []);
    expect(new Set(rows.map(({ rank, generation }) => `${rank} ${generation}`))).to.deep.equal(
      new Set(['2 2']),
    );
    expect(
      state.lineage.branches.map(({ rank, left }) => [rank, Math.max(...left) >= before]),
    ).to.deep.equal([[2, true]]);
  });
});

describe('the older of two members', function () {
  this.timeout(60_000);

  it('goes on when the younger is gone, in the lineage that was', () => {
    const { scene, older, younger } = pair();
    const { clusterId } = scene.memberOf(older).state;
    scene.world.crash(younger);
    expect(scene.endOf(scene.set(older, 'k1', 'more'))).to.equal('ok');
    scene.world.runFor(3 * forkAfterMs);
    expect(scene.successions.length).to.equal(0);
    expect(scene.memberOf(older).state.lineage.id).to.equal(clusterId);
  });
});

describe('a side without a majority that goes on alone', function () {
  this.timeout(60_000);

  it('does so as one lineage, with what any of its members has', () => {
    const scene = new Scene({ members: 4, splitBrain: 'availability' });
    const { id: before } = scene.memberOf('m1').state.lineage;
    // One of the three that vote, and the one that does not.
    const [first = '', second = '', ...majority] = [...scene.byAge].reverse();
    scene.world.split([first, second], majority);
    const lineages = () => [first, second].map((name) => scene.memberOf(name).state.lineage.id);
    const isOne = () => lineages().every((id) => id === lineages()[0] && id !== before);
    const serves = (name: string) => scene.memberOf(name).isReady;
    scene.until(() => isOne() && [first, second].every(serves), 'the two do not go on as one');
    expect(scene.successions.map(({ kind }) => kind)).to.deep.equal(['fork', 'merge']);
  });
});
