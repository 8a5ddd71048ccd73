/** Upgrades on `/client` become connections of light clients. */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { refuseUpgrade } from '../transport/acceptor.ts';
import type { BusyPoll } from '../transport/busy-poll.ts';
import { hostOf } from '../transport/near-socket.ts';
import { socketOptions } from '../transport/settings.ts';
import { clientProtocol } from '../wire/client-messages.ts';
import type { ClientSettings } from './client-connection.ts';
import { ClientConnections } from './client-connections.ts';
import type { Gateway } from './gateway.ts';

export interface ClientAcceptorOptions extends ClientSettings {
  /** The origins of web pages that may connect. */
  readonly origins: readonly string[];
  readonly busyPoll: BusyPoll;
}

export class ClientAcceptor {
  readonly #origins: readonly string[];
  readonly #busyPoll: BusyPoll;
  readonly #webSockets: WebSocketServer;
  readonly #connections: ClientConnections;

  constructor(options: ClientAcceptorOptions, gateway: Gateway) {
    this.#origins = options.origins;
    this.#busyPoll = options.busyPoll;
    this.#connections = new ClientConnections(options, gateway);
    this.#webSockets = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      ...socketOptions(options.limits),
      handleProtocols: () => clientProtocol,
    });
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { origin } = request.headers;
    if (origin !== undefined && !this.#origins.includes(origin)) {
      refuseUpgrade(socket, '403 Forbidden');
    } else if (request.headers['sec-websocket-protocol'] !== clientProtocol) {
      refuseUpgrade(socket, '400 Bad Request');
    } else {
      this.#webSockets.handleUpgrade(request, socket, head, (webSocket) => {
        this.#busyPoll.listen(webSocket, hostOf(request.socket));
        this.#connections.accept(webSocket, socket);
      });
    }
  }

  close(): void {
    this.#connections.close();
  }
}
