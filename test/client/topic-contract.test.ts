/** The topic's contract on light clients over real sockets: straight to the primary, and through one member. */
import type { GridClient } from '../../src/client.ts';
import { topicContract } from '../contract/topic-contract.ts';
import { closeClients, connectTo } from '../support/clients.ts';
import { closeAll, joinThree } from '../support/grids.ts';

describe('topics of clients over real sockets', function () {
  this.timeout(20_000);
  let direct: GridClient;
  let through: GridClient;
  let topics = 0;

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

  topicContract('a client that goes to each primary', async (options) => {
    const name = `topic ${topics++}`;
    return { topic: direct.topic(name, options), other: through.topic(name, options) };
  });
  topicContract('a client behind one member', async (options) => {
    const name = `topic ${topics++}`;
    return { topic: through.topic(name, options), other: direct.topic(name, options) };
  });
});
