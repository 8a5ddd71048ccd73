/** The map's contract on light clients over real sockets: straight to primaries, and through one member. */
import { mapContract } from '../contract/map-contract.ts';
import { describeBothRoutings } from '../support/clients.ts';

describeBothRoutings('clients over real sockets', (clients) => {
  let maps = 0;

  mapContract('a client that goes to each primary', async () =>
    clients.direct.map(`map ${maps++}`),
  );
  mapContract('a client behind one member', async () => clients.through.map(`map ${maps++}`));
});
