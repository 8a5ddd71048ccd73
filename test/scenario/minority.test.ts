import { expect } from 'chai';
import { seededRandom } from '../../src/base/random.ts';
import { presets } from '../../src/base/timings.ts';
import { Invariants } from '../simulation/invariants.ts';
import { type Ended, Scene } from './scene.ts';

const { leaseMs, electionMinMs, refuseAfterMs, removeAfterMs } = presets.lan;
/** A leader that was cut off too grants leases for as long as no other can have been elected. */
const endOfLease = (hasLeader: boolean) => leaseMs + (hasLeader ? electionMinMs : 0);
const minuteMs = 60_000;
const cutMs = 20_000;

/** Cuts two of five off, neither of them the leader, or one of them. */
function splitTwoOff(scene: Scene, hasLeader: boolean) {
  const leader = scene.nameOf(scene.newest?.meta.leader);
  const others = scene.byAge.filter((name) => name !== leader);
  const minority = hasLeader ? [leader, others[0] ?? ''] : others.slice(0, 2);
  const majority = scene.byAge.filter((name) => !minority.includes(name));
  const isIn = (names: readonly string[], side: readonly string[]) =>
    names.every((name) => side.includes(name));
  return { minority, majority, isIn };
}

/** A call, and what it was. */
interface Made {
  readonly call: Ended;
  readonly key: string;
  /** Undefined where it is a read. */
  readonly written: string | undefined;
}

/** A call on one side every so often, for so long: who, on which key and of which kind is drawn each by itself. */
function callOn(scene: Scene, names: readonly string[], keys: readonly string[], onLook: Look) {
  const random = seededRandom(13);
  const made: Made[] = [];
  const end = scene.world.now + cutMs;
  for (let at = 0; scene.world.now < end; at++) {
    const by = random.pick(names);
    const key = random.pick(keys);
    const written = random.pick([undefined, `minority ${at}`]);
    const call = written === undefined ? scene.get(by, key) : scene.set(by, key, written);
    made.push({ call, key, written });
    onLook();
    scene.world.runFor(40);
  }
  scene.until(() => made.every(({ call }) => call.how !== undefined), 'calls do not end');
  return made;
}

type Look = () => void;

/** Keys by where their copies are, each with a value that all have seen. */
function keysBySide(scene: Scene, { minority, majority, isIn }: ReturnType<typeof splitTwoOff>) {
  const keysWhere = (primarySide: readonly string[], backupSide: readonly string[]) =>
    scene.keysWhere(
      3,
      (primary, backups) => isIn([primary], primarySide) && isIn(backups, backupSide),
    );
  const keys = {
    // The primary is cut off from its backup.
    parted: keysWhere(minority, majority),
    // Both copies are in the minority: what is written there while the lease lasts has all the copies it needs.
    own: keysWhere(minority, minority),
    far: keysWhere(majority, minority),
    majoritys: keysWhere(majority, majority),
  };
  for (const key of Object.values(keys).flat()) {
    expect(scene.endOf(scene.set(minority[0] ?? '', key, 'before'))).to.equal('ok');
  }
  return keys;
}

function expectRefusals(made: readonly Made[], leaseEnd: number): void {
  const refused = made.filter(({ call }) => call.how !== 'ok');
  for (const { call } of refused) {
    expect(call.how).to.match(/^GRID_NO_QUORUM/);
    const last = Math.max(leaseEnd + refuseAfterMs, call.beganAt + refuseAfterMs) + 50;
    expect(call.endedAt, 'the end of a call').to.be.at.most(last);
  }
  expect(refused.length, 'calls that were refused').to.be.above(300);
}

/** What may be answered on the smaller side is what its lease covers, and of writes what has all of its copies there. */
function expectLeaseKept(
  made: readonly Made[],
  keys: ReturnType<typeof keysBySide>,
  leaseEnd: number,
) {
  const answered = made.filter(({ call }) => call.how === 'ok');
  for (const { call } of answered) {
    expect(call.endedAt, 'an answer').to.be.at.most(leaseEnd);
  }
  const reads = answered.filter(({ written }) => written === undefined);
  const writes = answered.filter(({ written }) => written !== undefined);
  const ofParted = reads.filter(({ key }) => keys.parted.includes(key));
  expect(ofParted.length, 'reads that the lease covers').to.be.above(0);
  for (const { call } of ofParted) expect(call.value).to.equal('before');
  const readable = [...keys.parted, ...keys.own];
  expect(readable, 'keys read').to.include.members(reads.map(({ key }) => key));
  expect(keys.own, 'keys written').to.include.members(writes.map(({ key }) => key));
  expect(writes.length, 'writes that have all of their copies').to.be.above(0);
  const attempts = made.filter(
    ({ call, written }) => written !== undefined && call.beganAt < leaseEnd - leaseMs / 2,
  );
  const attempted = attempts.filter(({ key }) => keys.parted.includes(key));
  expect(attempted.length, 'writes to a primary that has its lease and not its backup').above(0);
}

/** The last write of a key that was answered, or one after it that may have taken effect. */
function expectLatest(scene: Scene, by: string, key: string, made: readonly Made[]): void {
  const writes = made.filter((one) => one.key === key && one.written !== undefined);
  const last = writes.findLastIndex(({ call }) => call.how === 'ok');
  const answered = last < 0 ? 'before' : writes[last]?.written;
  const inDoubt = writes.slice(last + 1).filter(({ call }) => call.how?.endsWith('unknown'));
  const read = scene.get(by, key);
  expect(scene.endOf(read)).to.equal('ok');
  expect([answered, ...inDoubt.map(({ written }) => written)], key).to.include(read.value);
}

/** Writes on the larger side all the while. */
function majorityWriter(scene: Scene, by: string, keys: readonly string[]) {
  const calls: Ended[] = [];
  const write = () => {
    const key = keys[calls.length % keys.length] ?? '';
    const at = calls.length;
    if (calls.at(-1)?.how !== undefined || at === 0) calls.push(scene.set(by, key, at));
  };
  return { calls, write };
}

describe('the smaller side of a cut', function () {
  this.timeout(60_000);

  for (const hasLeader of [false, true]) {
    const who = hasLeader ? 'with the leader' : 'without the leader';
    it(`${who} acknowledges no write that lacks a copy, and answers nothing after its lease (scenario 6)`, () => {
      const scene = new Scene({ members: 5, partitions: 31 });
      const sides = splitTwoOff(scene, hasLeader);
      const { minority, majority } = sides;
      const [by = ''] = majority;
      const keys = keysBySide(scene, sides);
      const invariants = new Invariants(scene);
      const leaseEnd = scene.world.now + endOfLease(hasLeader);
      scene.world.split(minority, majority);
      const larger = majorityWriter(scene, by, keys.majoritys);
      const made = callOn(scene, minority, [...keys.parted, ...keys.own, ...keys.far], () => {
        invariants.check();
        larger.write();
      });
      expectRefusals(made, leaseEnd);
      expectLeaseKept(made, keys, leaseEnd);

      expect(scene.endOf(larger.calls.at(-1) as Ended)).to.equal('ok');
      expect(larger.calls.filter(({ how }) => how !== 'ok')).to.deep.equal([]);
      expect(larger.calls.length, 'writes of the majority').to.be.above(300);
      const [overwritten = '', ...kept] = keys.parted;
      for (const key of keys.parted) {
        const read = scene.get(by, key);
        expect([scene.endOf(read), read.value]).to.deep.equal(['ok', 'before']);
      }
      expect(scene.endOf(scene.set(by, overwritten, 'meanwhile'))).to.equal('ok');
      scene.world.healAll();
      scene.settled('the two sides do not come together');
      const [back = ''] = minority;
      const read = scene.get(back, overwritten);
      expect([scene.endOf(read), read.value]).to.deep.equal(['ok', 'meanwhile']);
      for (const key of [...kept, ...keys.far]) expectLatest(scene, back, key, []);
      for (const key of keys.own) expectLatest(scene, by, key, made);
      invariants.check();
      invariants.checkQuiescent();
      expect(invariants.violations).to.deep.equal([]);
    });
  }

  it('keeps what only it has for the return, however long that takes (scenario 7)', () => {
    const scene = new Scene({ members: 5, partitions: 31 });
    const { minority, majority, isIn } = splitTwoOff(scene, false);
    const key = scene.keyWhere((primary, backups) => isIn([primary, ...backups], minority));
    const other = scene.keyWhere((primary, backups) => isIn([primary, ...backups], majority));
    const ids = minority.map((name) => scene.processOf(name).id);
    expect(scene.endOf(scene.set(majority[0] ?? '', key, 'kept'))).to.equal('ok');
    scene.world.split(minority, majority);
    scene.world.runFor(removeAfterMs + 30 * minuteMs);
    expect(scene.endOf(scene.get(majority[0] ?? '', key))).to.equal('GRID_TIMEOUT not-applied');
    expect(scene.endOf(scene.set(majority[0] ?? '', other, 'on'))).to.equal('ok');
    const newest = scene.memberOf(majority[0] ?? '');
    expect(ids.map((id) => newest.state.members.get(id)?.status)).to.deep.equal([
      'suspended',
      'suspended',
    ]);
    scene.world.healAll();
    scene.settled('the two sides do not come together');
    expect(
      minority.map((name) => scene.processOf(name).id),
      'the same identities',
    ).to.deep.equal(ids);
    const read = scene.get(majority[0] ?? '', key);
    expect(scene.endOf(read)).to.equal('ok');
    expect(read.value).to.equal('kept');
  });

  it('of one voter that is left of three goes on refusing, and is no cluster (scenario 9)', () => {
    const scene = new Scene({ members: 3 });
    const [first = '', second = '', third = ''] = scene.byAge;
    const key = scene.keyWhere((primary) => primary === third);
    expect(scene.endOf(scene.set(third, key, 'kept'))).to.equal('ok');
    scene.world.crash(first);
    scene.world.crash(second);
    scene.world.runFor(10 * minuteMs);
    expect(scene.endOf(scene.set(third, key, 'more'))).to.match(/^GRID_NO_QUORUM/);
    expect(scene.endOf(scene.get(third, key))).to.equal('GRID_NO_QUORUM not-applied');
    const member = scene.memberOf(third);
    expect(member.meta.leader).to.equal(undefined);
    expect(member.meta.raft?.config.voters).to.have.length(3);
  });
});
