import { expect } from 'chai';
import { GridError } from '../../src/base/errors.ts';
import { defaultLimits } from '../../src/base/limits.ts';
import { silentLogger } from '../../src/base/logger.ts';
import type { StructureRow } from '../../src/partition/router-port.ts';
import { MapHandle } from '../../src/structures/map/map-handle.ts';
import { QueueHandle } from '../../src/structures/queue/queue-handle.ts';
import { summariesOf } from '../../src/structures/summaries-handle.ts';
import { TopicHandle } from '../../src/structures/topic/topic-handle.ts';
import { Topics } from '../../src/structures/topic/topics.ts';
import { severalStructures } from '../../src/wire/looks.ts';
import { HandClock } from '../actors/hand-clock.ts';
import { LocalRouter } from '../support/local-router.ts';

const clock = new HandClock();

/** A grid of so many maps, each with as many entries as its name says. */
async function mapsOf(count: number): Promise<[LocalRouter, StructureRow[]]> {
  const router = new LocalRouter(11);
  const rows: StructureRow[] = [];
  for (let at = 0; at < count; at++) {
    const map = new MapHandle({ router, clock, name: `${at}` });
    for (let key = 0; key < at; key++) await map.set(key, 0);
    await map.size();
    rows.push(router.structure('map', `${at}`) as StructureRow);
  }
  router.defines = 0;
  return [router, rows];
}

const checkOpen = () => {};

describe('the structures of a grid', () => {
  it('are looked at all together, once in each partition', async () => {
    const [router, rows] = await mapsOf(20);
    const queue = new QueueHandle<number>({ router, clock, name: 'jobs' });
    for (let item = 0; item < 3; item++) await queue.push(item);
    const topics = new Topics({ router, clock, limits: defaultLimits, logger: silentLogger });
    const topic = new TopicHandle<number>({ topics, name: 'news' });
    await topic.publish(1);
    for (const [type, name] of [
      ['queue', 'jobs'],
      ['topic', 'news'],
    ] as const) {
      rows.push(router.structure(type, name) as StructureRow);
    }
    router.submitted.length = 0;
    const summaries = await summariesOf(rows, { router, clock, checkOpen }, undefined);
    expect(summaries.map(({ size }) => size)).to.deep.equal([...Array(20).keys(), 3, 1]);
    expect(summaries[3]).to.deep.equal({ name: '3', type: 'map', backups: 1, size: 3 });
    expect(router.submitted.map(({ partition }) => partition)).to.deep.equal([...Array(11).keys()]);
  });

  it('are asked some at a time by one who meets a member that cannot look at several', async () => {
    const [router, rows] = await mapsOf(20);
    let [open, most] = [0, 0];
    router.intercept = (operation) => {
      const { reject, resolve, structure } = operation;
      if (structure.id === severalStructures) {
        queueMicrotask(() => reject(new GridError('GRID_CLOSED', 'no such structure')));
        return true;
      }
      most = Math.max(most, ++open);
      router.answer({
        ...operation,
        resolve: (result) => {
          open--;
          resolve(result);
        },
      });
      return true;
    };
    const summaries = await summariesOf(rows, { router, clock, checkOpen }, undefined);
    expect(summaries.map(({ size }) => size)).to.deep.equal([...Array(20).keys()]);
    expect(most).to.be.at.most(4 * 11);
  });

  it('are not told of by a member that is coming back, to which all seems to be gone', async () => {
    const [router, rows] = await mapsOf(3);
    router.goAway();
    const told = summariesOf(rows, { router, clock, checkOpen }, undefined);
    const error = await told.catch((reason: unknown) => reason);
    expect(GridError.is(error, 'GRID_CLOSED'), String(error)).to.equal(true);
  });

  it('are those that are there: one that was destroyed meanwhile is left out, and stays away', async () => {
    const [router, rows] = await mapsOf(3);
    router.destroy(rows[1] as StructureRow, () => {});
    const summaries = await summariesOf(rows, { router, clock, checkOpen }, undefined);
    expect(summaries.map(({ name }) => name)).to.deep.equal(['0', '2']);
    expect([router.defines, router.structure('map', '1')]).to.deep.equal([0, undefined]);
  });

  it('are not told of by a grid that was closed meanwhile', async () => {
    const [router, rows] = await mapsOf(3);
    const closed = new GridError('GRID_CLOSED', 'closed');
    router.intercept = ({ reject }) => {
      queueMicrotask(() => reject(closed));
      return true;
    };
    const checkClosed = () => {
      throw closed;
    };
    const parts = { router, clock, checkOpen: checkClosed };
    const error = await summariesOf(rows, parts, undefined).catch((reason: unknown) => reason);
    expect(error).to.equal(closed);
  });
});
