/**
 * Members over WebSockets: one port, two lanes, everything for one peer and lane within a turn in one
 * frame.
 *
 * Each member dials its own links and sends on these only; what it accepted it only reads. So two
 * members that meet have no connection to argue about.
 */
import type { RequestListener } from 'node:http';
import { type Clock, systemClock } from '../base/clock.ts';
import { GridError } from '../base/errors.ts';
import { addressOf } from '../base/host-port.ts';
import type { Address, MemberId } from '../base/ids.ts';
import { defaultLimits, type Limits } from '../base/limits.ts';
import { type Logger, silentLogger } from '../base/logger.ts';
import { type Random, systemRandom } from '../base/random.ts';
import { SharedSecret } from '../security/shared-secret.ts';
import type { Refused } from '../wire/handshake.ts';
import type { Message } from '../wire/messages.ts';
import type { AcceptedLinkEvents } from './accepted-link.ts';
import { Acceptor, type UpgradeHandler } from './acceptor.ts';
import { BusyPoll } from './busy-poll.ts';
import { Links } from './links.ts';
import { isLoopback } from './loopback.ts';
import {
  defaultTransportTimings,
  type LinkSettings,
  type TlsOptions,
  type TransportStats,
  type TransportTimings,
} from './settings.ts';
import type { Lane, Peer, Transport, TransportEvents } from './transport.ts';

export interface WebSocketTransportOptions {
  readonly id: MemberId;
  readonly cluster: string;
  /** A human name. @default '' */
  readonly name?: string;
  /** @default '127.0.0.1' */
  readonly host?: string;
  /** 0 takes any free port. @default 0 */
  readonly port?: number;
  /** `host:port` as others reach this process. @default what is bound */
  readonly advertise?: string;
  readonly secret?: string | Uint8Array;
  readonly tls?: TlsOptions;
  /** Lets everybody in who reaches the port, on a host that is not loopback. @default false */
  readonly insecure?: boolean;
  /** A peer refuses this member, or the other way round; `sentence` says why. */
  readonly onRejected?: (address: Address, refused: Refused) => void;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly logger?: Logger;
  readonly limits?: Limits;
  readonly timings?: TransportTimings;
}

export class WebSocketTransport implements Transport {
  readonly address: Address;
  readonly stats: Readonly<TransportStats>;
  /** What other doors of this process are to tell of their frames, too. */
  readonly busyPoll: BusyPoll;
  readonly #acceptor: Acceptor;
  readonly #links: Links;
  #events: TransportEvents | undefined;
  #closing: Promise<void> | undefined;

  /** Resolves when the port is bound. `GRID_BAD_OPTION` where it cannot be, or should not be. */
  static async open(options: WebSocketTransportOptions): Promise<WebSocketTransport> {
    const host = options.host ?? '127.0.0.1';
    checkExposure(host, options);
    const secret = options.secret === undefined ? undefined : new SharedSecret(options.secret);
    // The address is known only when the port is bound, and settings want it: the acceptor comes first.
    const settings = settingsOf(options, secret);
    let receive: AcceptedLinkEvents['onMessages'] = () => {};
    const acceptor = new Acceptor(settings, {
      onMessages: (from, messages) => receive(from, messages),
    });
    const port = await acceptor.listen(host, options.port ?? 0);
    settings.identity.address = (options.advertise ?? addressOf(host, port)) as Address;
    const transport = new WebSocketTransport(settings, acceptor, options);
    receive = (from, messages) => transport.#receive(from, messages);
    return transport;
  }

  private constructor(
    settings: LinkSettings,
    acceptor: Acceptor,
    options: WebSocketTransportOptions,
  ) {
    this.address = settings.identity.address;
    this.stats = settings.stats;
    this.busyPoll = settings.busyPoll;
    this.#acceptor = acceptor;
    this.#links = new Links(settings, {
      onUp: (peer) => this.#events?.onUp(peer),
      onDown: (address, id, reason) => this.#events?.onDown(address, id, reason),
      onRejected: (address, refused) => options.onRejected?.(address, refused),
    });
  }

  listen(events: TransportEvents): void {
    this.#events = events;
  }

  send(to: Address, id: MemberId | undefined, lane: Lane, message: Message): boolean {
    return this.#closing === undefined && this.#links.send(to, id, lane, message);
  }

  bufferedBytes(to: Address): number {
    return this.#links.bufferedBytes(to);
  }

  forget(to: Address): void {
    this.#links.forget(to);
  }

  /** Who answers plain HTTP requests on the port. */
  handleRequests(listener: RequestListener): void {
    this.#acceptor.handleRequests(listener);
  }

  /** Who takes upgrades on a path of the port: the gateway of clients. */
  handleUpgrades(path: string, handler: UpgradeHandler): void {
    this.#acceptor.handleUpgrades(path, handler);
  }

  close(): void {
    void this.closed();
  }

  /** Closes, and resolves when the port is free. */
  closed(): Promise<void> {
    if (this.#closing === undefined) {
      this.#events = undefined;
      this.#links.close();
      this.#closing = this.#acceptor.close();
    }
    return this.#closing;
  }

  #receive(from: Peer, messages: readonly Message[]): void {
    const bring = () => {
      for (const message of messages) this.#events?.onMessage(from, message);
    };
    if (this.#events?.runAfter === undefined) bring();
    else this.#events.runAfter(bring);
  }
}

type OpenSettings = Omit<LinkSettings, 'identity'> & {
  readonly identity: { id: MemberId; address: Address; cluster: string; name: string };
};

function settingsOf(
  options: WebSocketTransportOptions,
  secret: SharedSecret | undefined,
): OpenSettings {
  const clock = options.clock ?? systemClock;
  const random = options.random ?? systemRandom;
  return {
    identity: {
      id: options.id,
      address: '' as Address,
      cluster: options.cluster,
      name: options.name ?? '',
    },
    clock,
    busyPoll: new BusyPoll(clock, random),
    random,
    logger: options.logger ?? silentLogger,
    limits: options.limits ?? defaultLimits,
    timings: options.timings ?? defaultTransportTimings,
    secret,
    tls: options.tls,
    stats: {
      framesSent: 0,
      messagesSent: 0,
      bytesSent: 0,
      framesReceived: 0,
      messagesReceived: 0,
      badFrames: 0,
    },
  };
}

function checkExposure(host: string, options: WebSocketTransportOptions): void {
  if (isLoopback(host) || options.secret !== undefined) return;
  if (options.tls?.requireClientCert === true) return;
  if (options.insecure === true) {
    options.logger?.warn({ host }, 'insecure: everybody who reaches this port is let in');
    return;
  }
  throw new GridError(
    'GRID_BAD_OPTION',
    `host: ${host} can be reached from other machines, and nothing keeps strangers out. Give a ` +
      '`secret` to every member, or `tls` with `requireClientCert`, or listen on 127.0.0.1; ' +
      '`insecure: true` lets everybody in.',
  );
}
