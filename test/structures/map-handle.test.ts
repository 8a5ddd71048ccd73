import { expect } from 'chai';
import { GridError } from '../../src/base/errors.ts';
import { murmur3, partitionOf } from '../../src/base/hash.ts';
import { defaultLimits } from '../../src/base/limits.ts';
import { Call } from '../../src/structures/call.ts';
import { MapHandle } from '../../src/structures/map/map-handle.ts';
import { mapOps } from '../../src/structures/map/map-ops.ts';
import { encodeKey } from '../../src/wire/key.ts';
import { HandClock } from '../actors/hand-clock.ts';
import { LocalRouter } from '../support/local-router.ts';

function aMap(router = new LocalRouter(), limits = defaultLimits) {
  const clock = new HandClock();
  const map = new MapHandle<string, unknown>({ router, clock, name: 'users', limits });
  return { router, clock, map };
}

async function failure(promise: Promise<unknown>): Promise<GridError> {
  const [end] = await Promise.allSettled([promise]);
  expect(end.status).to.equal('rejected');
  return (end as PromiseRejectedResult).reason as GridError;
}

const lost = () => new GridError('GRID_PARTITION_LOST', 'all copies are gone');

describe('a map handle', () => {
  it('sends a key to the partition of its hash, or of its affinity', async () => {
    const { router, map } = aMap(new LocalRouter(271));
    await map.get('ann');
    await map.get({ key: 'cart', affinity: 'ann' } as unknown as string);
    const expected = partitionOf(murmur3(encodeKey('ann', defaultLimits).bytes), 271);
    expect(router.submitted.map(({ partition }) => partition)).to.deep.equal([expected, expected]);
  });

  it('sends a get as its code and the key, with the default timeout', async () => {
    const { router, map } = aMap();
    await map.get('ann');
    const [{ op, timeoutMs, signal, isWrite }] = router.submitted as [(typeof router.submitted)[0]];
    expect(op).to.deep.equal(Uint8Array.of(mapOps.get, ...encodeKey('ann', defaultLimits).bytes));
    expect([timeoutMs, signal, isWrite]).to.deep.equal([10_000, undefined, false]);
  });

  it('makes what each call submits by a class: V8 takes literals for long-lived', async () => {
    const { router, map } = aMap();
    await Promise.all([map.get('ann'), map.set('ann', 1), map.size()]);
    expect(router.submitted.filter((each) => !(each instanceof Call))).to.deep.equal([]);
  });

  it('passes timeout and signal on', async () => {
    const { router, map } = aMap();
    const { signal } = new AbortController();
    await map.set('ann', 1, { timeout: '2.5s', signal });
    expect(router.submitted[0]).to.include({ timeoutMs: 2_500, signal, isWrite: true });
  });

  it('defines its structure once, for all first calls together', async () => {
    const { router, map } = aMap();
    await Promise.all([map.set('a', 1), map.set('b', 2), map.size(), map.get('c')]);
    await map.get('a');
    expect(router.defines).to.equal(1);
  });

  it('rejects what waited when the definition fails, and tries again at the next call', async () => {
    const { router, map } = aMap();
    const define = router.define.bind(router);
    router.define = (_type, _name, _options, done) =>
      done(new GridError('GRID_BAD_OPTION', 'backups 1 or 2?'));
    expect((await failure(map.get('a'))).code).to.equal('GRID_BAD_OPTION');
    router.define = define;
    expect(await map.get('a')).to.equal(undefined);
  });

  it('ends a call by time while the structure is being defined', async () => {
    const { router, clock, map } = aMap();
    router.isDefineHeld = true;
    const late = failure(map.set('a', 1, { timeout: 250 }));
    const inTime = map.set('b', 2, { timeout: 1_000 });
    clock.pass(300);
    const error = await late;
    expect([error.code, error.outcome]).to.deep.equal(['GRID_TIMEOUT', 'not-applied']);
    router.heldDefines[0]?.();
    await inTime;
    expect(router.submitted.map(({ timeoutMs }) => timeoutMs)).to.deep.equal([700]);
    expect(clock.timerCount, 'timers left').to.equal(0);
    expect(router.defines).to.equal(1);
  });

  it('ends a call by signal while the structure is being defined', async () => {
    const { router, clock, map } = aMap();
    router.isDefineHeld = true;
    const controller = new AbortController();
    const aborted = failure(map.set('a', 1, { signal: controller.signal }));
    controller.abort(new Error('enough'));
    const error = await aborted;
    expect([error.code, error.outcome]).to.deep.equal(['GRID_TIMEOUT', 'not-applied']);
    expect((error.cause as Error).message).to.equal('enough');
    router.heldDefines[0]?.();
    expect([router.submitted.length, clock.timerCount]).to.deep.equal([0, 0]);
  });

  it('bounds what waits for a definition', async () => {
    const { router, map } = aMap(new LocalRouter(), { ...defaultLimits, opsQueuedMax: 2 });
    router.isDefineHeld = true;
    const controller = new AbortController();
    const first = map.get('a');
    const aborted = failure(map.get('b', { signal: controller.signal }));
    expect((await failure(map.get('c'))).code).to.equal('GRID_OVERLOADED');
    controller.abort();
    const second = map.get('d');
    router.heldDefines[0]?.();
    expect(await Promise.all([first, second])).to.deep.equal([undefined, undefined]);
    expect((await aborted).code).to.equal('GRID_TIMEOUT');
  });

  it("rejects with the router's error as it is", async () => {
    const { router, map } = aMap();
    const error = lost();
    router.intercept = (operation) => {
      operation.reject(error);
      return true;
    };
    for (const call of [map.get('a'), map.set('a', 1), map.increment('a'), map.getMany(['a'])]) {
      expect(await failure(call)).to.equal(error);
    }
    expect((await failure(map.entries()[Symbol.asyncIterator]().next())).code).to.equal(error.code);
  });

  it('rejects, and does not throw, where a result cannot be read', async () => {
    const { router, map } = aMap();
    router.intercept = (operation) => {
      operation.resolve(Uint8Array.of(0xc7));
      return true;
    };
    expect((await failure(map.get('a'))).code).to.equal('GRID_BAD_VALUE');
  });

  it('refuses a wrong name at once', () => {
    const make = (name: unknown) => () =>
      new MapHandle({ router: new LocalRouter(), clock: new HandClock(), name: name as string });
    expect(make('')).to.throw(GridError, 'The name of a map');
    expect(make(7)).to.throw(GridError, 'The name of a map');
    expect(make('x'.repeat(257))).to.throw(GridError, 'at most 256');
  });

  it('sends nothing for a call that is refused', async () => {
    const { router, map } = aMap();
    await failure(map.set('a', () => 1));
    await failure(map.get('a', { timeout: 'soon' as '1s' }));
    await failure(
      map.setMany([
        ['a', 1],
        ['b', Symbol('no')],
      ]),
    );
    expect([router.submitted.length, router.defines]).to.deep.equal([0, 0]);
  });

  it('sends one op to each partition for several keys', async () => {
    const { router, map } = aMap(new LocalRouter(3));
    const keys = Array.from({ length: 60 }, (_, i) => `key ${i}`);
    await map.setMany(keys.map((key) => [key, key]));
    await map.getMany(keys);
    expect(await map.deleteMany(keys)).to.equal(60);
    expect(router.submitted.map(({ op }) => op[0])).to.deep.equal([
      ...Array(3).fill(mapOps.setMany),
      ...Array(3).fill(mapOps.getMany),
      ...Array(3).fill(mapOps.deleteMany),
    ]);
  });

  it('asks on where a partition answered for some of the keys', async () => {
    const { router, map } = aMap(new LocalRouter(1));
    const large = new Uint8Array(700_000);
    const keys = Array.from({ length: 5 }, (_, i) => `key ${i}`);
    for (const key of keys) await map.set(key, large);
    router.submitted.length = 0;
    const found = await map.getMany([...keys, 'none']);
    expect([found.size, router.submitted.length]).to.deep.equal([5, 3]);
  });

  it('refuses what does not fit into one frame for one partition', async () => {
    const { router, map } = aMap(new LocalRouter(1));
    const large = new Uint8Array(6_000_000);
    const error = await failure(map.setMany(['a', 'b', 'c'].map((key) => [key, large])));
    expect(error.code).to.equal('GRID_TOO_LARGE');
    expect(router.submitted.length).to.equal(0);
  });

  it('lists the keys of the partitions that failed, and the others are done', async () => {
    const { router, map } = aMap(new LocalRouter(4));
    const keys = Array.from({ length: 40 }, (_, i) => `key ${i}`);
    router.intercept = (operation) => {
      if (operation.partition !== 2) return false;
      operation.reject(lost());
      return true;
    };
    const error = await failure(map.setMany(keys.map((key) => [key, 1])));
    expect([error.code, error.outcome]).to.deep.equal(['GRID_PARTITION_LOST', 'unknown']);
    expect(error.keys).to.have.length.within(1, 39);
    router.intercept = () => false;
    const done = await map.getMany(keys);
    expect([...done.keys(), ...(error.keys as string[])].sort()).to.deep.equal([...keys].sort());
  });

  it('says of a read that it had no effect, though some partitions answered', async () => {
    const { router, map } = aMap();
    router.intercept = ({ partition, reject }) => {
      if (partition !== 3) return false;
      reject(lost());
      return true;
    };
    const error = await failure(map.size());
    expect([error.code, error.outcome]).to.deep.equal(['GRID_PARTITION_LOST', 'not-applied']);
    expect(error.message).to.contain('1 of 7 partitions failed').and.not.contain('keys');
    const cleared = await failure(map.clear());
    expect(cleared.outcome).to.equal('unknown');
  });

  it('says of options that are wrong what they are, and speaks of no partition', async () => {
    const { router, map } = aMap();
    const refused = new GridError('GRID_BAD_OPTION', "options of the map 'users': no");
    router.define = (_type, _name, _options, done) => done(refused);
    for (const call of [map.size(), map.clear(), map.getMany(['a']), map.setMany([['a', 1]])]) {
      const error = await failure(call);
      expect([error.code, error.message]).to.deep.equal([refused.code, refused.message]);
      expect(error.outcome).to.equal('not-applied');
    }
    const { keys } = await failure(map.deleteMany(['a', 'b']));
    expect(keys).to.deep.equal(['a', 'b']);
  });

  it('says not-applied where every partition refused', async () => {
    const { router, map } = aMap(new LocalRouter(4));
    router.intercept = (operation) => {
      operation.reject(lost());
      return true;
    };
    for (const call of [map.deleteMany(['a', 'b', 'c']), map.clear()]) {
      const error = await failure(call);
      expect([error.code, error.outcome]).to.deep.equal(['GRID_PARTITION_LOST', 'not-applied']);
    }
  });

  it('iterates a partition at a time, a page at a time', async () => {
    const { router, map } = aMap(new LocalRouter(2));
    const large = 'x'.repeat(10_000);
    await map.setMany(Array.from({ length: 40 }, (_, i) => [`key ${i}`, large]));
    router.submitted.length = 0;
    const steps: number[] = [];
    for await (const _ of map.values()) steps.push(router.submitted.length);
    expect(steps.length).to.equal(40);
    expect(steps[0], 'one page asked for the first value').to.equal(1);
    expect(router.submitted.length).to.be.within(6, 12);
    const order = router.submitted.map(({ partition }) => partition);
    expect(order).to.deep.equal([...order].sort());
  });

  it('finds locally what the partitions of this member hold, without a hop', async () => {
    const { router, map } = aMap();
    expect([...map.local.keys(), map.local.peek('a')]).to.deep.equal([undefined]);
    for (let i = 0; i < 60; i++) await map.set(`key ${i}`, i);
    router.submitted.length = 0;
    const everything = [...map.local.keys()];
    router.isLocal = (partition) => partition < 3;
    const part = [...map.local.entries()];
    expect([everything.length, router.submitted.length]).to.deep.equal([60, 0]);
    expect(part.length).to.be.within(1, 59);
    for (const [key, value] of part) expect(map.local.peek(key)).to.equal(value);
    const others = everything.filter((key) => !part.some(([own]) => own === key));
    expect(map.local.peek(others[0]!)).to.equal(undefined);
    expect(() => map.local.peek({} as string)).to.throw(GridError, 'A key is');
  });

  it('tries an update again on a conflict, and only then', async () => {
    const { map } = aMap();
    let runs = 0;
    const result = await map.update('n', async (value) => {
      runs += 1;
      if (runs < 4) await map.increment('n');
      return ((value as number | undefined) ?? 0) + 100;
    });
    expect([runs, result, await map.get('n')]).to.deep.equal([4, 103, 103]);
  });

  it('ends an update that never wins, by count and by time', async () => {
    const { clock, map } = aMap();
    const disturb = async () => {
      await map.increment('n');
      return 0;
    };
    const tired = await failure(map.update('n', disturb));
    expect([tired.code, tired.outcome]).to.deep.equal(['GRID_OVERLOADED', 'not-applied']);
    const slow = map.update(
      'n',
      () => {
        clock.pass(300);
        return disturb();
      },
      { timeout: 500 },
    );
    const late = await failure(slow);
    expect([late.code, late.outcome]).to.deep.equal(['GRID_TIMEOUT', 'not-applied']);
  }).timeout(5_000);

  it('ends a destroy that nobody confirms', async () => {
    const { router, clock, map } = aMap();
    await map.set('a', 1);
    router.destroy = () => {};
    const late = failure(map.destroy({ timeout: '1s' }));
    await Promise.resolve();
    await Promise.resolve();
    clock.pass(1_000);
    const error = await late;
    expect([error.code, error.outcome]).to.deep.equal(['GRID_TIMEOUT', 'unknown']);
  });

  it('refuses to go on with an iteration over a map that was destroyed', async () => {
    const { map } = aMap(new LocalRouter(2));
    for (let i = 0; i < 20; i++) await map.set(`key ${i}`, 'x'.repeat(9_000));
    const entries = map.entries();
    await entries.next();
    await map.destroy();
    await map.set('new', 1);
    let met = 1;
    const rest = async () => {
      for await (const _ of entries) met += 1;
    };
    expect((await failure(rest())).code).to.equal('GRID_CLOSED');
    expect(met, 'the page that was there is given').to.be.within(2, 19);
  });
});

describe('a watch of a map', () => {
  it('asks the partition of its key alone, with polls, and no more once it was ended', async () => {
    const { router, map } = aMap();
    await map.set('ann', 1);
    const subscription = map.watch('ann').subscribe();
    await map.set('ann', 2);
    const polls = router.submitted.filter(({ isPoll }) => isPoll === true);
    expect(polls.length).to.be.above(1);
    expect(new Set(polls.map(({ partition }) => partition)).size).to.equal(1);
    expect(router.polls, 'one waits').to.equal(1);
    subscription.unsubscribe();
    const asked = router.submitted.length;
    await map.set('ann', 3);
    expect(router.submitted.length, 'the set alone').to.equal(asked + 1);
    expect(router.submitted.every(({ signal, isPoll }) => !isPoll || signal?.aborted)).to.equal(
      true,
    );
  });

  it('asks once for all who watch everything', async () => {
    const { router, map } = aMap();
    await map.size();
    const before = router.submitted.length;
    const subscriptions = [map.changes.subscribe(), map.changes.subscribe()];
    expect(router.submitted.length - before).to.equal(router.partitions);
    for (const subscription of subscriptions) subscription.unsubscribe();
  });

  it('goes on where it was after what passes', async () => {
    const { router, clock, map } = aMap();
    await map.set('ann', 1);
    const told: unknown[] = [];
    map.watch('ann').subscribe((change) => told.push(change.type));
    await map.set('ann', 2);
    router.intercept = (operation) => {
      if (operation.isPoll) queueMicrotask(() => operation.reject(lost()));
      return operation.isPoll === true;
    };
    router.answerPolls();
    for (let i = 0; i < 3; i++) await map.set('ann', i);
    router.intercept = () => false;
    clock.pass(600);
    await map.get('ann');
    expect(told).to.deep.equal(['set', 'set', 'set', 'set']);
  });

  it('ends with an error that stays, and without one when the grid is closed', async () => {
    for (const [code, expected] of [
      ['GRID_FORBIDDEN', 'GRID_FORBIDDEN'],
      ['GRID_CLOSED', 'complete'],
    ] as const) {
      const { router, map } = aMap();
      router.intercept = (operation) => {
        queueMicrotask(() => operation.reject(new GridError(code, 'no')));
        return true;
      };
      const end = await new Promise((resolve) => {
        map.changes.subscribe({
          error: (error: GridError) => resolve(error.code),
          complete: () => resolve('complete'),
        });
      });
      expect(end).to.equal(expected);
    }
  });
});
