import { expect } from 'chai';
import type { MemberId } from '../../src/base/ids.ts';
import type { PartitionRow } from '../../src/partition/meta-state.ts';
import { Invariants } from '../simulation/invariants.ts';
import { UnderLoad } from '../simulation/under-load.ts';
import { Scene } from './scene.ts';

const restartMs = 2_000;

function rowsOf({ grid }: UnderLoad): readonly PartitionRow[] {
  return grid.newest?.state.groups[grid.shape.backups] ?? [];
}

describe('a process that is killed and comes back at its address within a second', function () {
  this.timeout(60_000);

  for (const isVoter of [true, false]) {
    const who = isVoter ? 'a voter' : 'no voter';
    it(`is, ${who} before, somebody new, with nothing and without a vote (scenario 14)`, () => {
      // Of four three vote.
      const trial = new UnderLoad({ seed: 3, shape: { members: 4 } });
      trial.begin();
      const votersOf = () => trial.leader?.program.member.meta.raft?.config.voters ?? [];
      const victim = trial.grid.processes.find(
        (process) => process !== trial.leader && votersOf().includes(process.id) === isVoter,
      );
      if (victim === undefined) throw new Error('no such process');
      const old = victim.id;
      const held = rowsOf(trial).filter(({ inSync }) => inSync.includes(old)).length;
      expect(held).to.be.above(0);
      trial.world.crash(victim.name);
      trial.runFor(800);
      trial.restart(victim);
      const { id } = victim;
      expect(id).not.to.equal(old);
      const isReplaced = () => {
        const members = trial.grid.newest?.state.members;
        return members?.has(old) === false && members.has(id);
      };
      trial.until(isReplaced, 'the old identity is not removed', 2_000);
      // It counts as a voter only once it was made one, and never in the old one's name.
      const votes: string[] = [];
      const watch = () => {
        for (const voter of votersOf()) if (voter === id) votes.push(statusOf(trial, id));
      };
      trial.onLook = watch;
      const rows = rowsOf(trial).filter(({ inSync }) => inSync.includes(id));
      expect(rows.length, 'copies in sync of one that has nothing').to.equal(0);
      trial.untilWell();
      expect(votersOf()).not.to.include(old);
      expect(votes.every((status) => status === 'up')).to.equal(true);
      expect(trial.finish()).to.deep.equal([]);
    });
  }
});

function statusOf({ grid }: UnderLoad, id: MemberId): string {
  return grid.newest?.state.members.get(id)?.status ?? 'none';
}

describe('four of five that restart, two seconds apart', function () {
  this.timeout(60_000);

  it('lose nothing where each leaves first (scenario 15)', () => {
    const trial = new UnderLoad({ seed: 4, shape: { members: 5, clients: ['direct'] } });
    trial.begin();
    let lost = 0;
    trial.onLook = () => {
      lost += rowsOf(trial).filter(({ primary }) => primary === undefined).length;
    };
    const four = trial.grid.processes.slice(1);
    for (const process of four) {
      trial.leave(process);
      trial.end(process);
      trial.runFor(100);
      trial.restart(process);
      trial.runFor(restartMs);
    }
    trial.untilWell();
    expect(lost, 'looks at a lost partition').to.equal(0);
    expect(trial.finish()).to.deep.equal([]);
    expect(four.map(({ starts }) => starts)).to.deep.equal([2, 2, 2, 2]);
  });

  it('lose nothing where each is killed, since its copies are made anew before the next (scenario 15)', () => {
    const { doomed, lost, kept } = killedInTurn(1);
    expect([doomed, lost]).to.deep.equal([[], []]);
    expect(kept.length).to.equal(keys.length);
  });

  it('lose, where two are killed at once, only what had all of its copies on them (scenario 15)', () => {
    const { doomed, lost, kept } = killedInTurn(2);
    expect(doomed.length, 'keys that are doomed').to.be.above(20);
    expect(lost, 'keys that are gone').to.deep.equal(doomed);
    expect(kept.length, 'keys that are not').to.be.above(20);
  });
});

const keys = Array.from({ length: 200 }, (_, at) => `k${at}`);

/** Kills four of five, so many at a time; which keys had all of their copies on those, which are gone and which not. */
function killedInTurn(atOnce: number) {
  const scene = new Scene({ members: 5, partitions: 31, onPartitionLost: 'recreate' }, 5);
  const invariants = new Invariants(scene);
  const [by = ''] = scene.processes.map(({ name }) => name);
  for (const key of keys) expect(scene.endOf(scene.set(by, key, 'kept'))).to.equal('ok');
  const killed = new Set<MemberId>();
  const doomed = new Set<string>();
  const isDoomed = (key: string) => scene.rowOf(key).inSync.every((id) => killed.has(id));
  const four = scene.processes.slice(1);
  for (let at = 0; at < four.length; at += atOnce) {
    const victims = four.slice(at, at + atOnce);
    for (const { id } of victims) killed.add(id);
    for (const key of keys.filter(isDoomed)) doomed.add(key);
    for (const { name } of victims) scene.world.crash(name);
    scene.world.runFor(100);
    invariants.check();
    for (const { name } of victims) scene.world.restart(name);
    scene.world.runFor(restartMs);
    invariants.check();
  }
  scene.until(() => scene.isSafe && scene.isLevel, 'they do not come to rest');
  const values = keys.map((key) => {
    const read = scene.get(by, key);
    expect(scene.endOf(read), key).to.equal('ok');
    return read.value;
  });
  expect(four.map(({ starts }) => starts)).to.deep.equal([2, 2, 2, 2]);
  invariants.checkQuiescent();
  expect(invariants.violations).to.deep.equal([]);
  return {
    doomed: keys.filter((key) => doomed.has(key)),
    lost: keys.filter((_, at) => values[at] === undefined),
    kept: keys.filter((_, at) => values[at] === 'kept'),
  };
}
