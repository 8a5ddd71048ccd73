import { expect } from 'chai';
import type { Address } from '../../src/base/ids.ts';
import { defaultLimits } from '../../src/base/limits.ts';
import { incrementOp } from '../../src/structures/map/map-ops.ts';
import { bareOp, queueOps, tryPushOp } from '../../src/structures/queue/queue-ops.ts';
import type { Message } from '../../src/wire/messages.ts';
import { decodeValue, encodeValue } from '../../src/wire/value.ts';
import { Invariants } from '../simulation/invariants.ts';
import { type Ended, Scene } from './scene.ts';

/** A caller, and a key whose primary is neither it nor the leader. */
function cast() {
  const scene = new Scene({ members: 4, partitions: 31 }, 9);
  const invariants = new Invariants(scene);
  const leader = scene.nameOf(scene.newest?.meta.leader);
  const [by = ''] = scene.byAge.filter((name) => name !== leader);
  const key = scene.keyWhere((primary) => primary !== leader && primary !== by);
  return { scene, invariants, by, key };
}

/** Has a call executed whose answer gets lost, kills the primary, and waits for what the caller is told. */
function answerLost(scene: Scene, key: string, withMachine: boolean, begin: () => Ended): Ended {
  const primary = scene.nameOf(scene.rowOf(key).primary);
  const { address } = scene.processOf(primary);
  let dropped = 0;
  scene.world.network.onSend = (from: Address, _to, { kind }: Message) => {
    if (kind !== 'op.reply' || from !== address) return 'pass';
    dropped++;
    return 'drop';
  };
  const call = begin();
  scene.until(() => dropped > 0, 'the op is not executed');
  expect(call.how).to.equal(undefined);
  scene.world.crash(primary, withMachine);
  scene.world.network.onSend = undefined;
  expect(scene.endOf(call)).to.equal('ok');
  return call;
}

describe('an op that was executed, whose answer got lost with the primary', function () {
  this.timeout(60_000);

  function increment(scene: Scene, by: string, key: string): Ended {
    return scene.call(by, key, true, 20_000, (encoded) => incrementOp(encoded, 1));
  }

  function onQueue(scene: Scene, by: string, name: string, op: Uint8Array): Ended {
    const queue = () => op;
    return scene.call(by, name, true, 20_000, queue, (router) => router.structure('queue', name));
  }

  for (const withMachine of [false, true]) {
    const what = withMachine ? 'and its machine ' : '';
    it(`${what}has its result from before at the new primary (scenario 22)`, () => {
      const { scene, invariants, by, key } = cast();
      for (let at = 1; at <= 3; at++) scene.endOf(increment(scene, by, key));
      const call = answerLost(scene, key, withMachine, () => increment(scene, by, key));
      expect(decodeValue(call.raw), 'what the caller is told').to.equal(4);
      const read = scene.get(by, key);
      expect([scene.endOf(read), read.value]).to.deep.equal(['ok', 4]);
      const next = increment(scene, by, key);
      scene.endOf(next);
      const after = scene.get(by, key);
      expect([scene.endOf(after), after.value]).to.deep.equal(['ok', 5]);
      invariants.check();
      expect(invariants.violations).to.deep.equal([]);
    });

    it(`${what}gives the item that it took, and the next taker gets the next (scenario 22)`, () => {
      const { scene, invariants, by, key } = cast();
      scene.define('queue', key);
      scene.settled('the queue did not settle');
      for (const item of ['first', 'second', 'third']) {
        const op = tryPushOp(encodeValue(item, defaultLimits));
        expect(scene.endOf(onQueue(scene, by, key, op))).to.equal('ok');
      }
      const take = () => onQueue(scene, by, key, bareOp(queueOps.tryTake));
      const first = answerLost(scene, key, withMachine, take);
      expect(decodeValue(first.raw)).to.equal('first');
      for (const item of ['second', 'third']) {
        const next = take();
        expect([scene.endOf(next), decodeValue(next.raw)]).to.deep.equal(['ok', item]);
      }
      const last = take();
      expect([scene.endOf(last), last.raw.length], 'nothing is left').to.deep.equal(['ok', 0]);
      invariants.check();
      expect(invariants.violations).to.deep.equal([]);
    });
  }
});
