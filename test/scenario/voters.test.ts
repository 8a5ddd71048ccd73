import { expect } from 'chai';
import { presets } from '../../src/base/timings.ts';
import { Invariants } from '../simulation/invariants.ts';
import { Scene } from './scene.ts';

const { forkAfterMs } = presets.lan;
const keys = Array.from({ length: 12 }, (_, at) => `k${at}`);

function votersOf(scene: Scene, name: string): readonly string[] {
  const ids = scene.memberOf(name).meta.raft?.config.voters ?? [];
  return ids.map((id) => scene.nameOf(id));
}

/** Two members that hold something, and a third that has just been started. */
function growing(splitBrain: 'auto' | 'consistency', seed: number) {
  const scene = new Scene({ members: 2, splitBrain }, seed);
  const [older = '', younger = ''] = scene.byAge;
  for (const key of keys) scene.endOf(scene.set(older, key, `${key} before`));
  const newcomer = scene.add(true).name;
  return { scene, older, younger, newcomer };
}

/** What a member answers for every key. */
function readAll(scene: Scene, by: string): unknown[] {
  return keys.map((key) => {
    const read = scene.get(by, key, 30_000);
    const how = scene.endOf(read);
    return how === 'ok' ? read.value : how;
  });
}

const before = keys.map((key) => `${key} before`);

describe('a grid that grows from two members to three', function () {
  this.timeout(60_000);

  it('has one voter or three at any time, and not two', () => {
    const { scene, older } = growing('consistency', 3);
    const seen = new Set<number>();
    const end = scene.world.now + 10_000;
    // A message takes longer than a look.
    while (!seen.has(3) && scene.world.now < end) {
      scene.world.runFor(0.05);
      seen.add(votersOf(scene, older).length);
    }
    expect([...seen]).to.deep.equal([1, 3]);
  });

  // Whoever dies beside the voter, whenever: the rest goes on.
  for (const role of ['younger', 'newcomer'] as const) {
    it(`survives the death of the ${role} at any moment, with consistency`, () => {
      const moments = { before: 0, after: 0 };
      for (let at = 0; at < 40; at++) {
        const grown = growing('consistency', 3);
        const { scene, older } = grown;
        const invariants = new Invariants(scene);
        const isThere = () => scene.memberOf(older).state.members.size === 3;
        scene.until(isThere, 'the newcomer is not taken in');
        scene.world.runFor(at * 5);
        const victim = grown[role];
        moments[votersOf(scene, older).length === 1 ? 'before' : 'after']++;
        scene.world.crash(victim, true);
        scene.world.runFor(4_000);
        expect(readAll(scene, older), `killed after ${at * 5} ms`).to.deep.equal(before);
        expect(scene.endOf(scene.set(older, 'k0', 'after', 20_000))).to.equal('ok');
        invariants.check();
        expect(invariants.violations).to.deep.equal([]);
      }
      expect(moments.before, 'deaths with one voter').to.be.above(3);
      expect(moments.after, 'deaths with three').to.be.above(3);
    });
  }

  it('goes on without the only voter too, alone or by the vote of the two others, in mode auto', () => {
    const lineages = { same: 0, forked: 0 };
    for (let at = 0; at < 20; at++) {
      const { scene, older, younger } = growing('auto', 3);
      const isThere = () => scene.memberOf(older).state.members.size === 3;
      scene.until(isThere, 'the newcomer is not taken in');
      scene.world.runFor(at * 10);
      scene.world.crash(older, true);
      scene.world.runFor(forkAfterMs + 8_000);
      expect(readAll(scene, younger), `killed after ${at * 10} ms`).to.deep.equal(before);
      lineages[scene.successions.length > 0 ? 'forked' : 'same']++;
    }
    expect(lineages.same).to.be.above(3);
    expect(lineages.forked).to.be.above(3);
  });
});

describe('a grid that shrinks from three members to two', function () {
  this.timeout(60_000);

  /** One of three says that it leaves, and for how long its vote then made a pair of the others. */
  function leaving(splitBrain: 'auto' | 'consistency') {
    const scene = new Scene({ members: 3, splitBrain }, 2);
    const [older = '', younger = '', goer = ''] = scene.byAge;
    for (const key of keys) scene.endOf(scene.set(older, key, `${key} before`));
    scene.processOf(goer).run(({ member }) => member.leave(60_000));
    return { scene, older, younger };
  }

  it('has two voters for no longer than it takes to say so', () => {
    const { scene, older } = leaving('consistency');
    let pairMs = 0;
    const isAlone = () => {
      const voters = votersOf(scene, older).length;
      if (voters === 2) pairMs++;
      return voters === 1;
    };
    while (!isAlone()) scene.world.runFor(1);
    expect(pairMs).to.be.within(0, 5);
  });

  for (const role of ['older', 'younger'] as const) {
    it(`survives the death of the ${role} while the third hands over, with consistency`, () => {
      for (let at = 0; at < 10; at++) {
        const shrunk = leaving('consistency');
        const { scene } = shrunk;
        scene.world.runFor(60 + at * 4);
        expect(votersOf(scene, shrunk.older)).to.have.length(3);
        const victim = shrunk[role];
        const [by = ''] = [shrunk.older, shrunk.younger].filter((name) => name !== victim);
        scene.world.crash(victim, true);
        scene.world.runFor(8_000);
        expect(readAll(scene, by), `killed after ${60 + at * 4} ms`).to.deep.equal(before);
      }
    });

    it(`survives the death of the ${role} at any moment, in mode auto`, () => {
      const voters = new Set<number>();
      for (let at = 0; at < 40; at++) {
        const shrunk = leaving('auto');
        const { scene } = shrunk;
        scene.world.runFor(60 + at * 12);
        voters.add(votersOf(scene, shrunk.older).length);
        const victim = shrunk[role];
        const [by = ''] = [shrunk.older, shrunk.younger].filter((name) => name !== victim);
        scene.world.crash(victim, true);
        scene.world.runFor(forkAfterMs + 8_000);
        expect(readAll(scene, by), `killed after ${60 + at * 12} ms`).to.deep.equal(before);
      }
      expect([...voters]).to.include.members([1, 3]);
    });
  }
});
