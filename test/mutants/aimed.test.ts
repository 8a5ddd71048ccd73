/**
 * Whole grids in which one thing happens at one moment, for rules that worlds drawn from seeds do not reach: each of
 * these fails where its rule is taken out (docs/mutants.md).
 */
import { expect } from 'chai';
import type { Address, MemberId } from '../../src/base/ids.ts';
import { presets } from '../../src/base/timings.ts';
import { decodeCommand } from '../../src/partition/meta-codec.ts';
import type { Assignment } from '../../src/partition/meta-state.ts';
import { incrementOp } from '../../src/structures/map/map-ops.ts';
import type { Verdict } from '../../src/testing/sim-network.ts';
import type { Message } from '../../src/wire/messages.ts';
import { Scene } from '../scenario/scene.ts';
import { Invariants } from '../simulation/invariants.ts';

/** After a copy of which nothing is heard was given up. */
const lateMs = presets.lan.copyStallMaxMs + 3_000;

/** Members by what they are to one key. */
interface Cast {
  readonly key: string;
  readonly leader: string;
  readonly primary: string;
  readonly backup: string;
  /** Have no copy, and do not lead. */
  readonly others: readonly string[];
}

function castOf(scene: Scene): Cast {
  const leader = scene.nameOf(scene.newest?.meta.leader);
  const key = scene.keyWhere((first, [second]) => first !== leader && second !== leader);
  const { primary: id, inSync } = scene.rowOf(key);
  const primary = scene.nameOf(id);
  const backup = scene.nameOf(inSync.find((member) => member !== id));
  const others = scene.byAge.filter((name) => ![leader, primary, backup].includes(name));
  return { key, leader, primary, backup, others };
}

function idOf(scene: Scene, name: string): MemberId {
  return scene.processOf(name).id as MemberId;
}

/** Lets messages go as `judge` says, by the names of sender and receiver. */
function intercept(
  scene: Scene,
  judge: (from: string, to: string, message: Message) => Verdict,
): void {
  const names = new Map(scene.processes.map(({ address, name }) => [address, name]));
  const nameOf = (address: Address) => names.get(address) ?? '';
  scene.world.network.onSend = (from, to, message) => judge(nameOf(from), nameOf(to), message);
}

/** What the controller does by itself, now: a copy is to be made, perhaps in the place of another. */
function assign(scene: Scene, { key, leader }: Cast, learner: string, retiring?: string): void {
  const change: Assignment = {
    partition: scene.partitionOf(key),
    version: scene.rowOf(key).version,
    learner: idOf(scene, learner),
    retiring: retiring === undefined ? undefined : idOf(scene, retiring),
    transferTo: undefined,
  };
  scene.processOf(leader).run(({ member, clock }) => {
    const command = { type: 'assign', changes: [change] } as const;
    member.meta.commit(command, clock.monotonic(), 10_000, () => {});
  });
}

/** What a leader says while nothing is new passes. */
function tellsOfTable(message: Message): boolean {
  return (
    message.kind === 'raft.snapshot' ||
    (message.kind === 'raft.append' && message.entries.length > 0)
  );
}

/** Of the table, or of somebody else who is primary. */
function isNews(message: Message): boolean {
  return message.kind.startsWith('replica.') || tellsOfTable(message);
}

function suspends(message: Message, id: MemberId): boolean {
  if (message.kind !== 'raft.append') return false;
  return message.entries.some(({ kind, body }) => {
    const command = kind === 'command' ? decodeCommand(body) : undefined;
    return command?.type === 'status' && command.id === id && command.status === 'suspended';
  });
}

function isInSync(scene: Scene, { key, leader }: Cast, name: string): boolean {
  return scene.rowOf(key, scene.memberOf(leader)).inSync.includes(idOf(scene, name));
}

describe('a whole grid, aimed at one rule', function () {
  this.timeout(60_000);

  it('acknowledges nothing that a proposed learner lacks: it may be in sync already', () => {
    const scene = new Scene({ members: 5, partitions: 7 });
    const cast = castOf(scene);
    const { key, leader, primary, backup, others } = cast;
    const [learner = ''] = others;
    expect(scene.endOf(scene.set(leader, key, 'before'))).to.equal('ok');
    let isProposed = false;
    // It never hears that the learner is in, nor the learner of what is written from now on.
    const isLost = (from: string, to: string, { kind }: Message) =>
      (kind === 'raft.append' && to === primary) ||
      (kind === 'replica.append' && from === primary && to === learner);
    intercept(scene, (from, to, message) => {
      isProposed ||= from === primary && message.kind === 'meta.alter';
      return isProposed && isLost(from, to, message) ? 'drop' : 'pass';
    });
    assign(scene, cast, learner, backup);
    scene.until(() => isProposed, 'the learner is not proposed');
    const call = scene.set(leader, key, 'after');
    scene.until(() => isInSync(scene, cast, learner), 'the learner does not get in');
    scene.world.runFor(200);
    const wasAcknowledged = call.how === 'ok';
    scene.world.network.onSend = undefined;
    for (const name of [primary, backup]) scene.world.crash(name, true);
    const read = scene.get(leader, key);
    expect(scene.endOf(read)).to.equal('ok');
    if (wasAcknowledged) expect(read.value, 'what was acknowledged').to.equal('after');
    expect(wasAcknowledged).to.equal(false);
  });

  it('executes nothing again for which a copy that was made since has the result', () => {
    const scene = new Scene({ members: 5, partitions: 7 });
    const cast = castOf(scene);
    const { key, leader, primary, backup, others } = cast;
    const [learner = '', by = ''] = others;
    const increment = () => {
      return scene.call(by, key, true, 30_000, (encoded) => incrementOp(encoded, 1));
    };
    expect(scene.endOf(increment())).to.equal('ok');
    let dropped = 0;
    intercept(scene, (from, to, { kind }) => {
      if (kind !== 'op.reply' || from !== primary || to !== by) return 'pass';
      dropped++;
      return 'drop';
    });
    const call = increment();
    scene.until(() => dropped > 0, 'the op is not executed');
    assign(scene, cast, learner, backup);
    const isMoved = () => isInSync(scene, cast, learner) && !isInSync(scene, cast, backup);
    scene.until(isMoved, 'the copy does not move');
    expect(call.how).to.equal(undefined);
    scene.world.crash(primary, true);
    scene.world.network.onSend = undefined;
    expect(scene.endOf(call)).to.equal('ok');
    const read = scene.get(leader, key);
    expect([scene.endOf(read), read.value]).to.deep.equal(['ok', 2]);
  });

  it('serves nothing by an old table: who comes back gets its lease with the new one', () => {
    const scene = new Scene({ members: 5, partitions: 7 });
    const cast = castOf(scene);
    const { key, leader, primary, backup } = cast;
    const invariants = new Invariants(scene);
    expect(scene.endOf(scene.set(leader, key, 'before'))).to.equal('ok');
    // When it is heard again it hears of its lease, and not of the table. What a cut stops comes after it.
    intercept(scene, (_from, to, message) => (to === primary && isNews(message) ? 'drop' : 'pass'));
    scene.world.isolate(primary);
    const isReplaced = () =>
      scene.rowOf(key, scene.memberOf(leader)).primary === idOf(scene, backup);
    scene.until(isReplaced, 'the backup does not become primary');
    expect(scene.endOf(scene.set(leader, key, 'after'))).to.equal('ok');
    for (const { name } of scene.processes) if (name !== primary) scene.world.heal(name, primary);
    const { state } = scene.memberOf(leader);
    const isBack = () => state.members.get(idOf(scene, primary))?.status === 'up';
    scene.until(isBack, 'it does not come back');
    const reads = Array.from({ length: 20 }, () => {
      scene.world.runFor(50);
      invariants.check();
      return scene.get(primary, key, 400);
    });
    scene.until(() => reads.every(({ how }) => how !== undefined), 'reads do not end');
    expect(reads.map(({ value }) => value)).to.not.include('before');
    expect(invariants.violations).to.deep.equal([]);
  });

  it('serves nothing while its suspension is on its way: no heartbeat is granted meanwhile', () => {
    const scene = new Scene({ members: 5, partitions: 7 });
    const cast = castOf(scene);
    const { key, leader, primary, backup } = cast;
    const invariants = new Invariants(scene);
    expect(scene.endOf(scene.set(leader, key, 'before'))).to.equal('ok');
    let isOnItsWay = false;
    const isReplaced = () =>
      scene.rowOf(key, scene.memberOf(leader)).primary === idOf(scene, backup);
    // Its heartbeats get lost until its suspension is proposed; that takes its time to be committed.
    const before = (from: string, { kind }: Message): Verdict =>
      from === primary && kind === 'meta.heartbeat' ? 'drop' : 'pass';
    const since = (to: string, message: Message): Verdict => {
      if (to === primary) return isNews(message) ? 'drop' : 'pass';
      return tellsOfTable(message) && !isReplaced() ? { delayMs: 350 } : 'pass';
    };
    intercept(scene, (from, to, message) => {
      isOnItsWay ||= from === leader && suspends(message, idOf(scene, primary));
      return isOnItsWay ? since(to, message) : before(from, message);
    });
    scene.until(() => isOnItsWay, 'it is not suspended');
    scene.until(isReplaced, 'the backup does not become primary');
    expect(scene.endOf(scene.set(leader, key, 'after'))).to.equal('ok');
    const read = scene.get(primary, key, 400);
    invariants.check();
    if (scene.endOf(read) === 'ok') expect(read.value).to.equal('after');
    expect(invariants.violations).to.deep.equal([]);
  });

  it('takes no copy for whole by an acknowledgement of the one before', () => {
    const scene = new Scene({ members: 5, partitions: 7 });
    const cast = castOf(scene);
    const { key, leader, primary, backup, others } = cast;
    const [learner = ''] = others;
    expect(scene.endOf(scene.set(leader, key, 'before'))).to.equal('ok');
    let late = 0;
    let begun = 0;
    let isSecond = false;
    // The end of the first copy is acknowledged, and heard of during the second; of that only the beginning comes.
    const first = (message: Message): Verdict => {
      if (message.kind !== 'replica.ack' || message.chunks < 2) return 'pass';
      late++;
      return late === 1 ? { delayMs: lateMs } : 'drop';
    };
    const second = (message: Message): Verdict => {
      if (message.kind !== 'replica.copy') return 'pass';
      begun++;
      return message.chunk === 0 ? 'pass' : 'drop';
    };
    intercept(scene, (_from, _to, message) => {
      const isOurs = 'partition' in message && message.partition === scene.partitionOf(key);
      if (!isOurs) return 'pass';
      return isSecond ? second(message) : first(message);
    });
    const hasLearner = () => scene.rowOf(key, scene.memberOf(primary)).learner !== undefined;
    assign(scene, cast, learner, backup);
    scene.until(() => late > 0, 'the first copy does not end');
    const lateAt = scene.world.now + lateMs;
    scene.until(() => !hasLearner(), 'the first copy is not given up');
    isSecond = true;
    assign(scene, cast, learner, backup);
    scene.until(() => begun > 1, 'the second copy does not begin');
    expect(scene.world.now).to.be.below(lateAt - 500);
    scene.world.runFor(lateAt - scene.world.now + 2_000);
    scene.world.crash(primary, true);
    const read = scene.get(leader, key, 20_000);
    expect([scene.endOf(read), read.value]).to.deep.equal(['ok', 'before']);
  });

  it('gives who was in sync before, and comes back, a copy of its own', () => {
    const scene = new Scene({ members: 5, partitions: 7 });
    const cast = castOf(scene);
    const { key, leader, primary, backup, others } = cast;
    const [other = ''] = others;
    expect(scene.endOf(scene.set(leader, key, 'before'))).to.equal('ok');
    // Nothing is written meanwhile: it lacks no entry, and has no content.
    for (const [to, from] of [
      [other, backup],
      [backup, other],
    ] as const) {
      assign(scene, cast, to, from);
      const isMoved = () => isInSync(scene, cast, to) && !isInSync(scene, cast, from);
      scene.until(isMoved, `the copy does not move from ${from} to ${to}`);
    }
    scene.world.crash(primary, true);
    const read = scene.get(leader, key, 20_000);
    expect([scene.endOf(read), read.value]).to.deep.equal(['ok', 'before']);
  });

  it('brings what its last lineage wrote, though the one to which it comes ends before', () => {
    const scene = new Scene({ members: 2, partitions: 7 });
    const [older = '', younger = ''] = scene.byAge;
    const hasSucceeded = (times: number) => {
      scene.until(() => scene.successions.length === times, `no succession ${times}`);
      scene.until(() => scene.memberOf(younger).isReady, 'it does not serve');
    };
    expect(scene.endOf(scene.set(older, 'key', 'before'))).to.equal('ok');
    scene.world.cut(older, younger);
    hasSucceeded(1);
    expect(scene.endOf(scene.set(younger, 'key', 'since'))).to.equal('ok');
    // It comes to the other, can tell it nothing, and goes on alone once more.
    intercept(scene, (_from, _to, { kind }) => (kind.startsWith('op.') ? 'drop' : 'pass'));
    scene.world.healAll();
    hasSucceeded(2);
    const isCopied = () => scene.rowOf('key', scene.memberOf(older)).inSync.length === 2;
    scene.until(isCopied, 'it gets no copy');
    scene.world.cut(older, younger);
    hasSucceeded(3);
    expect(scene.successions.map(({ kind }) => kind)).to.deep.equal(['fork', 'merge', 'fork']);
    scene.world.network.onSend = undefined;
    scene.world.healAll();
    hasSucceeded(4);
    scene.settled('the two do not come together again');
    const isBrought = () =>
      scene.memberOf(older).state.merges.every(({ open }) => open.length === 0);
    scene.until(isBrought, 'it does not bring what it has');
    const read = scene.get(older, 'key');
    expect([scene.endOf(read), read.value]).to.deep.equal(['ok', 'since']);
  });
});
