/** Upgrades on `/client` become connections of light clients. */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { repeat, type Timer } from '../base/clock.ts';
import { socketOptions } from '../transport/settings.ts';
import { clientProtocol } from '../wire/client-messages.ts';
import { ClientConnection, type ClientSettings } from './client-connection.ts';
import type { Gateway } from './gateway.ts';

export interface ClientAcceptorOptions extends ClientSettings {
  /** The origins of web pages that may connect. */
  readonly origins: readonly string[];
}

const tickMs = 100;

export class ClientAcceptor {
  readonly #options: ClientAcceptorOptions;
  readonly #gateway: Gateway;
  readonly #webSockets: WebSocketServer;
  readonly #connections = new Set<ClientConnection>();
  readonly #timer: Timer;

  constructor(options: ClientAcceptorOptions, gateway: Gateway) {
    this.#options = options;
    this.#gateway = gateway;
    this.#webSockets = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      ...socketOptions(options.limits),
      handleProtocols: () => clientProtocol,
    });
    this.#timer = repeat(options.clock, tickMs, () => gateway.tick());
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { origin } = request.headers;
    if (origin !== undefined && !this.#options.origins.includes(origin)) {
      refuseUpgrade(socket, '403 Forbidden');
    } else if (request.headers['sec-websocket-protocol'] !== clientProtocol) {
      refuseUpgrade(socket, '400 Bad Request');
    } else {
      this.#webSockets.handleUpgrade(request, socket, head, (webSocket) => {
        const connection: ClientConnection = new ClientConnection(
          webSocket,
          socket,
          this.#options,
          this.#gateway,
          () => this.#connections.delete(connection),
        );
        this.#connections.add(connection);
      });
    }
  }

  close(): void {
    this.#timer.cancel();
    for (const connection of [...this.#connections]) connection.close();
  }
}

function refuseUpgrade(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
