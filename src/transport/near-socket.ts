/**
 * How processes of one machine reach each other without TCP: who listens on a loopback address listens on a local
 * socket named after it, too. A frame through it costs less than half (docs/decisions/0020), and is the
 * same otherwise: it is the same HTTP server that hears of it.
 *
 * The name is an abstract one, which Linux has: it is no file, so nothing stays of a process that dies, and it is seen
 * by those who could reach the loopback address, in the same network namespace. An address of which there is none,
 * since there is a proxy in between or another kernel, is dialled by TCP as ever.
 */
import { existsSync, readFileSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Logger } from '../base/logger.ts';
import { isLoopback } from './loopback.ts';

interface Listening {
  readonly address: string;
  readonly connectionsMax: number;
  readonly logger: Logger;
  accept(socket: Socket): void;
}

/** Where the kernel lists local sockets, a line each. */
const list = '/proc/net/unix';
/** What stands in a line of a socket that listens. */
const listens = ' 00010000 ';
const accepted = new WeakSet<object>();
/** Addresses whose local socket was listed and did not answer: a process of another user's, or of another Node. */
const deaf = new Set<string>();
const deafMax = 4_096;

/** Resolves when it listens, or will not: then there is TCP. */
export function listenNear({ address, connectionsMax, logger, accept }: Listening) {
  return new Promise<Server | undefined>((resolve) => {
    if (!isNear(address)) {
      resolve(undefined);
      return;
    }
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      accepted.add(socket);
      accept(socket);
    });
    server.maxConnections = connectionsMax;
    server.once('error', (error) => {
      logger.debug({ address, error: error.message }, 'listens on no local socket');
      resolve(undefined);
    });
    server.listen({ path: nameOf(address), exclusive: true }, () => resolve(server));
  });
}

/** How to connect to the local socket of an address; undefined where nobody listens on one. */
export function nearConnection(address: string): (() => Socket) | undefined {
  if (!isNear(address) || deaf.has(address) || !isListed(address)) return undefined;
  return () => {
    const socket = connect({ path: nameOf(address) });
    const note = () => {
      if (deaf.size < deafMax) deaf.add(address);
    };
    socket.once('error', note);
    socket.once('connect', () => socket.off('error', note));
    return socket;
  };
}

/** The host at the other end of what a server accepted; undefined where it is gone. */
export function hostOf(socket: Socket): string | undefined {
  return accepted.has(socket) ? '127.0.0.1' : socket.remoteAddress;
}

function nameOf(address: string): string {
  return `\0shoal/${address}`;
}

/** Only Linux has such names. */
function isNear(address: string): boolean {
  return process.platform === 'linux' && isLoopback(address.slice(0, address.lastIndexOf(':')));
}

function isListed(address: string): boolean {
  if (!existsSync(list)) return false;
  // Zeros are shown like this, and the name may be filled up with them.
  const end = ` @shoal/${address}`;
  const lines = readFileSync(list, 'latin1').split('\n');
  return lines.some((line) => line.replace(/@+$/, '').endsWith(end) && line.includes(listens));
}
