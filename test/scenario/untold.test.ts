/**
 * What the younger of two had taken in when they lost each other, and told nobody of: who asked for it asks
 * the older again, so that it stands there, and the younger has to have it no more when they meet.
 */
import { expect } from 'chai';
import { defaultLimits } from '../../src/base/limits.ts';
import type { Router } from '../../src/partition/router-port.ts';
import { keyOp, mapOps } from '../../src/structures/map/map-ops.ts';
import { bareOp, queueOps, tryPushOp } from '../../src/structures/queue/queue-ops.ts';
import { noLine, publishOp, readBatch, readOp } from '../../src/structures/topic/topic-ops.ts';
import { decodeValue, encodeValue } from '../../src/wire/value.ts';
import { type Ended, Scene } from './scene.ts';

const timeoutMs = 10_000;

/** Two members that have parted, and a name whose partition the younger served before. */
class Parted {
  readonly scene: Scene;
  readonly older: string;
  readonly younger: string;
  readonly name: string;

  constructor(merge = 'putIfAbsent') {
    const scene = new Scene({ members: 2, map: { merge } });
    this.scene = scene;
    const [older = '', younger = ''] = scene.byAge;
    this.older = older;
    this.younger = younger;
    this.name = scene.keyWhere((primary) => primary === younger);
    scene.define('queue', this.name);
    scene.define('topic', this.name);
    expect(scene.endOf(this.publish('before'))).to.equal('ok');
  }

  /** The older asks the younger for all this, and neither hears of the other again. */
  part(ask: () => readonly Ended[]): void {
    const { scene, older, younger } = this;
    scene.world.cutOneWay(younger, older);
    const calls = ask();
    const { replica } = scene.memberOf(younger).host.find(scene.partitionOf(this.name)) ?? {};
    const untold = () => (replica ? replica.state.log.last - replica.state.commit : 0);
    scene.until(() => untold() === calls.length, 'the younger does not take it in');
    scene.world.cut(older, younger);
    expect(calls.map((call) => scene.endOf(call))).to.deep.equal(calls.map(() => 'ok'));
    scene.until(() => scene.successions.length === 1, 'the younger does not go on');
    scene.world.runFor(1_000);
  }

  meet(isOlderKept: boolean): void {
    const { scene, older } = this;
    if (!isOlderKept) {
      const third = scene.add(true).name;
      scene.world.cut(older, third);
      const isIn = () => scene.memberOf(third).isReady && scene.memberOf(third).isSafe;
      scene.until(isIn, 'a third does not come');
    }
    scene.world.healAll();
    scene.settled('the two do not come together');
    const { ancestors } = scene.memberOf(older).state.lineage;
    expect(ancestors.length, 'who stays').to.equal(isOlderKept ? 0 : 1);
  }

  /** The younger writes another key of the same partition, so that it has something to bring of that. */
  setBeside(): void {
    const { scene, younger, name } = this;
    const isBeside = (key: string) => scene.partitionOf(key) === scene.partitionOf(name);
    const keys = Array.from({ length: 1_000 }, (_, at) => `beside ${at}`);
    expect(scene.endOf(scene.set(younger, keys.find(isBeside) ?? '', 'new'))).to.equal('ok');
  }

  publish(text: string): Ended {
    const op = publishOp(encodeValue(text, defaultLimits));
    return this.#call(true, () => op, 'topic');
  }

  push(text: string): Ended {
    const op = tryPushOp(encodeValue(text, defaultLimits));
    return this.#call(true, () => op, 'queue');
  }

  delete(): Ended {
    return this.#call(true, (key) => keyOp(mapOps.delete, key), 'map');
  }

  get published(): unknown[] {
    const call = this.#call(false, () => readOp(noLine, 0, 100_000), 'topic');
    expect(this.scene.endOf(call)).to.equal('ok');
    return readBatch(call.raw).messages.map(({ value }) => decodeValue(value));
  }

  /** All that is left in the queue. */
  takeAll(by = this.older): unknown[] {
    const taken: unknown[] = [];
    for (;;) {
      const call = this.#call(true, () => bareOp(queueOps.tryTake), 'queue', by);
      expect(this.scene.endOf(call)).to.equal('ok');
      if (call.raw.length === 0) return taken;
      taken.push(decodeValue(call.raw));
    }
  }

  #call(
    isWrite: boolean,
    opOf: (key: Uint8Array) => Uint8Array,
    type: string,
    by = this.older,
  ): Ended {
    const structure = (router: Router) =>
      router.structure(type, type === 'map' ? 'accounts' : this.name);
    return this.scene.call(by, this.name, isWrite, timeoutMs, opOf, structure);
  }
}

describe('what a survivor has told nobody of', function () {
  this.timeout(60_000);

  for (const isOlderKept of [true, false]) {
    const who = isOlderKept ? 'the older' : 'the larger, younger one';

    it(`stands in a topic and a queue once, where ${who} stays`, () => {
      const parted = new Parted();
      const texts = ['a', 'b', 'c'];
      parted.part(() => [
        ...texts.map((text) => parted.publish(text)),
        ...texts.map((text) => parted.push(text)),
      ]);
      expect(parted.takeAll(parted.younger), 'on the side of the younger').to.deep.equal([]);
      parted.meet(isOlderKept);
      expect(parted.published).to.deep.equal(['before', ...texts]);
      expect(parted.takeAll()).to.deep.equal(texts);
    });

    it(`does not come back where it was deleted, where ${who} stays`, () => {
      const parted = new Parted();
      const { scene, older, younger, name } = parted;
      parted.part(() => [scene.set(older, name, 'an entry')]);
      expect(scene.endOf(parted.delete())).to.equal('ok');
      parted.setBeside();
      parted.meet(isOlderKept);
      const read = scene.get(younger, name);
      expect([scene.endOf(read), read.value]).to.deep.equal(['ok', undefined]);
    });

    it(`is no reason to ask a policy, where ${who} stays`, () => {
      const parted = new Parted(isOlderKept ? 'passThrough' : 'putIfAbsent');
      const { scene, older, younger, name } = parted;
      parted.part(() => [scene.set(older, name, 'first')]);
      expect(scene.endOf(scene.set(older, name, 'last'))).to.equal('ok');
      parted.setBeside();
      parted.meet(isOlderKept);
      const read = scene.get(younger, name);
      expect([scene.endOf(read), read.value]).to.deep.equal(['ok', 'last']);
    });
  }
});
