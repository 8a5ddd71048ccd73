import { expect } from 'chai';
import type { MemberId } from '../../src/base/ids.ts';
import type { PartitionRow } from '../../src/partition/meta-state.ts';
import { UnderLoad } from '../simulation/under-load.ts';

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

  it('lose only what had all of its copies on those who were killed (scenario 15)', () => {
    const trial = new UnderLoad({ seed: 5, shape: { members: 5, onPartitionLost: 'recreate' } });
    trial.begin();
    trial.workload.stop();
    const killed = new Set<MemberId>();
    const doomed = new Set<number>();
    const four = trial.grid.processes.slice(1);
    for (const process of four) {
      killed.add(process.id);
      rowsOf(trial).forEach(({ inSync }, index) => {
        if (inSync.every((id) => killed.has(id))) doomed.add(index);
      });
      trial.world.crash(process.name);
      trial.runFor(100);
      trial.restart(process);
      trial.runFor(restartMs);
    }
    trial.untilWell();
    rowsOf(trial).forEach(({ generation }, index) => {
      if (generation > 1) expect([...doomed], 'what may be lost').to.include(index);
    });
    expect(four.map(({ starts }) => starts)).to.deep.equal([2, 2, 2, 2]);
    trial.invariants.checkQuiescent();
    expect(trial.invariants.violations).to.deep.equal([]);
  });
});
