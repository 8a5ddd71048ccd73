/** The map's contract on light clients over real sockets: straight to primaries, and through one member. */
import type { GridClient } from '../../src/client.ts';
import { mapContract } from '../contract/map-contract.ts';
import { closeClients, connectTo } from '../support/clients.ts';
import { closeAll, joinThree } from '../support/grids.ts';

describe('clients over real sockets', function () {
  this.timeout(20_000);
  let direct: GridClient;
  let through: GridClient;
  let maps = 0;

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

  mapContract('a client that goes to each primary', async () => direct.map(`map ${maps++}`));
  mapContract('a client behind one member', async () => through.map(`map ${maps++}`));
});
