import { expect } from 'chai';
import { GridError } from '../../src/base/errors.ts';
import type { MapChange } from '../../src/grid.ts';
import type { Grid } from '../../src/index.ts';
import { closeAll, joinThree } from '../support/grids.ts';
import { throwOut } from '../support/throwing-out.ts';
import { until } from '../transport/until.ts';

/** Throws a member out, and waits until its process is in again. */
async function throwOutAndBack(grid: Grid, meanwhile: () => Promise<unknown>): Promise<void> {
  let isBack = false;
  grid.events.subscribe(({ type }) => {
    if (type === 'connected') isBack = true;
  });
  await throwOut(grid);
  await meanwhile();
  await until(() => isBack, 'the member to be back', 15_000);
}

describe('what waits in a member that the others remove', function () {
  this.timeout(30_000);
  afterEach(closeAll);

  it('are watches of maps, which go on and miss nothing in silence', async () => {
    const [ann, bob] = await joinThree({ partitions: 11 });
    const map = bob.map<string, number>('users');
    const others = ann.map<string, number>('users');
    await map.set('ann', 0);
    await ann.safe();
    const all: MapChange<string, number>[] = [];
    const one: MapChange<string, number>[] = [];
    const ends: unknown[] = [];
    const hear = (told: typeof all) => ({
      next: (change: MapChange<string, number>) => void told.push(change),
      error: (error: unknown) => void ends.push(error),
      complete: () => void ends.push('complete'),
    });
    map.changes.subscribe(hear(all));
    map.watch('ann').subscribe(hear(one));
    await map.set('ann', 1);
    await until(() => all.length > 0 && one.length > 0, 'the first news');

    await throwOutAndBack(bob, () => others.set('ann', 2));
    for (const told of [all, one]) {
      const knows = () =>
        told.some(
          (change) => change.type === 'gap' || (change.type === 'set' && change.value === 2),
        );
      await until(knows, 'what happened meanwhile, or that it was missed', 10_000);
    }
    const keys = Array.from({ length: 40 }, (_, at) => `key ${at}`);
    await others.setMany(keys.map((key) => [key, 3] as const));
    await others.set('ann', 4);
    const isToldOf = (told: typeof all, key: string) =>
      told.some((change) => change.type === 'set' && change.key === key && change.value >= 3);
    await until(() => keys.every((key) => isToldOf(all, key)), 'the news of all', 10_000);
    await until(() => isToldOf(all, 'ann') && isToldOf(one, 'ann'), 'the news of one', 10_000);
    expect(ends).to.deep.equal([]);
    await others.destroy();
    await until(() => ends.length === 2, 'the end of both', 10_000);
    expect(ends).to.deep.equal(['complete', 'complete']);
  });

  it('are subscriptions, which lose no message and have none twice', async () => {
    const [ann, bob] = await joinThree({ partitions: 11 });
    const seen: number[] = [];
    const gaps: object[] = [];
    const topic = bob.topic<number>('news');
    const subscription = await topic.subscribe((message) => void seen.push(message), {
      onGap: (gap) => gaps.push(gap),
    });
    const looped: number[] = [];
    const loop = (async () => {
      for await (const message of topic) if (looped.push(message) === 60) return;
    })();
    const numbers = Array.from({ length: 60 }, (_, at) => at);
    const publish = async (from: number, to: number) => {
      for (const number of numbers.slice(from, to)) await ann.topic('news').publish(number);
    };
    await publish(0, 20);
    await throwOutAndBack(bob, () => publish(20, 40));
    await publish(40, 60);
    await until(() => seen.length >= 60, 'all messages', 10_000);
    await loop;
    expect([seen, looped, gaps]).to.deep.equal([numbers, numbers, []]);
    expect(subscription.isOpen).to.equal(true);
  });

  it('are takes, which end at once and say that they may have been given something', async () => {
    const [ann, bob] = await joinThree({ partitions: 11 });
    const jobs = bob.queue<string>('jobs');
    expect(await jobs.size()).to.equal(0);
    await ann.safe();
    const { id } = bob.self;
    const ends = [
      jobs.take({ timeout: '60s' }),
      (async () => {
        for await (const job of jobs) return job;
        return 'nothing';
      })(),
    ].map((work) => work.catch((error: unknown) => error));
    await throwOutAndBack(bob, async () => {
      for (const error of await Promise.all(ends)) {
        if (!GridError.is(error)) throw new Error(`expected an error, found ${String(error)}`);
        expect([error.code, error.outcome], error.message).to.deep.equal([
          'GRID_CLOSED',
          'unknown',
        ]);
        expect(error.message).to.include('`connected`');
      }
    });
    await until(() => !ann.members.some((member) => member.id === id), 'the old one to go');
    await ann.queue('jobs').push('a job');
    expect(await jobs.take()).to.equal('a job');
  });
});
