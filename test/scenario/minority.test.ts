import { expect } from 'chai';
import { presets } from '../../src/base/timings.ts';
import { Invariants } from '../simulation/invariants.ts';
import { type Ended, Scene } from './scene.ts';

const { leaseMs, electionMinMs, refuseAfterMs, removeAfterMs } = presets.lan;
/** A leader that was cut off grants leases for as long as no other can have been elected. */
const leaseEndMs = electionMinMs + leaseMs;
const minuteMs = 60_000;

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

/** A call on the smaller side every quarter of a second, for so long. */
function callOn(scene: Scene, names: readonly string[], keys: readonly string[], forMs: number) {
  const calls: Ended[] = [];
  const end = scene.world.now + forMs;
  for (let at = 0; scene.world.now < end; at++) {
    const by = names[at % names.length] ?? '';
    const key = keys[at % keys.length] ?? '';
    calls.push(at % 2 === 0 ? scene.set(by, key, `minority ${at}`) : scene.get(by, key));
    scene.world.runFor(250);
  }
  return calls;
}

describe('the smaller side of a cut', function () {
  this.timeout(60_000);

  for (const hasLeader of [false, true]) {
    const who = hasLeader ? 'with the leader' : 'without the leader';
    it(`${who} refuses within three seconds and acknowledges nothing (scenario 6)`, () => {
      const scene = new Scene({ members: 5, partitions: 31 });
      const { minority, majority, isIn } = splitTwoOff(scene, hasLeader);
      const key = scene.keyWhere(
        (primary, backups) => isIn([primary], minority) && isIn(backups, majority),
      );
      const far = scene.keyWhere((primary) => isIn([primary], majority));
      expect(scene.endOf(scene.set(minority[0] ?? '', key, 'before'))).to.equal('ok');
      const invariants = new Invariants(scene);
      const cutAt = scene.world.now;
      scene.world.split(minority, majority);
      // What the lease still covers may be read; no write has its backup.
      const calls = callOn(scene, minority, [key, far], 20_000);
      invariants.check();
      scene.until(() => calls.every(({ how }) => how !== undefined), 'calls do not end');
      for (const call of calls) {
        const isRead = call.how === 'ok';
        if (isRead) expect(call.endedAt - cutAt, 'a read').to.be.at.most(leaseEndMs);
        else expect(call.how).to.match(/^GRID_NO_QUORUM/);
        const last =
          Math.max(cutAt + leaseEndMs + refuseAfterMs, call.beganAt + refuseAfterMs) + 50;
        expect(call.endedAt, 'the end of a call').to.be.at.most(last);
      }
      expect(calls.filter(({ how }) => how?.startsWith('GRID_NO_QUORUM')).length).to.be.above(60);

      expect(scene.endOf(scene.get(majority[0] ?? '', key))).to.equal('ok');
      expect(scene.endOf(scene.set(majority[0] ?? '', key, 'meanwhile'))).to.equal('ok');
      scene.world.healAll();
      scene.settled('the two sides do not come together');
      const read = scene.get(minority[0] ?? '', key);
      scene.endOf(read);
      expect(read.value).to.equal('meanwhile');
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
