/** The connections of a member's light clients, wherever their sockets come from. */
import { repeat, type Timer } from '../base/clock.ts';
import type { FrameSocket } from '../transport/connection.ts';
import { ClientConnection, type ClientSettings, type RawBytes } from './client-connection.ts';
import type { Gateway } from './gateway.ts';

const tickMs = 100;

export class ClientConnections {
  readonly #settings: ClientSettings;
  readonly #gateway: Gateway;
  readonly #connections = new Set<ClientConnection>();
  readonly #timer: Timer;

  constructor(settings: ClientSettings, gateway: Gateway) {
    this.#settings = settings;
    this.#gateway = gateway;
    this.#timer = repeat(settings.clock, tickMs, () => gateway.tick());
  }

  accept(webSocket: FrameSocket, raw: RawBytes): void {
    const connection: ClientConnection = new ClientConnection(
      webSocket,
      raw,
      this.#settings,
      this.#gateway,
      () => this.#connections.delete(connection),
    );
    this.#connections.add(connection);
  }

  close(): void {
    this.#timer.cancel();
    for (const connection of [...this.#connections]) connection.close();
  }
}
