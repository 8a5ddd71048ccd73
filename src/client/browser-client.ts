/** A light client in a browser: it dials by the browser's own WebSocket. */
import type { ConnectOptions, GridClient } from '../grid.ts';
import { connectThrough } from './grid-client.ts';
import { openNativeSocket } from './socket.ts';

/** Resolves when a member let this client in and told it the table. */
export function connect(
  urls: string | readonly string[],
  options?: ConnectOptions,
): Promise<GridClient> {
  return connectThrough(urls, options, () => openNativeSocket);
}
