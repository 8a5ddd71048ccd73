/** The queue's contract on light clients over real sockets: straight to the primary, and through one member. */
import type { GridClient } from '../../src/client.ts';
import { queueContract } from '../contract/queue-contract.ts';
import { closeClients, connectTo } from '../support/clients.ts';
import { closeAll, joinThree } from '../support/grids.ts';

describe('clients over real sockets, with queues', function () {
  this.timeout(20_000);
  let direct: GridClient;
  let through: GridClient;
  let queues = 0;

  before(async () => {
    const [first, second] = await joinThree({ partitions: 11 });
    await second.safe();
    direct = await connectTo(first);
    through = await connectTo(second, { routing: 'gateway' });
  });
  after(async () => {
    await closeClients();
    await closeAll();
  });

  queueContract('a client that goes to each primary', async (options) =>
    direct.queue(`queue ${queues++}`, options),
  );
  queueContract('a client behind one member', async (options) =>
    through.queue(`queue ${queues++}`, options),
  );
});
