import { expect } from 'chai';
import { partitionIdOf } from '../../src/base/partition-id.ts';
import { GridEvents } from '../../src/member/grid-events.ts';
import type { SimProcess } from '../../src/testing/sim-process.ts';
import type { Message } from '../../src/wire/messages.ts';
import type { Program } from '../simulation/grid-world.ts';
import { Invariants } from '../simulation/invariants.ts';
import { UnderLoad } from '../simulation/under-load.ts';
import { type Ended, Scene } from './scene.ts';

/** Until a lost member is doubted, its lease is over and another serves, and a few round trips. */
const windowMs = 5_000;
const minuteMs = 60_000;

/** Writes to a key again and again, one call after the other, until it is told to end. */
function writer(scene: Scene, by: string, key: string) {
  const calls: Ended[] = [];
  let isOver = false;
  const next = () => {
    const last = calls.at(-1);
    if (last !== undefined && last.how === undefined) scene.world.after(5, next);
    else if (!isOver) {
      calls.push(scene.set(by, key, calls.length));
      scene.world.after(5, next);
    }
  };
  next();
  /** The longest wait of those calls that ended after the first so many. */
  const end = (first: number) => {
    isOver = true;
    scene.until(() => calls.every(({ how }) => how !== undefined), 'the writer does not end');
    return Math.max(...calls.slice(first).map(({ beganAt, endedAt }) => endedAt - beganAt));
  };
  return { calls, end };
}

/** A process that is primary of something, and does not lead. */
function primaryBesideLeader({ grid, leader }: UnderLoad): SimProcess<Program> {
  const rows = grid.newest?.state.groups[grid.shape.backups] ?? [];
  const found = grid.processes.find(
    (process) => process !== leader && rows.some(({ primary }) => primary === process.id),
  );
  if (found === undefined) throw new Error('nobody is primary');
  return found;
}

describe('the loss of a primary under load', function () {
  this.timeout(60_000);

  for (const withMachine of [false, true]) {
    const what = withMachine ? 'and its machine ' : '';
    it(`${what}loses nothing, doubles nothing, and fails no call that can wait (scenario 1)`, () => {
      const trial = new UnderLoad({
        seed: withMachine ? 2 : 1,
        shape: { members: 5, clients: ['direct', 'gateway'] },
        timeoutMs: 2 * windowMs,
      });
      trial.begin();
      const victim = primaryBesideLeader(trial);
      const { ok } = trial.ended;
      const { id } = victim;
      trial.world.crash(victim.name, withMachine);
      const isTakenOver = () =>
        trial.grid.newest?.state.groups[1]?.every(({ primary }) => primary !== id) === true;
      trial.until(isTakenOver, 'nobody takes over', windowMs);
      trial.runFor(windowMs);
      trial.restart(victim);
      trial.untilWell();
      expect(trial.finish()).to.deep.equal([]);
      expect([...trial.workload.refusals], 'calls that failed').to.deep.equal([]);
      expect(trial.ended.ok - ok, 'calls that were answered').to.be.above(300);
      // A client that was connected to it found another way; where the machine is gone, nobody tells it.
      const { lost } = trial.grid.clientLooks.counts;
      if (!withMachine) expect(lost, 'connections of clients that were lost').to.be.above(0);
    });
  }
});

describe('the loss of a backup', function () {
  this.timeout(60_000);

  it('holds writes of its partitions up for a moment, no others, and another takes its place (scenario 2)', () => {
    const scene = new Scene({ members: 5, partitions: 31 });
    const leader = scene.nameOf(scene.newest?.meta.leader);
    const victim = scene.byAge.find((name) => name !== leader) ?? '';
    const key = scene.keyWhere((primary, backups) => primary === leader && backups[0] === victim);
    const far = scene.keyWhere(
      (primary, backups) => primary !== victim && !backups.includes(victim),
    );
    const near = writer(scene, leader, key);
    const other = writer(scene, leader, far);
    scene.world.runFor(500);
    const lost = scene.processOf(victim).id;
    scene.world.crash(victim, true);
    const before = { near: near.calls.length, other: other.calls.length };
    scene.until(() => {
      const { inSync } = scene.rowOf(key);
      return inSync.length === 2 && !inSync.includes(lost);
    }, 'no other copy comes');
    scene.world.runFor(500);
    expect(
      [...near.calls, ...other.calls].filter(({ how }) => how?.startsWith('GRID')),
    ).to.deep.equal([]);
    expect(near.end(before.near - 1)).to.be.within(100, 2_000);
    expect(other.end(before.other - 1), 'writes of other partitions').to.be.below(50);
    expect(near.calls.length - before.near).to.be.above(10);
    expect(other.calls.length - before.other).to.be.above(100);
  });
});

/** Two of five are killed and come back with nothing, who were all that held a key; nobody else's were lost. */
function bothLost() {
  const scene = new Scene({ members: 5, partitions: 31 });
  const [, by = '', , third = '', fourth = ''] = scene.byAge;
  expect(scene.memberOf(by).meta.isLeader, 'whoever accepts is told by the leader').to.equal(false);
  const both = [third, fourth];
  const key = scene.keyWhere((primary, backups) =>
    [primary, ...backups].every((name) => both.includes(name)),
  );
  const others = ['k0', 'k1', 'k2', 'k3', 'k4', 'k5'].filter((other) =>
    scene.rowOf(other).inSync.some((id) => !both.includes(scene.nameOf(id))),
  );
  expect(others).to.have.length.above(2);
  for (const name of [key, ...others]) scene.endOf(scene.set(by, name, 'kept'));
  for (const name of both) scene.world.crash(name, true);
  scene.world.runFor(2 * minuteMs);
  // Time alone proves nothing: both may only be away.
  expect(scene.endOf(scene.get(by, key))).to.equal('GRID_TIMEOUT not-applied');
  for (const name of both) scene.world.restart(name);
  return { scene, by, key, others };
}

/** The partitions whose loss a member tells its application of, from now on. */
function lossesToldTo(scene: Scene, name: string): number[] {
  const lost: number[] = [];
  const { address } = scene.processOf(name);
  const member = scene.memberOf(name);
  const events = new GridEvents();
  const observe = () => events.observe(member.state, () => false, member.isSafe);
  observe();
  events.events.subscribe((event) => {
    if (event.type === 'partition-lost') lost.push(event.partition);
  });
  scene.onTable = (where) => {
    if (where === address) observe();
  };
  return lost;
}

/** The partitions that were in use and have no copy left. */
function rowsWithout(scene: Scene): number[] {
  const { backups, partitions } = scene.shape;
  const rows = scene.newest?.state.groups[backups] ?? [];
  const all = rows.map((row, index) => ({ row, id: partitionIdOf(backups, index, partitions) }));
  return all.filter(({ row }) => row.primary === undefined).map(({ id }) => id);
}

function acceptLoss(scene: Scene, by: string): void {
  let isCommitted: boolean | undefined;
  scene.processOf(by).run(({ member }) => {
    member.acceptLoss(10_000, (isSo) => {
      isCommitted = isSo;
    });
  });
  // Step by step: who was told has it in its own table.
  while (isCommitted === undefined) scene.world.runFor(0.05);
  expect(isCommitted, 'the loss is accepted').to.equal(true);
}

describe('the loss of both copies', function () {
  this.timeout(60_000);

  it('is no loss of anything where there is a third (scenario 3)', () => {
    const trial = new UnderLoad({ seed: 4, shape: { members: 5, backups: 2 } });
    trial.begin();
    const { leader } = trial;
    const [first, second] = trial.grid.processes.filter((process) => process !== leader);
    if (first === undefined || second === undefined) throw new Error('too few processes');
    const both = [first.id, second.id];
    const shared = trial.grid.newest?.state.groups[2]?.filter(({ inSync }) =>
      both.every((id) => inSync.includes(id)),
    );
    expect(shared?.length, 'partitions with copies on both').to.be.above(0);
    trial.world.crash(first.name);
    trial.world.crash(second.name, true);
    trial.runFor(windowMs);
    trial.restart(first);
    trial.restart(second);
    trial.untilWell();
    expect(trial.finish()).to.deep.equal([]);
  });

  it('is told once it is proven, and nobody else loses anything; whoever accepts it begins anew (scenario 3)', () => {
    const { scene, by, key, others } = bothLost();
    const lost = lossesToldTo(scene, by);
    scene.until(() => scene.rowOf(key).primary === undefined, 'it does not count as lost');
    expect(scene.endOf(scene.get(by, key))).to.equal('GRID_PARTITION_LOST not-applied');
    expect(scene.endOf(scene.set(by, key, 'anew'))).to.equal('GRID_PARTITION_LOST not-applied');
    const readOthers = () => {
      for (const other of others) {
        const read = scene.get(by, other);
        expect([scene.endOf(read), read.value], other).to.deep.equal(['ok', 'kept']);
      }
    };
    readOthers();
    const gone = rowsWithout(scene);
    expect(gone).to.include(scene.partitionOf(key));
    expect(lost, 'partitions that it was told of').to.have.members(gone);

    acceptLoss(scene, by);
    expect(rowsWithout(scene), 'what is still lost').to.deep.equal([]);
    const read = scene.get(by, key);
    expect([scene.endOf(read), read.value]).to.deep.equal(['ok', undefined]);
    expect(scene.endOf(scene.set(by, key, 'anew'))).to.equal('ok');
    readOthers();
    scene.settled('it does not come to rest');
    const after = scene.get(by, key);
    expect([scene.endOf(after), after.value]).to.deep.equal(['ok', 'anew']);
    expect(lost, 'all that it was told of').to.have.members(gone);
  });
});

describe('a partition whose backup was struck off unknown to its primary', function () {
  this.timeout(60_000);

  /** The younger of two is primary; of what it says to the older nothing arrives, and then nothing is told to it. */
  function struckOff() {
    const scene = new Scene({ members: 2, partitions: 31 });
    const [backup = '', primary = ''] = scene.byAge;
    const key = scene.keyWhere((first) => first === primary);
    const { id, address } = scene.processOf(primary);
    expect(scene.endOf(scene.set(primary, key, 'both'))).to.equal('ok');
    let dropped = 0;
    let isDeaf = false;
    scene.world.network.onSend = (from, to, { kind }: Message) => {
      const isEntry = kind === 'replica.append' && from === address;
      const isNews = isDeaf && kind === 'raft.append' && to === address;
      if (kind === 'meta.alter' && from === address) isDeaf = true;
      if (!isEntry && !isNews) return 'pass';
      dropped++;
      return 'drop';
    };
    const write = scene.set(primary, key, 'alone', 20_000);
    const leader = scene.memberOf(backup);
    const isStruckOff = () => scene.rowOf(key, leader).inSync.length === 1;
    scene.until(isStruckOff, 'it is not struck off');
    expect(scene.rowOf(key, leader).inSync).to.deep.equal([id]);
    expect(scene.rowOf(key, scene.memberOf(primary)).inSync).to.have.length(2);
    expect(write.how, 'a write that only the primary has').to.equal(undefined);
    expect(dropped).to.be.above(0);
    return { scene, primary, backup, key, write, id };
  }

  it('waits for that primary, and nobody is appointed (scenario 5)', () => {
    const { scene, primary, backup, key, write, id } = struckOff();
    const invariants = new Invariants(scene);
    scene.world.pause(primary);
    scene.world.runFor(2 * minuteMs);
    expect(scene.rowOf(key, scene.memberOf(backup))).to.include({ primary: id });
    expect(scene.endOf(scene.get(backup, key))).to.equal('GRID_TIMEOUT not-applied');
    scene.world.network.onSend = undefined;
    scene.world.resume(primary);
    scene.settled('they do not come together');
    const read = scene.get(backup, key);
    expect([scene.endOf(read), read.value]).to.deep.equal(['ok', 'alone']);
    expect(scene.endOf(write)).to.match(/ok|unknown/);
    invariants.check();
    invariants.checkQuiescent();
    expect(invariants.violations).to.deep.equal([]);
  });

  it('is lost where that primary is known to be gone (scenario 5)', () => {
    const { scene, primary, backup, key } = struckOff();
    scene.world.crash(primary);
    scene.world.network.onSend = undefined;
    scene.world.restart(primary);
    scene.until(() => scene.rowOf(key).primary === undefined, 'it does not count as lost');
    expect(scene.endOf(scene.get(backup, key))).to.equal('GRID_PARTITION_LOST not-applied');
  });
});
