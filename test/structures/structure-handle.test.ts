import { expect } from 'chai';
import type { GridError } from '../../src/base/errors.ts';
import type { StructureId } from '../../src/base/ids.ts';
import { defaultLimits } from '../../src/base/limits.ts';
import { silentLogger } from '../../src/base/logger.ts';
import type { StructureRow } from '../../src/partition/router-port.ts';
import { MapHandle } from '../../src/structures/map/map-handle.ts';
import { QueueHandle } from '../../src/structures/queue/queue-handle.ts';
import { StructureHandle } from '../../src/structures/structure-handle.ts';
import { TopicHandle } from '../../src/structures/topic/topic-handle.ts';
import { Topics } from '../../src/structures/topic/topics.ts';
import { HandClock } from '../actors/hand-clock.ts';
import { LocalRouter } from '../support/local-router.ts';
import { until } from '../transport/until.ts';

type Defined = (result: StructureRow | GridError) => void;

/** A router that agrees on a structure when the test says so. */
class SlowRouter extends LocalRouter {
  readonly asked: Defined[] = [];

  override structure(): StructureRow | undefined {
    return undefined;
  }

  override define(_type: string, _name: string, _options: object, done: Defined): void {
    this.asked.push(done);
  }
}

describe('the handle of a structure', () => {
  it('asks for it again where the member that was asked has become another', async () => {
    const clock = new HandClock();
    const router = new SlowRouter();
    const limits = defaultLimits;
    const handle = new StructureHandle({
      router,
      clock,
      limits,
      type: 'map',
      name: 'users',
      definition: {},
    });
    const first = handle.ready({ timeout: '10s' }).catch((error: GridError) => error.code);
    void handle.ready({ timeout: '20s' }).catch(() => {});
    expect(router.asked).to.have.length(1);
    clock.pass(10_000);
    expect(await first).to.equal('GRID_TIMEOUT');
    clock.pass(5_000);
    const second = handle.ready({ timeout: '10s' });
    expect(router.asked).to.have.length(2);
    const id = 7 as StructureId;
    router.asked[1]?.({ id, name: 'users', type: 'map', backups: 1, options: {} });
    expect((await second).id).to.equal(7);
  });

  it('refuses a name with half of a surrogate pair, which would be that of another', () => {
    const parts = { router: new LocalRouter(), clock: new HandClock() };
    const makers = [
      (name: string) => new MapHandle({ ...parts, name }),
      (name: string) => new QueueHandle({ ...parts, name }),
    ];
    for (const make of makers) {
      expect(() => make('shop-\ud83d'))
        .to.throw('half of a surrogate pair')
        .with.property('code', 'GRID_BAD_OPTION');
      expect(() => make('shop-😀')).to.not.throw();
    }
  });

  it('finds the partition once the structure is known, though there seemed to be one only', async () => {
    const clock = new HandClock();
    // As a member that comes back under a new identity, before it has the table.
    const router = new LocalRouter(1);
    router.isDefineHeld = true;
    const [map, queue] = [
      new MapHandle<number, number>({ router, clock, name: 'users' }),
      new QueueHandle<number>({ router, clock, name: 'jobs' }),
    ];
    const topics = new Topics({ router, clock, limits: defaultLimits, logger: silentLogger });
    const topic = new TopicHandle<number>({ topics, name: 'news' });
    const keys = Array.from({ length: 20 }, (_, at) => at);
    const changes: string[] = [];
    const watches = [map.changes, map.watch(3)].map((seen) =>
      seen.subscribe(({ type }) => changes.push(type)),
    );
    const calls = [
      ...keys.map((key) => map.set(key, key)),
      map.setMany(keys.map((key) => [100 + key, key])),
      queue.tryPush(7),
      topic.publish(8),
    ];
    Object.assign(router, { partitions: 271, isDefineHeld: false });
    for (const define of router.heldDefines.splice(0)) define();
    await Promise.all(calls);
    expect(await map.size()).to.equal(40);
    expect(await map.getMany(keys.map((key) => 100 + key))).to.have.property('size', 20);
    for (const key of keys) expect(await map.get(key)).to.equal(key);
    expect([await queue.size(), await topic.size()]).to.deep.equal([1, 1]);
    const before = changes.length;
    for (const key of keys) await map.set(key, -key);
    await until(() => changes.length === before + 21, 'the news of all and of one');
    for (const watch of watches) watch.unsubscribe();
  });
});
