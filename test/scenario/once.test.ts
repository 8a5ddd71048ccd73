import { expect } from 'chai';
import type { Address } from '../../src/base/ids.ts';
import { incrementOp } from '../../src/structures/map/map-ops.ts';
import type { Message } from '../../src/wire/messages.ts';
import { Invariants } from '../simulation/invariants.ts';
import { type Ended, Scene } from './scene.ts';

describe('an op that was executed, whose answer got lost with the primary', function () {
  this.timeout(60_000);

  function increment(scene: Scene, by: string, key: string): Ended {
    return scene.call(by, key, true, 20_000, (encoded) => incrementOp(encoded, 1));
  }

  for (const withMachine of [false, true]) {
    const what = withMachine ? 'and its machine ' : '';
    it(`${what}has its result from before at the new primary (scenario 22)`, () => {
      const scene = new Scene({ members: 4, partitions: 31 }, 9);
      const invariants = new Invariants(scene);
      const leader = scene.nameOf(scene.newest?.meta.leader);
      const [by = ''] = scene.byAge.filter((name) => name !== leader);
      const key = scene.keyWhere((primary) => primary !== leader && primary !== by);
      const primary = scene.nameOf(scene.rowOf(key).primary);
      for (let at = 1; at <= 3; at++) scene.endOf(increment(scene, by, key));
      const { address } = scene.processOf(primary);
      let dropped = 0;
      scene.world.network.onSend = (from: Address, _to, { kind }: Message) => {
        if (kind !== 'op.reply' || from !== address) return 'pass';
        dropped++;
        return 'drop';
      };
      const call = increment(scene, by, key);
      scene.until(() => dropped > 0, 'the op is not executed');
      expect(call.how).to.equal(undefined);
      scene.world.crash(primary, withMachine);
      scene.world.network.onSend = undefined;
      expect(scene.endOf(call)).to.equal('ok');
      const read = scene.get(by, key);
      expect([scene.endOf(read), read.value]).to.deep.equal(['ok', 4]);
      const next = increment(scene, by, key);
      scene.endOf(next);
      const after = scene.get(by, key);
      expect([scene.endOf(after), after.value]).to.deep.equal(['ok', 5]);
      invariants.check();
      expect(invariants.violations).to.deep.equal([]);
    });
  }
});
