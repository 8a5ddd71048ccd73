/** Light clients in this process; `closeClients` ends those of a test. */

import { connect } from '../../src/client.ts';
import type { ConnectOptions, Grid, GridClient } from '../../src/grid.ts';
import { closeAll, joinThree } from './grids.ts';

const open: GridClient[] = [];

export function urlOf(grid: Grid): string {
  return `ws://${grid.self.address}`;
}

export async function connectTo(
  where: Grid | string | readonly string[],
  options: ConnectOptions = {},
): Promise<GridClient> {
  const urls = typeof where === 'object' && 'self' in where ? urlOf(where) : where;
  const client = await connect(urls, options);
  open.push(client);
  return client;
}

export async function closeClients(): Promise<void> {
  await Promise.all(open.splice(0).map((client) => client.close()));
}

/** A client of each routing, on a grid of three over real sockets. */
export interface BothRoutings {
  /** Goes to each primary. */
  readonly direct: GridClient;
  /** Sends everything through one member. */
  readonly through: GridClient;
}

/** A suite on such clients; they are there while its tests run, and not yet while it is defined. */
export function describeBothRoutings(title: string, define: (clients: BothRoutings) => void): void {
  describe(title, function () {
    this.timeout(20_000);
    const clients = {} as { direct: GridClient; through: GridClient };

    before(async () => {
      const [first, second] = await joinThree({ partitions: 11 });
      await second.safe();
      clients.direct = await connectTo(first);
      clients.through = await connectTo(second, { routing: 'gateway' });
    });
    after(async () => {
      await closeClients();
      await closeAll();
    });

    define(clients);
  });
}
