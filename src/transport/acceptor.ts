/**
 * The one port of a process: an HTTP server whose upgrades on `/member` become links that members
 * dialled. Such a link is only read. Other requests and upgrades go to whoever asked for them.
 */
import { randomBytes } from 'node:crypto';
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerOptions,
} from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Server as SocketServer } from 'node:net';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { GridError } from '../base/errors.ts';
import { addressOf } from '../base/host-port.ts';
import { AcceptedLink, type AcceptedLinkEvents } from './accepted-link.ts';
import { hostOf, listenNear } from './near-socket.ts';
import { type LinkSettings, memberPath, memberProtocol, socketOptions } from './settings.ts';

export type UpgradeHandler = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

const connectionsMax = 10_000;

const httpOptions: ServerOptions = {
  maxHeaderSize: 8 * 1_024,
  headersTimeout: 5_000,
  requestTimeout: 5_000,
  connectionsCheckingInterval: 1_000,
};

export class Acceptor {
  readonly #settings: LinkSettings;
  readonly #events: Pick<AcceptedLinkEvents, 'onMessages'>;
  readonly #http: Server;
  /** Of those on this machine. */
  #near: SocketServer | undefined;
  readonly #webSockets: WebSocketServer;
  /** By identity and lane: a newer connection replaces the older. */
  readonly #current = new Map<string, AcceptedLink>();
  readonly #links = new Set<AcceptedLink>();
  readonly #upgrades = new Map<string, UpgradeHandler>();
  readonly #sockets = new Set<Duplex>();
  #requests: RequestListener = (_request, response) => response.writeHead(404).end();

  constructor(settings: LinkSettings, events: Pick<AcceptedLinkEvents, 'onMessages'>) {
    this.#settings = settings;
    this.#events = events;
    this.#webSockets = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      ...socketOptions(settings.limits),
      handleProtocols: () => memberProtocol,
    });
    this.#http = this.#createHttp();
    this.#http.maxHeadersCount = 64;
    this.#http.maxConnections = connectionsMax;
    this.#http.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
    this.#http.on('connection', (socket: Duplex) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    this.handleUpgrades(memberPath, (request, socket, head) => this.#member(request, socket, head));
  }

  /** The port that was bound: any free one for 0. */
  async listen(host: string, port: number): Promise<number> {
    const bound = await this.#bind(host, port);
    if (this.#settings.tls !== undefined) return bound;
    this.#near = await listenNear({
      address: addressOf(host, bound),
      connectionsMax,
      logger: this.#settings.logger,
      accept: (socket) => this.#http.emit('connection', socket),
    });
    return bound;
  }

  #bind(host: string, port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#http.once('error', (error) => reject(notBound(host, port, error)));
      // Exclusive: in a worker of node:cluster a port would otherwise be shared with its siblings.
      this.#http.listen({ port, host, exclusive: true }, () => {
        resolve((this.#http.address() as AddressInfo).port);
      });
    });
  }

  /** Who answers plain requests: health, metrics. */
  handleRequests(listener: RequestListener): void {
    this.#requests = listener;
  }

  handleUpgrades(path: string, handler: UpgradeHandler): void {
    this.#upgrades.set(path, handler);
  }

  close(): Promise<void> {
    const closed = Promise.all([ended(this.#http), ended(this.#near)]);
    for (const link of this.#links) link.close();
    // What stays open after the closing of links (an idle keep-alive, a half-made upgrade) is cut.
    const timer = this.#settings.clock.setTimer(1_500, () => {
      for (const socket of this.#sockets) socket.destroy();
    });
    this.#http.closeIdleConnections();
    return closed.then(() => timer.cancel());
  }

  #createHttp(): Server {
    const { tls } = this.#settings;
    const listener: RequestListener = (request, response) => this.#requests(request, response);
    if (tls === undefined) return createServer(httpOptions, listener);
    const options = {
      ...httpOptions,
      key: tls.key as Buffer,
      cert: tls.cert as Buffer,
      ca: tls.ca as Buffer | undefined,
      requestCert: tls.requireClientCert ?? false,
      rejectUnauthorized: tls.requireClientCert ?? false,
      minVersion: 'TLSv1.3',
    } as const;
    return createTlsServer(options, listener);
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy());
    const path = (request.url ?? '').split('?', 1)[0] ?? '';
    const handler = this.#upgrades.get(path);
    if (handler === undefined) refuseUpgrade(socket, '404 Not Found');
    else handler(request, socket, head);
  }

  #member(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // Only browsers send an origin, and no browser is a member.
    if (request.headers.origin !== undefined) refuseUpgrade(socket, '403 Forbidden');
    else if (request.headers['sec-websocket-protocol'] !== memberProtocol) {
      refuseUpgrade(socket, '400 Bad Request');
    } else {
      this.#webSockets.handleUpgrade(request, socket, head, (webSocket) => {
        this.#settings.busyPoll.listen(webSocket, hostOf(request.socket));
        this.#accept(webSocket, socket);
      });
    }
  }

  #accept(webSocket: WebSocket, socket: Duplex): void {
    const link: AcceptedLink = new AcceptedLink(
      webSocket,
      socket,
      this.#settings,
      randomBytes(32),
      {
        onMessages: this.#events.onMessages,
        onUp: () => this.#replaceOlder(link),
        onEnd: () => this.#forget(link),
      },
    );
    this.#links.add(link);
  }

  #replaceOlder(link: AcceptedLink): void {
    this.#current.get(link.key)?.close();
    this.#current.set(link.key, link);
  }

  #forget(link: AcceptedLink): void {
    this.#links.delete(link);
    if (this.#current.get(link.key) === link) this.#current.delete(link.key);
  }
}

function ended(server: SocketServer | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (server === undefined) resolve();
    else server.close(() => resolve());
  });
}

/** Says no to what would become a WebSocket. */
export function refuseUpgrade(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

function notBound(host: string, port: number, error: NodeJS.ErrnoException): GridError {
  const found =
    error.code === 'EADDRINUSE'
      ? 'another process has it. Stop that process, choose another port, or take port 0 for any free one'
      : error.code === 'EACCES'
        ? 'this process may not bind it. Choose a port from 1024 upwards'
        : `it cannot be bound (${error.code}). Give an address of this machine as host`;
  const message = `listen: expected ${host}:${port} to be free, found that ${found}.`;
  return new GridError('GRID_BAD_OPTION', message, { cause: error });
}
