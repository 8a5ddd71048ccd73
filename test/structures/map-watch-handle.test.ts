import { setImmediate } from 'node:timers/promises';
import { expect } from 'chai';
import { GridError } from '../../src/base/errors.ts';
import type { MapChange } from '../../src/grid.ts';
import type { Operation } from '../../src/partition/router-port.ts';
import { MapHandle } from '../../src/structures/map/map-handle.ts';
import { HandClock } from '../actors/hand-clock.ts';
import { LocalRouter } from '../support/local-router.ts';

const partitions = 3;
const awayMs = 10_000;

/** A map in a process that may go away and come back, and what a watch of it is told. */
async function watchedMap() {
  const router = new LocalRouter(partitions);
  const clock = new HandClock();
  const map = new MapHandle<string, number>({ router, clock, name: 'users' });
  await map.size();
  const told: string[] = [];
  const watch = (source = map.changes) =>
    source.subscribe({
      next: (change) => told.push(textOf(change)),
      error: (error: unknown) => told.push(GridError.is(error) ? error.code : String(error)),
      complete: () => told.push('complete'),
    });
  const pass = async (ms: number) => {
    clock.pass(ms);
    await setImmediate();
  };
  return { router, clock, map, told, watch, pass };
}

type WatchScene = Awaited<ReturnType<typeof watchedMap>>;

function textOf(change: MapChange<string, number>): string {
  return change.type === 'set' ? `${change.key} ${change.value}` : change.type;
}

/** As another member, or a client, that writes past this process. */
async function setElsewhere(router: LocalRouter, key: string, value: number): Promise<void> {
  const { intercept } = router;
  router.intercept = () => false;
  await new MapHandle<string, number>({ router, clock: new HandClock(), name: 'users' }).set(
    key,
    value,
  );
  router.intercept = intercept;
}

describe('a watch of a map in a process in which too much waits', () => {
  it('ends with an error that says what it takes, and takes no room from the others', async () => {
    const { router, map, told, watch } = await watchedMap();
    watch();
    await setImmediate();
    expect(router.polls).to.equal(partitions);
    let room = 2;
    router.intercept = ({ isPoll, reject }) => {
      if (isPoll !== true || room-- > 0) return false;
      reject(new GridError('GRID_OVERLOADED', 'expected at most 5 calls that wait, found 5'));
      return true;
    };
    const other = new MapHandle<string, number>({ router, clock: new HandClock(), name: 'users' });
    const error = await new Promise((resolve) => {
      other.changes.subscribe({ error: resolve });
    });
    if (!GridError.is(error, 'GRID_OVERLOADED')) throw error;
    expect(error.message).to.include("the map 'users', which asks 3 partitions");
    expect(error.message).to.include('expected at most 5 calls that wait, found 5');
    router.intercept = () => false;
    await map.set('ann', 1);
    await setImmediate();
    expect(told).to.deep.equal(['ann 1']);
  });
});

describe('a watch of a map that begins while a primary changes', () => {
  it('tells a gap where it was sent again before it was in force, and none later', async () => {
    const { router, map, told, watch } = await watchedMap();
    const held: Operation[] = [];
    router.intercept = (operation) => held.push(operation) > 0;
    watch(map.watch('ann'));
    await setElsewhere(router, 'ann', 1);
    router.intercept = () => false;
    for (const operation of held) {
      operation.onResent?.();
      router.answer(operation);
    }
    await map.set('ann', 2);
    await setImmediate();
    expect(told).to.deep.equal(['gap', 'ann 2']);
    // From a cursor on nothing is missed, whenever it is sent again.
    router.submitted.at(-1)?.onResent?.();
    await map.set('ann', 3);
    await setImmediate();
    expect(told.slice(2)).to.deep.equal(['ann 3']);
  });
});

/** The process is away while another one writes, comes back, and writes itself. */
async function missOne({ router, map, pass }: WatchScene): Promise<void> {
  await setElsewhere(router, 'ann', 1);
  await pass(awayMs);
  router.comeBack();
  await pass(500);
  await map.set('ann', 2);
  await setImmediate();
}

describe('a watch of a map whose process comes back under another identity', () => {
  it('goes on where it was, also where the table there does not know the map yet', async () => {
    const { router, map, told, watch, pass } = await watchedMap();
    watch();
    await map.set('ann', 1);
    router.goAway();
    await setElsewhere(router, 'ann', 2);
    await pass(awayMs);
    expect(told, 'while it is away').to.deep.equal(['ann 1']);
    const { structure } = router;
    router.structure = () => undefined;
    router.comeBack();
    await pass(500);
    expect(told).to.deep.equal(['ann 1', 'ann 2']);
    router.structure = structure;
    await map.set('ann', 3);
    await setImmediate();
    expect(told).to.deep.equal(['ann 1', 'ann 2', 'ann 3']);
    expect(router.defines, 'the first call').to.equal(1);
  });

  it('tells a gap where it was not in force yet when its process went away', async () => {
    const scene = await watchedMap();
    const { router, map, told, watch } = scene;
    const held: Operation[] = [];
    router.intercept = (operation) => held.push(operation) > 0;
    watch(map.watch('ann'));
    router.goAway();
    for (const { reject } of held) reject(new GridError('GRID_CLOSED', 'no'));
    await missOne(scene);
    expect(told).to.deep.equal(['gap', 'ann 2']);
  });

  it('tells a gap where it began while its process was away', async () => {
    const scene = await watchedMap();
    const { router, map, told, watch } = scene;
    router.goAway();
    watch(map.watch('ann'));
    await missOne(scene);
    expect(told).to.deep.equal(['gap', 'ann 2']);
  });

  it('watches the map of its name in another lineage, with a gap as it begins and one when it has begun', async () => {
    const { router, map, told, watch, pass } = await watchedMap();
    watch();
    await map.set('ann', 1);
    router.goAway();
    await pass(awayMs);
    // Another map stands there by that name.
    const row = router.structure('map', 'users');
    if (row !== undefined) router.destroy(row, () => {});
    await setElsewhere(router, 'ann', 2);
    router.comeBack('second');
    await pass(500);
    expect(told, 'three partitions').to.deep.equal(['ann 1', 'gap', 'gap']);
    await map.set('ann', 3);
    await setImmediate();
    expect(told.at(-1)).to.equal('ann 3');
  });

  it('ends where the map was destroyed meanwhile, and does not go on in the next', async () => {
    const { router, told, watch, pass } = await watchedMap();
    watch();
    router.goAway();
    const row = router.structure('map', 'users');
    if (row !== undefined) router.destroy(row, () => {});
    await setElsewhere(router, 'ann', 1);
    await pass(awayMs);
    router.comeBack();
    await pass(500);
    expect(told).to.deep.equal(['complete']);
  });

  it('ends with the reason where the process cannot come back, and without one where it was closed', async () => {
    const error = new GridError('GRID_CLOSED', 'it lost an invariant');
    for (const closed of [{ error }, { error: undefined }]) {
      const { router, clock, told, watch, pass } = await watchedMap();
      watch();
      router.goAway();
      await pass(awayMs);
      expect(told).to.deep.equal([]);
      router.closed = closed;
      await pass(500);
      expect(told).to.deep.equal([closed.error?.code ?? 'complete']);
      expect(clock.timerCount, 'timers left').to.equal(0);
    }
  });

  it('leaves no timer behind where it is ended meanwhile', async () => {
    const { router, clock, watch } = await watchedMap();
    const subscription = watch();
    await setImmediate();
    router.goAway();
    expect(clock.timerCount).to.equal(1);
    subscription.unsubscribe();
    expect(clock.timerCount).to.equal(0);
  });
});
