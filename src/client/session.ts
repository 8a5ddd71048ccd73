/**
 * A client's session: who it is for the members, its links, its copy of the table and its open calls.
 * It has no promises; grid-client.ts puts the public API over it.
 *
 * Invariants
 * 1. A session is one caller for ever: its ops keep their sequences over all connections, so that what is
 *    sent again runs once.
 */
import { type Clock, repeat, type Timer } from '../base/clock.ts';
import { GridError, type GridErrorCode } from '../base/errors.ts';
import type { CallerId, PartitionId } from '../base/ids.ts';
import type { Limits } from '../base/limits.ts';
import type { Random } from '../base/random.ts';
import { Calls, type Courier } from '../transport/calls.ts';
import type { ClientTable, ClientWelcome } from '../wire/client-messages.ts';
import type { Message } from '../wire/messages.ts';
import type { OpRequest } from '../wire/op-messages.ts';
import { featureBits, protocolVersion, protocolVersionMin } from '../wire/version.ts';
import { Allegiance } from './allegiance.ts';
import { Asks } from './asks.ts';
import { ClientEvents } from './client-events.ts';
import { ClientRouter } from './client-router.ts';
import { KnownTable } from './known-table.ts';
import type { Link } from './link.ts';
import { Links } from './links.ts';
import type { OpenSocket } from './socket.ts';

export interface SessionOptions {
  readonly urls: readonly string[];
  readonly cluster: string;
  readonly routing: 'direct' | 'gateway';
  /** Empty where none is needed. */
  readonly user: string;
  readonly credential: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly limits: Limits;
  readonly openSocket: OpenSocket;
}

const tickMs = 25;

export class Session implements Courier {
  readonly caller: CallerId;
  readonly table = new KnownTable();
  readonly events = new ClientEvents();
  readonly calls: Calls;
  readonly #asks: Asks;
  readonly router: ClientRouter;
  readonly links: Links;
  /** The client belongs to another lineage from now on: numbers of topics mean something else there. */
  onLineage: () => void = () => {};
  readonly #options: SessionOptions;
  #timer: Timer | undefined;
  readonly #allegiance = new Allegiance();
  #isAlone = true;

  constructor(options: SessionOptions) {
    const { clock, random, limits, cluster, user, credential } = options;
    this.#options = options;
    this.caller = `~${random.id()}${random.id()}` as CallerId;
    const hello = {
      protocol: protocolVersion,
      protocolMin: protocolVersionMin,
      features: featureBits,
      cluster,
      session: this.caller,
      user,
      credential,
    };
    this.links = this.#createLinks(hello);
    this.calls = new Calls({
      caller: this.caller,
      clock,
      random,
      limits,
      courier: this,
      onGone: (structure) => this.router.gone(structure),
    });
    this.#asks = new Asks({
      clock,
      send: (message) => this.links.gateway?.send(message) ?? false,
      obstacle: () => this.#silence(),
    });
    const onCall = () => this.#keepTicking();
    this.router = new ClientRouter({
      clock,
      table: this.table,
      calls: this.calls,
      asks: this.#asks,
      lineage: () => this.#allegiance.lineage,
      onCall,
    });
  }

  start(): void {
    this.links.reconcile();
  }

  /** Asks a member something that is no op. */
  ask(...question: Parameters<Asks['ask']>): void {
    this.#keepTicking();
    this.#asks.ask(...question);
  }

  /** Idempotent. Open calls end with `GRID_CLOSED`. */
  close(): void {
    this.#timer?.cancel();
    this.calls.close();
    this.#asks.close(closedError());
    this.links.close();
    this.events.close();
  }

  // --- the way to primaries

  send(request: OpRequest): string | undefined {
    const link = this.#linkFor(request.partition);
    return link?.send(request) === true ? link.member : undefined;
  }

  route(partition: PartitionId): string | undefined {
    return this.#linkFor(partition)?.member;
  }

  /** Other members may be with the majority: a client goes on trying them. */
  patienceMs(): number {
    return Number.POSITIVE_INFINITY;
  }

  obstacle(partition: PartitionId): { readonly code: GridErrorCode; readonly text: string } {
    const { refusal, gateway } = this.links;
    if (refusal?.code === 'GRID_NO_QUORUM') return { code: refusal.code, text: refusal.sentence };
    if (gateway === undefined) return this.#silence();
    const primary = this.table.primaryOf(partition);
    const text = primary === undefined ? 'no primary for the key' : `no answer from ${primary}`;
    return { code: 'GRID_TIMEOUT', text };
  }

  /** Straight to the primary where there is a link, else through the gateway. */
  #linkFor(partition: PartitionId): Link | undefined {
    const { gateway } = this.links;
    if (this.#options.routing === 'gateway') return gateway;
    const primary = this.table.primaryOf(partition);
    return (primary === undefined ? undefined : this.links.to(primary)) ?? gateway;
  }

  /** Why nothing is heard of any member. */
  #silence(): { readonly code: GridErrorCode; readonly text: string } {
    const { gateway, findings } = this.links;
    if (gateway !== undefined)
      return { code: 'GRID_TIMEOUT', text: `no answer from ${gateway.member}` };
    return { code: 'GRID_UNREACHABLE', text: `no connection to any member (${findings})` };
  }

  // --- what comes in

  #receive(link: Link, message: Message): void {
    switch (message.kind) {
      case 'op.reply':
        this.calls.replied(message);
        break;
      case 'op.refused':
        this.calls.refused(message);
        break;
      case 'op.failed':
        this.calls.failed(message);
        break;
      case 'client.table':
        this.#takeTable(link, message);
        break;
      case 'client.rows':
      case 'client.done':
        this.#asks.answered(message);
        break;
      case 'client.dropped':
        this.router.dropped(message.structures);
        break;
      default:
      // A sign of life, or something of a later version.
    }
  }

  #takeTable(link: Link, table: ClientTable): void {
    const before = this.table.latest;
    if (!this.table.accept(table, link === this.links.gateway)) return;
    this.links.reconcile();
    if (before?.index !== table.index) this.calls.tableChanged();
    this.events.changed(before, table);
  }

  /** Empty where the member that let this client in is of its lineage, or of one that it follows from now on. */
  #objectionTo(welcome: ClientWelcome): string {
    const now = this.#options.clock.monotonic();
    const verdict = this.#allegiance.judge(welcome, this.links.heardAt, now);
    if (verdict.kind === 'follow') this.#follow(welcome);
    return verdict.kind === 'other' ? verdict.sentence : '';
  }

  /** What was on its way in the lineage before may have happened there; nothing of it is sent again here. */
  #follow({ lineage }: ClientWelcome): void {
    this.links.abandon();
    this.table.forget();
    this.router.forgetAll();
    const text =
      'expected a member of the same history, found only such as went on in another after a split; read before writing again';
    this.calls.abandon('GRID_INDETERMINATE', text);
    this.#asks.abandon(new GridError('GRID_INDETERMINATE', text, { outcome: 'unknown' }));
    this.events.emit({ type: 'split', lineage, lost: 0 });
    this.onLineage();
  }

  #gatewayChanged(link: Link | undefined): void {
    const wasAlone = this.#isAlone;
    this.#isAlone = link === undefined;
    if (link === undefined) {
      this.events.emit({ type: 'reconnecting' });
      return;
    }
    const structures = this.router.known;
    if (structures.length > 0) link.send({ kind: 'client.watch', structures });
    this.#asks.sendAgain();
    this.calls.tableChanged();
    if (wasAlone) this.events.emit({ type: 'connected' });
  }

  #createLinks(hello: ConstructorParameters<typeof Links>[0]['hello']): Links {
    const { urls, routing, clock, random, limits, openSocket } = this.#options;
    const { table } = this;
    return new Links(
      { urls, routing, clock, random, limits, openSocket, hello, table },
      {
        objection: (welcome) => this.#objectionTo(welcome),
        onMessage: (link, message) => this.#receive(link, message),
        onDown: (member) => this.calls.peerLost(member),
        onGateway: (link) => this.#gatewayChanged(link),
      },
    );
  }

  /** Looks at deadlines and resends for as long as there is anything open. */
  #keepTicking(): void {
    this.#timer ??= repeat(this.#options.clock, tickMs, () => {
      this.calls.tick();
      this.#asks.tick();
      if (this.calls.inFlight + this.calls.queued + this.#asks.size > 0) return;
      this.#timer?.cancel();
      this.#timer = undefined;
    });
  }
}

export function closedError(): GridError {
  const text = 'expected an open client, found one that was closed; connect anew';
  return new GridError('GRID_CLOSED', text);
}
