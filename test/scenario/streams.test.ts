import { expect } from 'chai';
import type { Address, MemberId } from '../../src/base/ids.ts';
import type { Message } from '../../src/wire/messages.ts';
import { Invariants } from '../simulation/invariants.ts';
import { Scene } from './scene.ts';

const keys = Array.from({ length: 60 }, (_, at) => `k${at}`);

/** Holds back for so long whatever a primary proposes that takes a learner of this row in. */
function delayGrowth(scene: Scene, key: string, delayMs: number) {
  const { primary, inSync } = scene.rowOf(key);
  const partition = scene.partitionOf(key);
  const from = scene.processOf(scene.nameOf(primary)).address;
  const seen: { proposed: MemberId | undefined; late: number } = { proposed: undefined, late: 0 };
  scene.world.network.onSend = (sender: Address, _to, message: Message) => {
    if (message.kind !== 'meta.alter' || sender !== from) return 'pass';
    const { learner } = scene.rowOf(key);
    const named = message.changes.find((change) => change.partition === partition)?.inSync ?? [];
    const isGrowth = learner !== undefined && !inSync.includes(learner) && named.includes(learner);
    if (!isGrowth) return 'pass';
    seen.proposed ??= learner;
    seen.late++;
    return { delayMs };
  };
  return seen;
}

/** Drops what a primary says until it is told not to, and delays or doubles all else that is said of copies. */
function disturbCopies({ world }: Scene, from: Address) {
  const seen = { dropped: 0, late: 0, doubled: 0, isMuted: true };
  const kinds: readonly Message['kind'][] = ['replica.ack', 'replica.copy', 'replica.append'];
  world.network.onSend = (sender, _to, { kind }: Message) => {
    if (!kinds.includes(kind)) return 'pass';
    if (kind === 'replica.append' && sender === from && seen.isMuted) {
      seen.dropped++;
      return 'drop';
    }
    // What is said of the former copy comes while the next one is made, and twice.
    const isDoubled = world.random.below(3) === 0;
    seen[isDoubled ? 'doubled' : 'late']++;
    return isDoubled ? 'duplicate' : { delayMs: world.random.next() * 1_500 };
  };
  return seen;
}

describe('a proposal to take a copy in', function () {
  this.timeout(60_000);

  it('that comes late, when the copy is dead and its primary is another, takes in nobody (scenario 20)', () => {
    const scene = new Scene({ members: 9, partitions: 31, backups: 2 });
    const leader = scene.nameOf(scene.newest?.meta.leader);
    // Those who vote are a majority also without the three that something happens to.
    const voters = scene.memberOf(leader).meta.raft?.config.voters ?? [];
    const votes = (name: string) => voters.includes(scene.processOf(name).id);
    const key = scene.keyWhere(
      (primary, [first = '', second = '']) =>
        [primary, first, second].filter(votes).length < 2 && primary !== leader && first !== leader,
    );
    for (const one of keys) scene.endOf(scene.set(leader, one, `${one} before`));
    const invariants = new Invariants(scene);
    const { primary: primaryId, inSync, term } = scene.rowOf(key);
    const backupId = inSync.find((id) => id !== primaryId && scene.nameOf(id) !== leader);
    const primary = scene.processOf(scene.nameOf(primaryId));
    const backup = scene.nameOf(backupId);

    const seen = delayGrowth(scene, key, 8_000);
    scene.world.crash(backup);
    scene.until(() => seen.proposed !== undefined, 'nobody is proposed');
    const dead = seen.proposed as MemberId;
    scene.world.crash(scene.nameOf(dead));
    const write = scene.set(leader, key, 'meanwhile', 20_000);
    const isWithout = () => !scene.rowOf(key).inSync.includes(dead);
    scene.world.runFor(500);
    // Then the primary stands still, and its other backup takes its place.
    scene.world.pause(primary.name, 4_000);
    const end = scene.world.now + 10_000;
    while (scene.world.now < end) {
      scene.world.runFor(10);
      invariants.check();
      expect(isWithout(), 'the dead copy is in sync').to.equal(true);
    }
    expect(seen.late).to.be.above(0);
    expect(scene.rowOf(key).term, 'the term of another primary').to.be.above(term);
    scene.world.network.onSend = undefined;
    for (const process of scene.processes) if (!process.isUp) scene.world.restart(process.name);
    scene.settled('they do not come together');
    expect(scene.endOf(write)).to.match(/ok|unknown/);
    const values = keys.map((one) => {
      const read = scene.get(leader, one);
      return scene.endOf(read) === 'ok' ? read.value : read.how;
    });
    // The last write took effect, or it is in doubt.
    const wanted = keys.map((one) => `${one} before`);
    const at = keys.indexOf(key);
    if (write.how === 'ok') expect(values[at]).to.equal('meanwhile');
    expect(values.toSpliced(at, 1)).to.deep.equal(wanted.toSpliced(at, 1));
    invariants.checkQuiescent();
    expect(invariants.violations).to.deep.equal([]);
  });
});

describe('a copy that was struck off and begins anew with the same members', function () {
  this.timeout(60_000);

  it('takes nothing of its former stream, however late and often that comes (scenario 21)', () => {
    const scene = new Scene({ members: 2, partitions: 7 });
    const [primary = '', backup = ''] = scene.byAge;
    const key = scene.keyWhere((first) => first === primary);
    for (const one of keys) scene.endOf(scene.set(primary, one, `${one} before`));
    const invariants = new Invariants(scene);
    const from = scene.processOf(primary).address;
    const backupId = scene.processOf(backup).id;
    const counts = disturbCopies(scene, from);
    const writes = keys.map((one, at) => scene.set(primary, one, `${one} ${at}`, 30_000));
    scene.until(() => !scene.rowOf(key).inSync.includes(backupId), 'it is not struck off');
    counts.isMuted = false;
    for (let at = 0; at < 100; at++) {
      writes.push(scene.set(primary, keys[at % keys.length] ?? '', `again ${at}`, 30_000));
      scene.world.runFor(50);
      invariants.check();
    }
    const isBack = () => scene.rowOf(key).inSync.includes(backupId);
    scene.until(isBack, 'it does not come back');
    scene.world.network.onSend = undefined;
    scene.until(() => writes.every(({ how }) => how !== undefined), 'writes do not end');
    expect(writes.filter(({ how }) => how !== 'ok')).to.deep.equal([]);
    expect(scene.processOf(backup).id, 'the same members').to.equal(backupId);
    expect(counts.dropped).to.be.above(0);
    expect(counts.late).to.be.above(50);
    expect(counts.doubled).to.be.above(20);
    scene.settled('they do not come together');
    scene.world.runFor(6_000);
    invariants.check();
    invariants.checkQuiescent();
    expect(invariants.looks.digests).to.be.above(0);
    expect(invariants.violations).to.deep.equal([]);
  });
});
