/** Members that come and go in peace, or straight back, while the grid is used all the time. */
import { expect } from 'chai';
import { presets } from '../../src/base/timings.ts';
import { isMoving } from '../../src/partition/meta-state.ts';
import type { SimProcess } from '../../src/testing/sim-process.ts';
import type { Program } from '../simulation/grid-world.ts';
import { UnderLoad } from '../simulation/under-load.ts';

const { rebalanceDelayMs } = presets.lan;

type Process = SimProcess<Program>;

/** Begun, with a thousand calls answered at its end at least. */
function loaded(members: number, more: ConstructorParameters<typeof UnderLoad>[0] = {}): UnderLoad {
  const trial = new UnderLoad({ ...more, shape: { members, clients: ['direct'], ...more.shape } });
  trial.begin();
  return trial;
}

function expectWell(trial: UnderLoad, answered = 1_000): void {
  expect(trial.finish()).to.deep.equal([]);
  expect([...trial.workload.refusals], 'calls that failed').to.deep.equal([]);
  expect(trial.ended.ok, 'calls that were answered').to.be.above(answered);
}

function rowsOf({ grid }: UnderLoad) {
  return grid.newest?.state.groups[grid.shape.backups] ?? [];
}

function heldBy(trial: UnderLoad, { id }: Process): number {
  return rowsOf(trial).filter(({ inSync }) => inSync.includes(id)).length;
}

/** Counts the tables, of all that any member has applied, in which a partition had fewer copies in sync than before. */
function watchCopies(trial: UnderLoad, wanted: number): { tooFew: number; looks: number } {
  const seen = { tooFew: 0, looks: 0 };
  let applied = trial.grid.newest?.state.applied ?? 0;
  trial.grid.onTable = () => {
    const { newest } = trial.grid;
    // Whoever is the first to apply it; the others have the same.
    if (newest === undefined || newest.state.applied === applied) return;
    applied = newest.state.applied;
    seen.looks++;
    if (rowsOf(trial).some(({ inSync }) => inSync.length < wanted)) seen.tooFew++;
  };
  return seen;
}

describe('members that join', function () {
  this.timeout(60_000);

  it('and leave again, from one to seven and back, one after the other', () => {
    const trial = loaded(1);
    for (let members = 2; members <= 7; members++) {
      trial.join();
      trial.untilWell(`${members} members did not come to rest`);
      expect(trial.grid.newest?.state.members.size).to.equal(members);
    }
    for (let members = 6; members >= 1; members--) {
      const [oldest] = trial.grid.processes;
      if (oldest === undefined) throw new Error('nobody is left');
      trial.leave(oldest);
      trial.end(oldest);
      trial.untilWell(`${members} members did not come to rest`);
      expect(trial.grid.newest?.state.members.size).to.equal(members);
    }
    expect(trial.invariants.looks.moves).to.be.above(20);
    expectWell(trial);
  });

  it('all at once, five to two, get their shares', () => {
    const trial = loaded(2);
    const newcomers = Array.from({ length: 5 }, () => trial.join());
    const seen = watchCopies(trial, 2);
    trial.untilWell();
    for (const newcomer of newcomers) expect(heldBy(trial, newcomer)).to.be.within(3, 4);
    expect(seen.tooFew).to.equal(0);
    expect(seen.looks, 'tables').to.be.above(50);
    expectWell(trial, 500);
  });

  it('while copies move to another one wait for nothing, and nothing is lost', () => {
    const trial = loaded(3, { shape: { members: 3, partitions: 31 } });
    const first = trial.join();
    const isUnderWay = () => rowsOf(trial).some((row) => isMoving(row) && row.learner === first.id);
    trial.until(isUnderWay, 'nothing moves to the first');
    const second = trial.join();
    expect(isUnderWay()).to.equal(true);
    const seen = watchCopies(trial, 2);
    trial.untilWell();
    expect(heldBy(trial, first)).to.be.within(12, 13);
    expect(heldBy(trial, second)).to.be.within(12, 13);
    expect(seen.tooFew).to.equal(0);
    expectWell(trial, 500);
  });
});

describe('members that leave', function () {
  this.timeout(60_000);

  it('two at once hand over first, and no partition has fewer copies meanwhile', () => {
    const trial = loaded(5);
    const [, first, , second] = trial.grid.processes;
    if (first === undefined || second === undefined) throw new Error('too few members');
    expect(heldBy(trial, first) + heldBy(trial, second)).to.be.above(5);
    const seen = watchCopies(trial, 2);
    trial.leave(first);
    trial.leave(second);
    trial.end(first);
    trial.end(second);
    trial.untilWell();
    expect(seen.tooFew).to.equal(0);
    expect(trial.grid.newest?.state.members.size).to.equal(3);
    expectWell(trial, 300);
  });

  it('while another joins are taken over by whoever is there', () => {
    const trial = loaded(3);
    const [, goer] = trial.grid.processes;
    if (goer === undefined) throw new Error('too few members');
    const newcomer = trial.join();
    trial.leave(goer);
    trial.end(goer);
    trial.untilWell();
    expect(heldBy(trial, newcomer)).to.be.within(8, 9);
    expectWell(trial, 300);
  });

  it('and lead the meta group pass that on, and hold nobody up', () => {
    const trial = loaded(5);
    const { leader } = trial;
    if (leader === undefined) throw new Error('nobody leads');
    const { term = 0 } = leader.program.member.meta.raft ?? {};
    trial.leave(leader);
    let leaderless = 0;
    trial.onLook = () => {
      if (trial.leader === undefined && !leader.program.member.meta.isLeader) leaderless++;
    };
    trial.end(leader);
    trial.untilWell();
    // A look is every 10 ms, and an election by timeout would take 600 at least.
    expect(leaderless).to.be.below(20);
    expect(trial.leader?.program.member.meta.raft?.term).to.equal(term + 1);
    expectWell(trial, 300);
  });
});

describe('a member that is lost', function () {
  this.timeout(60_000);

  it('and comes straight back at its address gets its share again, and no more moves than it had', () => {
    const trial = loaded(4);
    const victim = trial.grid.processes.find((process) => process !== trial.leader);
    if (victim === undefined) throw new Error('too few members');
    const held = heldBy(trial, victim);
    const { moves } = trial.invariants.looks;
    trial.world.crash(victim.name);
    trial.runFor(800);
    trial.restart(victim);
    trial.untilWell();
    // What was made anew elsewhere meanwhile moves to it, and nothing moves twice.
    expect(trial.invariants.looks.moves - moves).to.be.at.most(held);
    expect(heldBy(trial, victim)).to.be.within(held - 1, held + 1);
    expect(trial.finish()).to.deep.equal([]);
  });

  it('has its copies made anew at once, and what would move for balance waits', () => {
    const trial = loaded(6, { shape: { members: 6, partitions: 31 } });
    const lost = trial.grid.processes.filter((process) => process !== trial.leader).slice(-2);
    const lostAt = trial.world.now;
    const { handovers } = trial.invariants.looks;
    for (const process of lost) {
      const { id } = process;
      trial.world.crash(process.name);
      trial.grid.processes.splice(trial.grid.processes.indexOf(process), 1);
      const isWhole = () =>
        rowsOf(trial).every(({ inSync }) => inSync.length === 2 && !inSync.includes(id));
      trial.until(isWhole, 'the copies are not made anew', 10_000);
    }
    expect(trial.world.now - lostAt, 'both are repaired').to.be.below(10_000);
    const newcomer = trial.join();
    const isUp = () => trial.grid.newest?.state.members.get(newcomer.id)?.status === 'up';
    trial.until(isUp, 'the newcomer does not serve');
    const { moves } = trial.invariants.looks;
    trial.runFor(lostAt + rebalanceDelayMs - trial.world.now);
    expect(trial.invariants.looks.moves, 'moves within the delay').to.equal(moves);
    expect(trial.invariants.looks.handovers, 'handovers within the delay').to.equal(handovers);
    expect(heldBy(trial, newcomer)).to.equal(0);
    trial.until(() => heldBy(trial, newcomer) >= 12, 'the newcomer gets no share', 30_000);
    expect(trial.finish()).to.deep.equal([]);
  });
});
