import { expect } from 'chai';
import { presets } from '../../src/base/timings.ts';
import type { SimProcess } from '../../src/testing/sim-process.ts';
import type { Program } from '../simulation/grid-world.ts';
import { UnderLoad } from '../simulation/under-load.ts';
import { Scene } from './scene.ts';

const { leaseMs, leaseMarginMs, electionMaxMs, raftHeartbeatMs } = presets.lan;
const hourMs = 3_600_000;

/** Statuses that were seen while something happened, by the address of the member. */
function statusesOf(trial: UnderLoad) {
  const seen = new Map<string, Set<string>>();
  trial.onLook = () => {
    for (const { address, status } of trial.grid.newest?.state.members.values() ?? []) {
      seen.set(address, (seen.get(address) ?? new Set()).add(status));
    }
  };
  return seen;
}

function pickOne(trial: UnderLoad, isLeader: boolean): SimProcess<Program> {
  const found = trial.grid.processes.find((process) => (process === trial.leader) === isLeader);
  if (found === undefined) throw new Error('no such process');
  return found;
}

describe('the leader of the meta group', function () {
  this.timeout(60_000);

  it('is followed by another when it is cut off, nobody else is suspended, and calls go on (scenario 8)', () => {
    const scene = new Scene({ members: 5, partitions: 31 });
    const leader = scene.nameOf(scene.newest?.meta.leader);
    const others = scene.byAge.filter((name) => name !== leader);
    const [by = ''] = others;
    const key = scene.keyWhere(
      (primary, backups) => primary !== leader && !backups.includes(leader),
    );
    const member = scene.memberOf(by);
    scene.world.isolate(leader);
    const cutAt = scene.world.now;
    let electedAt = Number.POSITIVE_INFINITY;
    const waits: number[] = [];
    const isElected = () => ![leader, ''].includes(scene.nameOf(member.meta.leader));
    // The new leader waits for a whole lease that the old one may have granted.
    while (scene.world.now < electedAt + leaseMs) {
      const write = scene.set(by, key, waits.length);
      expect(scene.endOf(write)).to.equal('ok');
      waits.push(write.endedAt - write.beganAt);
      if (isElected()) electedAt = Math.min(electedAt, scene.world.now);
      const statuses = [...member.state.members.values()].map(({ status }) => status);
      expect(new Set(statuses)).to.deep.equal(new Set(['up']));
      scene.world.runFor(5);
    }
    expect(electedAt - cutAt).to.be.below(4_000);
    expect(waits).to.have.length.above(100);
    expect(Math.max(...waits), 'the longest call').to.be.below(50);
    scene.world.runFor(leaseMarginMs + 5_000);
    for (const name of others) {
      const { id } = scene.processOf(name);
      expect(member.state.members.get(id)?.status, name).to.equal('up');
    }
    scene.world.healAll();
    scene.settled('they do not come together');
  });
});

describe('a process that stands still', function () {
  this.timeout(60_000);

  for (const isLeader of [false, true]) {
    const who = isLeader ? 'as leader' : 'as primary';
    it(`${who} for 20 s answers nothing stale when it goes on, and is a member again (scenario 12)`, () => {
      const trial = new UnderLoad({ seed: 5, shape: { members: 5, clients: ['direct'] }, keys: 4 });
      trial.begin();
      const victim = pickOne(trial, isLeader);
      const { id } = victim;
      const term = () => trial.grid.newest?.state.groups[1]?.map((row) => row.term) ?? [];
      const before = term();
      trial.world.pause(victim.name, 20_000);
      trial.runFor(20_000);
      expect(
        term().filter((now, at) => now > (before[at] ?? 0)).length,
        'new primaries',
      ).to.be.above(0);
      trial.runFor(2_000);
      trial.untilWell();
      expect(victim.id, 'the same process').to.equal(id);
      const { ok } = trial.ended;
      trial.runFor(1_000);
      expect(trial.ended.ok).to.be.above(ok);
      expect(trial.finish()).to.deep.equal([]);
    });

    it(`${who} for 3 s is no reason to remove it, nor for it to accuse anybody (scenario 13)`, () => {
      const trial = new UnderLoad({ seed: 6, shape: { members: 5, clients: ['direct'] } });
      trial.begin();
      const victim = pickOne(trial, isLeader);
      const { id, address } = victim;
      const seen = statusesOf(trial);
      trial.world.stall(victim.name, 3_000);
      trial.runFor(3_000);
      trial.untilWell();
      expect(victim.id, 'the same process').to.equal(id);
      expect(seen.size).to.equal(5);
      for (const [where, statuses] of seen) {
        if (where !== address) expect([...statuses], where).to.deep.equal(['up']);
      }
      expect(trial.finish()).to.deep.equal([]);
    });
  }

  it('for less than an election goes on leading (scenario 13)', () => {
    const trial = new UnderLoad({ seed: 7, shape: { members: 5 } });
    trial.begin();
    const { leader } = trial;
    if (leader === undefined) throw new Error('nobody leads');
    for (let at = 0; at < 10; at++) {
      trial.world.stall(leader.name, presets.lan.electionMinMs - 2 * raftHeartbeatMs);
      trial.runFor(electionMaxMs);
    }
    expect(trial.leader?.name).to.equal(leader.name);
    expect(trial.finish()).to.deep.equal([]);
  });
});

describe('a primary with a clock of its own', function () {
  this.timeout(60_000);

  for (const rate of [0.98, 1.02]) {
    it(`that runs at ${rate} reads nothing stale, cut off or not (scenario 25)`, () => {
      const trial = new UnderLoad({ seed: 8, shape: { members: 5 }, keys: 4 });
      for (const { name } of trial.grid.processes) trial.world.setRate(name, 2 - rate);
      const victim = pickOne(trial, false);
      trial.world.setRate(victim.name, rate);
      trial.begin();
      for (let at = 0; at < 3; at++) {
        trial.world.isolate(victim.name);
        trial.runFor(8_000);
        trial.world.healAll();
        trial.runFor(5_000);
        trial.untilWell();
      }
      expect(trial.invariants.looks.promotions).to.be.above(0);
      expect(trial.finish()).to.deep.equal([]);
    });
  }

  for (const jumpMs of [hourMs, -hourMs]) {
    const where = jumpMs > 0 ? 'forward' : 'back';
    it(`whose wall clock jumps an hour ${where} serves nothing without a new lease (scenario 25)`, () => {
      const trial = new UnderLoad({ seed: 9, shape: { members: 5 }, keys: 4 });
      trial.begin();
      const victim = pickOne(trial, false);
      const { clock, member } = victim.program;
      const isValid = () => member.meta.lease.isValid(clock.monotonic());
      expect(isValid()).to.equal(true);
      trial.world.jumpWall(victim.name, jumpMs);
      // Forward it is over at once. Back it is not, and the monotonic clock ends it in time.
      expect(isValid()).to.equal(jumpMs < 0);
      trial.world.isolate(victim.name);
      trial.runFor(leaseMs);
      expect(isValid()).to.equal(false);
      trial.world.healAll();
      trial.until(isValid, 'it gets no lease any more', 10_000);
      trial.untilWell();
      expect(trial.finish()).to.deep.equal([]);
    });
  }

  it('that sleeps with its machine, its monotonic clock too, wakes without a lease (scenario 25)', () => {
    const trial = new UnderLoad({ seed: 10, shape: { members: 5, clients: ['direct'] }, keys: 4 });
    trial.begin();
    const victim = pickOne(trial, false);
    const { clock, member } = victim.program;
    trial.world.pause(victim.name);
    // It all but stands still.
    trial.world.setRate(victim.name, 1e-9);
    const before = clock.monotonic();
    trial.runFor(20_000);
    expect(clock.monotonic() - before, 'what its clock went on').to.be.below(1);
    expect(member.meta.lease.isValid(clock.monotonic())).to.equal(false);
    trial.world.setRate(victim.name, 1);
    trial.world.resume(victim.name);
    trial.runFor(3_000);
    trial.untilWell();
    expect(trial.finish()).to.deep.equal([]);
  });
});
