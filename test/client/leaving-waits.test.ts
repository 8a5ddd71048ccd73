/** Calls that wait at a queue when their process leaves. */
import { expect } from 'chai';
import { GridError, type GridQueue } from '../../src/index.ts';
import { closeClients, connectTo } from '../support/clients.ts';
import { closeAll, joinThree } from '../support/grids.ts';
import { until } from '../transport/until.ts';

interface Leaver {
  queue(name: string): GridQueue;
  leave(): Promise<void>;
}

describe('a process that leaves while it waits at a queue', function () {
  this.timeout(20_000);
  afterEach(async () => {
    await closeClients();
    await closeAll();
  });

  async function leavers(where: 'a member' | 'a client') {
    const [first, second] = await joinThree({ partitions: 11 });
    await second.safe();
    const client = await connectTo(first);
    const leaver: Leaver =
      where === 'a member'
        ? second
        : { queue: (name) => client.queue(name), leave: () => client.close() };
    return { rest: first, leaver };
  }

  for (const where of ['a member', 'a client'] as const) {
    it(`takes nothing any more, for certain: ${where}`, async () => {
      const { rest, leaver } = await leavers(where);
      const names = ['a', 'b', 'c', 'd'];
      const takes = names.map((name) => leaver.queue(name).take());
      const ends = Promise.allSettled(takes);
      await Promise.all(names.map((name) => leaver.queue(name).size()));
      await leaver.leave();
      for (const name of names) await rest.queue(name).push(`for others ${name}`);
      expect((await ends).map(outcomeOf)).to.deep.equal(names.map(() => 'GRID_CLOSED not-applied'));
      const left = await Promise.all(names.map((name) => rest.queue(name).tryTake()));
      expect(left).to.deep.equal(names.map((name) => `for others ${name}`));
    });

    it(`ends its loops in peace, after the item at which they are: ${where}`, async () => {
      const { rest, leaver } = await leavers(where);
      const done: unknown[] = [];
      const loop = (async () => {
        for await (const item of leaver.queue('jobs')) done.push(item);
        return 'the end';
      })();
      await rest.queue('jobs').push('first');
      await until(() => done.length === 1, 'the first item');
      await leaver.leave();
      await rest.queue('jobs').push('for others');
      expect(await loop).to.equal('the end');
      expect(done).to.deep.equal(['first']);
      expect(await rest.queue('jobs').tryTake()).to.equal('for others');
      const late: unknown[] = [];
      for await (const item of leaver.queue('jobs')) late.push(item);
      expect(late).to.deep.equal([]);
    });
  }
});

function outcomeOf(end: PromiseSettledResult<unknown>): string {
  if (end.status === 'fulfilled') return `took ${String(end.value)}`;
  const error: unknown = end.reason;
  return GridError.is(error) ? `${error.code} ${error.outcome}` : String(error);
}
