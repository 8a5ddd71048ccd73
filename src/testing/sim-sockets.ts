/**
 * The WebSockets of one life of a simulated process: those that it dialled as a light client, and those that
 * it accepted as a member.
 *
 * Invariants
 * 1. A packet of a socket that this process does not know is answered by closing it.
 */
import type { Clock } from '../base/clock.ts';
import type { Address } from '../base/ids.ts';
import type { OpenSocket } from '../client/socket.ts';
import type { Peer } from '../transport/transport.ts';
import { type Packet, SimConnection } from './sim-connection.ts';
import type { SimNetwork } from './sim-network.ts';
import { SimAcceptedSocket, SimSocketEnd } from './sim-socket.ts';

export interface SimSocketParts {
  readonly self: Peer;
  readonly network: SimNetwork;
  readonly clock: Clock;
  forget(end: SimSocketEnd): void;
}

export interface SimSocketsSettings extends Omit<SimSocketParts, 'forget'> {
  /** Called before anything is dialled: answers have to find this process. */
  readonly listen: () => void;
}

export class SimSockets {
  /** Set by a program that lets clients in; without it they are refused. */
  onAccept: ((socket: SimAcceptedSocket) => void) | undefined;
  readonly #parts: SimSocketParts;
  readonly #listen: () => void;
  readonly #ends = new Map<SimConnection, SimSocketEnd>();

  constructor({ self, network, clock, listen }: SimSocketsSettings) {
    this.#listen = listen;
    this.#parts = { self, network, clock, forget: (end) => this.#ends.delete(end.connection) };
  }

  readonly open: OpenSocket = (url, _protocol, _limits, events) => {
    const { self, network } = this.#parts;
    this.#listen();
    const to = new URL(url).host as Address;
    const connection = new SimConnection(self, to, 'data', true);
    let wasOpen = false;
    const end = new SimSocketEnd(connection, this.#parts, {
      onOpen: () => {
        wasOpen = true;
        network.counts.socket('opened');
        events.onOpen();
      },
      onFrame: (bytes) => events.onFrame(bytes),
      onClose: () => {
        if (wasOpen) network.counts.socket('closed');
        events.onClose();
      },
    });
    this.#ends.set(connection, end);
    network.transmit(connection.packet('dial', self.address));
    return end;
  };

  connections(): readonly SimConnection[] {
    return [...this.#ends.keys()];
  }

  receive(packet: Packet): void {
    const { connection, kind, bytes } = packet;
    const end = this.#ends.get(connection);
    if (end !== undefined) {
      if (kind === 'accept') end.opened();
      else end.received(kind, bytes);
    } else if (kind === 'dial' && this.onAccept !== undefined) {
      this.#accept(connection, this.onAccept);
    } else if (kind !== 'close' && kind !== 'refuse') {
      this.#reply(connection, kind === 'dial' ? 'refuse' : 'close');
    }
  }

  #accept(connection: SimConnection, onAccept: (socket: SimAcceptedSocket) => void): void {
    const socket = new SimAcceptedSocket(connection, this.#parts);
    this.#ends.set(connection, socket.end);
    this.#reply(connection, 'accept');
    socket.end.opened();
    onAccept(socket);
  }

  #reply(connection: SimConnection, kind: 'accept' | 'refuse' | 'close'): void {
    const { network, self } = this.#parts;
    network.transmit(connection.packet(kind, self.address));
  }
}
