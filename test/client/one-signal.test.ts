/** One signal over many calls: Node warns of more than ten listeners of a signal as of a leak. */
import { getEventListeners } from 'node:events';
import { expect } from 'chai';
import type { Grid, GridClient } from '../../src/index.ts';
import { closeClients, connectTo } from '../support/clients.ts';
import { closeAll, joinGrid } from '../support/grids.ts';

const callsPerSignal = 30;

describe('one signal over many calls', function () {
  this.timeout(20_000);
  let grid: Grid;
  let client: GridClient;
  const warnings: Error[] = [];
  const warned = (warning: Error) => void warnings.push(warning);

  before(async () => {
    grid = await joinGrid({ partitions: 31 });
    client = await connectTo(grid);
    process.on('warning', warned);
  });
  after(async () => {
    process.off('warning', warned);
    await closeClients();
    await closeAll();
  });

  for (const where of ['a member', 'a client'] as const) {
    it(`brings no warning of Node at ${where}, and ends them all`, async () => {
      const user: Pick<Grid, 'map' | 'queue' | 'topic' | 'structures'> =
        where === 'a member' ? grid : client;
      const { controller, listeners } = counted();
      const { signal } = controller;
      // Each of them on all partitions; the first also while the map is not there yet.
      await user.map(`${where} all`).size({ signal });
      await Promise.all(times(() => user.structures({ signal })));
      await Promise.all(times((n) => user.topic(`${where} ${n}`).subscribe(() => {}, { signal })));
      expect(listeners.most).to.be.within(1, 10);
      const waits = times((n) => user.queue(`${where} ${n}`).take({ signal }));
      const ends = Promise.allSettled(waits);
      await Promise.all(times((n) => user.queue(`${where} ${n}`).size()));
      expect(listeners.most).to.be.within(1, 10);
      controller.abort();
      for (const { status } of await ends) expect(status).to.equal('rejected');
      expect(getEventListeners(signal, 'abort')).to.have.length(0);
      // Node warns in a later turn.
      await new Promise(setImmediate);
      expect(warnings.map(({ message }) => message)).to.deep.equal([]);
    });
  }
});

/** A controller whose signal counts how many listeners it has at most. */
function counted() {
  const controller = new AbortController();
  const { signal } = controller;
  const listeners = { most: 0 };
  const add = signal.addEventListener.bind(signal);
  signal.addEventListener = (...args: Parameters<typeof add>) => {
    add(...args);
    listeners.most = Math.max(listeners.most, getEventListeners(signal, 'abort').length);
  };
  return { controller, listeners };
}

function times<Result>(make: (n: number) => Result): Result[] {
  return Array.from({ length: callsPerSignal }, (_, n) => make(n));
}
