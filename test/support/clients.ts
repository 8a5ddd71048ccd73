/** Light clients in this process; `closeClients` ends those of a test. */

import { connect } from '../../src/client.ts';
import type { ConnectOptions, Grid, GridClient } from '../../src/grid.ts';

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
