/**
 * A member as the way in for light clients: runs their ops here where this member is the primary, passes
 * the others on, tells them the table. It has no sockets and no promises; client-acceptor.ts brings the
 * connections.
 *
 * Invariants
 * 1. A session has one connection here; a newer one replaces the older.
 * 2. A client is told of every table that this member has had since its connection began, or a newer one.
 * 3. Nothing is done for a message that `authorize` did not let through.
 */
import type { Clock } from '../base/clock.ts';
import type { CallerId, MemberId, PartitionId, StructureId } from '../base/ids.ts';
import type { Timings } from '../base/timings.ts';
import { type MetaState, rowOf } from '../partition/meta-state.ts';
import type { Router } from '../partition/router-port.ts';
import { authorize } from '../security/authorization.ts';
import type { User } from '../security/users.ts';
import { type ClientWelcome, type FromClient, isSession } from '../wire/client-messages.ts';
import type { Message } from '../wire/messages.ts';
import type { OpRequest } from '../wire/op-messages.ts';
import { WireError } from '../wire/wire-error.ts';
import { type Answer, type ClientPort, relayedFrom } from './client-port.ts';
import { ClientRequests, type DefinitionOf } from './client-requests.ts';
import { clientTable, wordsOf } from './client-table.ts';
import type { Doubts } from './member-views.ts';
import { Relay } from './relay.ts';
import { Watches } from './watches.ts';

/** A connection whose client was let in. */
export interface ClientLink {
  readonly session: CallerId;
  readonly user: User;
  send(message: Message): void;
  /** Ends it; the gateway hears of it by `detach`. */
  close(): void;
}

/** What the gateway sees of the member that it belongs to. */
export interface GatewayMember {
  readonly id: MemberId;
  readonly state: MetaState;
  readonly router: Router;
  readonly host: { request(origin: CallerId, message: OpRequest): void };
  readonly settings: { readonly timings: Timings };
  readonly isReady: boolean;
  readonly isSafe: boolean;
  isDoubtful(id: MemberId): boolean;
  acceptLoss(timeoutMs: number, done: (isCommitted: boolean) => void): void;
  toMember(to: MemberId, message: OpRequest): boolean;
  /** Lets the actors work, here and now, on what `bring` brings. */
  runAfter(bring: () => void): void;
}

/** A client that has had no connection for so long is gone. */
const goneMs = 60_000;
/** Sessions that ended and are remembered; the oldest is forgotten past it, and counts as there. */
const endedMax = 65_536;
/** A member that may not serve for so long sends its clients to others. */
const unreadyMs = 2_000;

export class Gateway implements ClientPort {
  readonly #member: GatewayMember;
  readonly #clock: Clock;
  readonly #doubts: Doubts;
  readonly #requests: ClientRequests;
  readonly #relay: Relay;
  readonly #links = new Map<CallerId, ClientLink>();
  readonly #watches = new Watches<ClientLink>();
  /** When sessions ended that have not come back. */
  readonly #ended = new Map<CallerId, number>();
  #isDirty = false;
  #told = '';
  /** What it said to all links: most changes of the table are nothing to clients. */
  #words = '';
  #readyAt: number;

  constructor(member: GatewayMember, clock: Clock, definitionOf: DefinitionOf) {
    this.#member = member;
    this.#clock = clock;
    this.#doubts = (id) => member.isDoubtful(id);
    this.#readyAt = clock.monotonic();
    this.#relay = new Relay((to, message) => member.toMember(to, message));
    this.#requests = new ClientRequests({
      router: member.router,
      definitionOf,
      structures: () => member.state.structures.values(),
      isSafe: () => member.isReady && member.isSafe,
      acceptLoss: (timeoutMs, done) => member.acceptLoss(timeoutMs, done),
    });
  }

  get size(): number {
    return this.#links.size;
  }

  /** Whether this member has been able to serve just now. Before it is in a grid it could not say in which. */
  get isServing(): boolean {
    if (this.#member.state.lineage.id === '') return false;
    const now = this.#clock.monotonic();
    if (this.#member.isReady) this.#readyAt = now;
    return now - this.#readyAt < unreadyMs;
  }

  attach(link: ClientLink): void {
    const older = this.#links.get(link.session);
    this.#links.set(link.session, link);
    this.#ended.delete(link.session);
    older?.close();
    link.send(this.#welcome());
    const table = this.#table();
    if (table !== undefined) link.send(table);
    // Who has just come may know more than the others: the next table is for all.
    this.#words = '';
  }

  detach(link: ClientLink): void {
    this.#relay.clientGone(link);
    this.#watches.clientGone(link);
    if (this.#links.get(link.session) !== link) return;
    this.#links.delete(link.session);
    this.#noteEnd(link.session);
  }

  /** Throws a `WireError` where no client may say this. */
  receive(link: ClientLink, message: Message): void {
    if (!authorize(link.user, message)) throw new WireError('expected what the user may send');
    switch (message.kind) {
      case 'op.request':
        this.#request(link, message);
        return;
      case 'client.ping':
        link.send({ kind: 'client.pong' });
        return;
      case 'client.watch':
        this.#watch(link, message.structures);
        return;
      case 'client.define':
      case 'client.destroy':
      case 'client.list':
      case 'client.safe':
      case 'client.accept-loss':
        this.#ask(link, message);
        return;
      default:
        throw new WireError('expected a message of a client, found another kind');
    }
  }

  /** As `receive`, for all of a frame: what it brings is worked on without another hop. */
  receiveAll(link: ClientLink, messages: readonly Message[]): void {
    this.#member.runAfter(() => {
      for (const message of messages) {
        // What was said may have ended the connection, and then it is to leave nothing behind here.
        if (this.#links.get(link.session) !== link) return;
        this.receive(link, message);
      }
    });
  }

  answer(to: string, message: Answer): boolean {
    const link = this.#links.get(to as CallerId);
    if (link === undefined) return isSession(to);
    link.send(message);
    return true;
  }

  relayed(message: Answer): void {
    this.#relay.answered(message);
  }

  peerLost(id: MemberId): void {
    this.#relay.peerLost(id);
  }

  /** Told once a turn, however much has changed in it. */
  tableChanged(): void {
    if (this.#isDirty) return;
    this.#isDirty = true;
    this.#clock.defer(() => this.#tellTable());
  }

  isGone(session: CallerId): boolean {
    const endedAt = this.#ended.get(session);
    return endedAt !== undefined && this.#clock.monotonic() - endedAt >= goneMs;
  }

  /** Looks at what changes without a word: doubts about members, copies in sync, the own lease. */
  tick(): void {
    if (this.#links.size === 0) return;
    if (!this.isServing) this.close();
    else if (this.#signature() !== this.#told) this.tableChanged();
  }

  /** Ends all connections. */
  close(): void {
    for (const link of [...this.#links.values()]) link.close();
  }

  #request(link: ClientLink, message: OpRequest): void {
    if (message.caller !== link.session || message.request >= relayedFrom) {
      throw new WireError('expected the session of this connection, found another caller');
    }
    const { id, host } = this.#member;
    const primary = this.#primaryOf(message.partition);
    // Of a lost or unknown partition this member can say as much as any other.
    if (primary === id || primary === undefined) host.request(link.session, message);
    else this.#relay.pass(link, primary, message);
  }

  #ask(link: ClientLink, message: Exclude<FromClient, { kind: 'client.ping' | 'client.watch' }>) {
    this.#requests.receive(message, (answer) => {
      if (this.#links.get(link.session) !== link) return;
      // A client that knows a structure knows where its partitions are, and hears of its end.
      if (answer.kind === 'client.rows' && message.kind === 'client.define') {
        this.#tellTable();
        if (!answer.rows.every(({ id }) => this.#watches.add(link, id))) {
          link.close();
          return;
        }
      }
      link.send(answer);
    });
  }

  #watch(link: ClientLink, structures: readonly StructureId[]): void {
    const dropped = structures.filter((id) => this.#isDropped(id));
    if (dropped.length > 0) link.send({ kind: 'client.dropped', structures: dropped });
    for (const id of structures) {
      if (this.#isDropped(id) || this.#watches.add(link, id)) continue;
      throw new WireError('expected fewer structures to watch');
    }
  }

  /** What this member has not heard of yet is no less there for that. */
  #isDropped(id: StructureId): boolean {
    const { structures, applied } = this.#member.state;
    return !structures.has(id) && id <= applied;
  }

  #tellTable(): void {
    this.#isDirty = false;
    this.#relay.tableChanged((partition) => this.#primaryOf(partition));
    const signature = this.#signature();
    if (signature === this.#told) return;
    this.#told = signature;
    const table = this.#table();
    if (table === undefined) return;
    const words = wordsOf(table);
    if (words !== this.#words) for (const link of this.#links.values()) link.send(table);
    this.#words = words;
    this.#tellDropped();
  }

  #tellDropped(): void {
    for (const [id, clients] of this.#watches.takeWhere((id) => this.#isDropped(id))) {
      for (const link of clients) link.send({ kind: 'client.dropped', structures: [id] });
    }
  }

  #welcome(): ClientWelcome {
    const { id: member, state, settings } = this.#member;
    const { forkAfterMs, leaseMs } = settings.timings;
    const followAfterMs = forkAfterMs + leaseMs;
    const { id: lineage, ancestors, merged } = state.lineage;
    return { kind: 'client.welcome', member, lineage, ancestors, merged, followAfterMs };
  }

  #table() {
    const { state, isSafe, isReady } = this.#member;
    return clientTable(state, this.#doubts, isReady && isSafe);
  }

  /** What the last table that was told was made of. */
  #signature(): string {
    const { state, isSafe, isReady } = this.#member;
    const doubted = [...state.members.keys()].filter(this.#doubts);
    return `${state.clusterId} ${state.applied} ${isReady && isSafe} ${doubted.join(' ')}`;
  }

  #primaryOf(partition: PartitionId): MemberId | undefined {
    return rowOf(this.#member.state, partition)?.primary;
  }

  #noteEnd(session: CallerId): void {
    this.#ended.set(session, this.#clock.monotonic());
    if (this.#ended.size <= endedMax) return;
    for (const oldest of this.#ended.keys()) {
      this.#ended.delete(oldest);
      return;
    }
  }
}
