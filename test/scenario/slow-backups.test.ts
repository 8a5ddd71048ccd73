import { expect } from 'chai';
import type { Message } from '../../src/wire/messages.ts';
import { Invariants } from '../simulation/invariants.ts';
import { Scene } from './scene.ts';

/** What a row of the table went through. */
interface Past {
  copiesLeast: number;
  learners: number;
  statuses: Set<string>;
}

/** One key of a grid of five whose primary and backup are not the leader, and its row's past from now on. */
function cast() {
  const scene = new Scene({ members: 5, partitions: 31 });
  const leader = scene.nameOf(scene.newest?.meta.leader);
  const key = scene.keyWhere(
    (primary, backups) => primary !== leader && !backups.includes(leader) && backups.length === 1,
  );
  const { primary: id, inSync } = scene.rowOf(key);
  const primary = scene.nameOf(id);
  const backupId = inSync.find((other) => other !== id);
  const backup = scene.nameOf(backupId);
  expect(scene.endOf(scene.set(leader, key, 'before'))).to.equal('ok');
  const past: Past = { copiesLeast: 2, learners: 0, statuses: new Set() };
  const watch = () => {
    const row = scene.rowOf(key);
    past.copiesLeast = Math.min(past.copiesLeast, row.inSync.length);
    if (row.learner !== undefined) past.learners++;
    for (const { status } of scene.newest?.state.members.values() ?? []) past.statuses.add(status);
    scene.world.after(0.25, watch);
  };
  watch();
  return { scene, leader, key, primary, backup, backupId, past, invariants: new Invariants(scene) };
}

function expectReplacement({
  scene,
  leader,
  key,
  backupId,
  past,
  invariants,
}: ReturnType<typeof cast>) {
  const write = scene.set(leader, key, 'meanwhile', 20_000);
  scene.until(() => {
    const { inSync } = scene.rowOf(key);
    return inSync.length === 2 && backupId !== undefined && !inSync.includes(backupId);
  }, 'the backup is not replaced');
  expect(scene.endOf(write)).to.equal('ok');
  expect(write.endedAt - write.beganAt, 'the wait of the write').to.be.within(1_000, 6_000);
  expect(past.copiesLeast, 'copies at any time').to.equal(2);
  expect(past.learners, 'looks at which a third was on its way').to.be.above(0);
  expect([...past.statuses], 'what members were').to.deep.equal(['up']);
  const read = scene.get(leader, key);
  expect([scene.endOf(read), read.value]).to.deep.equal(['ok', 'meanwhile']);
  invariants.check();
  expect(invariants.violations).to.deep.equal([]);
}

describe('a backup that its primary waits for, and that is well for everybody else', function () {
  this.timeout(60_000);

  it('is replaced before it goes where its acknowledgements come three seconds late (scenario 4)', () => {
    const parts = cast();
    const { scene, primary, backup } = parts;
    const from = scene.processOf(backup).address;
    const to = scene.processOf(primary).address;
    let late = 0;
    scene.world.network.onSend = (sender, receiver, { kind }: Message) => {
      if (kind !== 'replica.ack' || sender !== from || receiver !== to) return 'pass';
      late++;
      return { delayMs: 3_000 };
    };
    expectReplacement(parts);
    expect(late).to.be.above(0);
  });

  it('is replaced where nothing from the primary reaches it, and nobody is taken for dead (scenario 19)', () => {
    const parts = cast();
    const { scene, primary, backup } = parts;
    scene.world.cutOneWay(primary, backup);
    expectReplacement(parts);
    scene.world.healAll();
    scene.settled('they do not come together');
  });
});
