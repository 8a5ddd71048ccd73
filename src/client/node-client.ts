/** A light client in Node: it dials by `ws`, and processes of its machine by local sockets. */
import { WebSocket } from 'ws';
import { systemClock } from '../base/clock.ts';
import { systemRandom } from '../base/random.ts';
import type { ConnectOptions, GridClient } from '../grid.ts';
import { BusyPoll } from '../transport/busy-poll.ts';
import { nearConnection } from '../transport/near-socket.ts';
import { connectThrough } from './grid-client.ts';
import { framed, type OpenSocket, type PlainSocket } from './socket.ts';

/** How to connect to an address by a local socket, where there is one. */
type Near = typeof nearConnection;

/** Resolves when a member let this client in and told it the table. */
export function connect(
  urls: string | readonly string[],
  options?: ConnectOptions,
): Promise<GridClient> {
  return connectNear(urls, options, nearConnection);
}

/** As `connect`; `near` finds local sockets. */
export function connectNear(
  urls: string | readonly string[],
  options: ConnectOptions | undefined,
  near: Near,
): Promise<GridClient> {
  const busyPoll = new BusyPoll(systemClock, systemRandom);
  // A credential goes to nobody but who holds the port.
  return connectThrough(urls, options, (showsCredential) =>
    socketOpener(busyPoll, showsCredential ? undefined : near),
  );
}

/** `busyPoll` hears of what comes from this machine itself. */
export function socketOpener(busyPoll: BusyPoll, near: Near | undefined): OpenSocket {
  return (url, protocol, limits, events) => {
    const { hostname, host } = new URL(url);
    const createConnection = url.startsWith('ws:') ? near?.(host) : undefined;
    const socket = new WebSocket(url, protocol, {
      perMessageDeflate: false,
      maxPayload: limits.frameBytesMax,
      handshakeTimeout: limits.openMs,
      followRedirects: false,
      // Masks keep scripts in browsers from speaking to proxies; a process has no such scripts.
      generateMask: () => {},
      ...(createConnection === undefined ? {} : { createConnection }),
    });
    socket.binaryType = 'nodebuffer';
    busyPoll.listen(socket, hostname);
    return framed(socket as unknown as PlainSocket, events);
  };
}
