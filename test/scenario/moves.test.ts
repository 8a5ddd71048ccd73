import { expect } from 'chai';
import type { Address, PartitionId } from '../../src/base/ids.ts';
import { partitionIdOf } from '../../src/base/partition-id.ts';
import { seededRandom } from '../../src/base/random.ts';
import type { Message } from '../../src/wire/messages.ts';
import { Invariants } from '../simulation/invariants.ts';
import { UnderLoad } from '../simulation/under-load.ts';
import { type Ended, Scene } from './scene.ts';

const partitions = 31;

/** Calls through one process in turn on every key, at most one at a time, each a few milliseconds after the last. */
function caller(scene: Scene, by: string, keys: readonly string[]) {
  const calls: Ended[] = [];
  let isOver = false;
  const next = () => {
    if (isOver) return;
    const last = calls.at(-1);
    const key = keys[calls.length % keys.length] ?? '';
    if (last === undefined || last.how !== undefined) calls.push(scene.set(by, key, calls.length));
    scene.world.after(2, next);
  };
  next();
  return {
    calls,
    end() {
      isOver = true;
      scene.until(() => calls.every(({ how }) => how !== undefined), 'the caller does not end');
    },
  };
}

function percentile(calls: readonly Ended[], share: number): number {
  const waits = calls.map(({ beganAt, endedAt }) => endedAt - beganAt).sort((a, b) => a - b);
  return waits[Math.floor((waits.length - 1) * share)] ?? 0;
}

describe('a sixth member that joins under load', function () {
  this.timeout(60_000);

  it('gets its share by as few moves as that takes, and callers hardly notice (scenario 16)', () => {
    const scene = new Scene({ members: 5, partitions });
    const keys = Array.from({ length: 200 }, (_, at) => `k${at}`);
    const [by = ''] = scene.byAge;
    for (const key of keys) scene.endOf(scene.set(by, key, 'x'.repeat(100)));
    scene.until(() => scene.isLevel, 'the five are not level');
    const before = caller(scene, by, keys);
    scene.world.runFor(4_000);
    before.end();

    const invariants = new Invariants(scene);
    invariants.check();
    const newcomer = scene.add(true);
    const during = caller(scene, by, keys);
    const well = () => scene.isSafe && scene.isLevel;
    const look = () => {
      invariants.check();
      return well();
    };
    scene.until(look, 'the six do not come to rest');
    during.end();
    const bound = (partitions * 2) / 6 + partitions * 0.02;
    expect(invariants.looks.moves, 'moves').to.be.within(1, Math.ceil(bound));
    const counts = new Map(scene.processes.map(({ id }) => [id, 0]));
    for (const { inSync } of scene.newest?.state.groups[1] ?? []) {
      for (const id of inSync) counts.set(id, (counts.get(id) ?? 0) + 1);
    }
    const held = [...counts.values()];
    expect(counts.get(newcomer.id)).to.be.above(0);
    expect(
      Math.max(...held) - Math.min(...held),
      'between the fullest and the emptiest',
    ).to.be.at.most(1);
    expect(during.calls.every(({ how }) => how === 'ok')).to.equal(true);
    expect(during.calls.length).to.be.above(300);
    expect(percentile(during.calls, 0.99)).to.be.below(2 * percentile(before.calls, 0.99));
    // Whoever meets a handover waits for that one alone.
    expect(percentile(during.calls, 1), 'the longest wait').to.be.below(50);
    const primaries = scene.newest?.state.groups[1]?.filter(
      ({ primary }) => primary === newcomer.id,
    );
    expect(primaries?.length, 'partitions that were handed over').to.be.above(0);
    expect(invariants.violations).to.deep.equal([]);
  });
});

/** Delays and doubles what replication, the meta group and callers say, and counts it. */
function disturb(trial: UnderLoad, seed: number) {
  const random = seededRandom(seed);
  const counts = { doubled: 0, delayed: 0 };
  trial.world.network.onSend = (_from: Address, _to: Address, { kind }: Message) => {
    const isOp = kind.startsWith('op.');
    if (!isOp && !kind.startsWith('replica.') && !kind.startsWith('meta.')) return 'pass';
    const draw = random.next();
    if (draw < 0.1) {
      counts.delayed++;
      return { delayMs: random.next() * 60 };
    }
    // A link never brings an op twice; its caller sends it again instead.
    if (draw > 0.2 || isOp) return 'pass';
    counts.doubled++;
    return 'duplicate';
  };
  return counts;
}

/** Asks for a handover of every partition to its backup, as the controller does; how many were asked for. */
function handOver(trial: UnderLoad): number {
  const { newest, shape } = trial.grid;
  const rows = newest?.state.groups[shape.backups] ?? [];
  const changes = rows.flatMap(({ version, primary, inSync, learner, retiring }, index) => {
    const transferTo = inSync.find((id) => id !== primary);
    const partition: PartitionId = partitionIdOf(shape.backups, index, shape.partitions);
    if (transferTo === undefined) return [];
    return [{ partition, version, learner, retiring, transferTo }];
  });
  trial.leader?.run(({ member, clock }) => {
    const command = { type: 'assign', changes } as const;
    member.meta.commit(command, clock.monotonic(), 5_000, () => {});
  });
  return changes.length;
}

describe('a handover while callers write', function () {
  this.timeout(60_000);

  it('lets each op take effect once, in order, though messages come late and twice (scenario 18)', () => {
    const trial = new UnderLoad({
      seed: 11,
      shape: { members: 4, clients: ['direct', 'gateway'] },
      pauseMs: 5,
      keys: 4,
    });
    trial.begin();
    const counts = disturb(trial, 12);
    let asked = 0;
    for (let at = 0; at < 8; at++) {
      asked += handOver(trial);
      trial.runFor(1_000);
    }
    trial.world.network.onSend = undefined;
    trial.untilWell();
    expect(asked).to.be.above(50);
    expect(trial.invariants.looks.promotions, 'new primaries').to.be.above(20);
    expect(counts.doubled).to.be.above(200);
    expect(counts.delayed).to.be.above(200);
    expect(trial.finish()).to.deep.equal([]);
  });
});
