/** A grid of real members that grows and shrinks while it is written to. */
import { expect } from 'chai';
import type { Grid, GridEvent } from '../../src/grid.ts';
import { closeAll, joinGrid } from '../support/grids.ts';
import { until } from '../transport/until.ts';

const partitions = 31;
const keys = 400;

/** Writes over and over, through whoever is there, and notes what was acknowledged. */
class Writer {
  readonly acknowledged = new Map<string, number>();
  readonly errors: unknown[] = [];
  grids: readonly Grid[];
  #isStopped = false;
  #work: Promise<void> | undefined;

  constructor(grids: readonly Grid[]) {
    this.grids = grids;
  }

  start(): void {
    this.#work = this.#run();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#work;
  }

  async #run(): Promise<void> {
    for (let value = 1; !this.#isStopped; value++) {
      const batch = Array.from({ length: 16 }, (_, at) => (value * 16 + at) % keys);
      await Promise.all(batch.map((key) => this.#write(`key ${key}`, value)));
    }
  }

  async #write(key: string, value: number): Promise<void> {
    const grid = this.grids[value % this.grids.length];
    try {
      await grid?.map<string, number>('load').set(key, value);
      this.acknowledged.set(key, Math.max(value, this.acknowledged.get(key) ?? 0));
    } catch (error) {
      this.errors.push(error);
    }
  }
}

describe('a grid that grows and shrinks under load', function () {
  this.timeout(60_000);
  let writer: Writer | undefined;
  afterEach(async () => {
    // Whatever came of it: one that goes on without a grid gets errors for ever.
    await writer?.stop();
    await closeAll();
  });

  it('moves copies to whoever joins, tells of it, hands over when one leaves, and loses nothing', async () => {
    const first = await joinGrid({ name: 'ann', partitions });
    const second = await joinGrid({ name: 'bob', partitions, seeds: [first.self.address] });
    const load = new Writer([first, second]);
    writer = load;
    load.start();
    await until(() => load.acknowledged.size === keys, 'every key is written', 20_000);
    await first.safe();
    const heard: GridEvent[] = [];
    first.events.subscribe((event) => heard.push(event));
    const third = await joinGrid({ name: 'cid', partitions, seeds: [first.self.address] });
    const isLevel = () =>
      heard.some((event) => event.type === 'migration-progress' && event.left === 0);
    await until(isLevel, 'copies are level', 30_000);
    const finished = heard.filter((event) => event.type === 'migration-finished');
    const share = Math.floor((partitions * 2) / 3);
    expect(finished.length).to.be.within(share, share + 1);
    for (const { to, from, isDone } of finished) {
      expect([to.name, isDone]).to.deep.equal(['cid', true]);
      expect(from?.name).to.be.oneOf(['ann', 'bob']);
    }
    const started = heard.filter((event) => event.type === 'migration-started');
    expect(started.length).to.equal(finished.length);
    const moved = () => heard.filter((event) => event.type === 'partition-moved').length;
    await until(() => moved() > 5, 'primaries are handed over to it', 10_000);

    load.grids = [first, third];
    await second.leave();
    await first.safe();
    await load.stop();
    expect(load.errors).to.deep.equal([]);
    expect([...third.map('load').local.entries()].length).to.be.above(keys / 4);
    for (const [key, value] of load.acknowledged) {
      expect(await third.map('load').get(key), key).to.equal(value);
    }
  });
});
