/** Light clients of a simulated grid: real sessions over simulated sockets, and what came of them. */
import { repeat } from '../../src/base/clock.ts';
import type { Address, CallerId } from '../../src/base/ids.ts';
import type { Limits } from '../../src/base/limits.ts';
import { Session } from '../../src/client/session.ts';
import { ClientConnections } from '../../src/member/client-connections.ts';
import type { Answer } from '../../src/member/client-port.ts';
import { type ClientLink, Gateway } from '../../src/member/gateway.ts';
import type { Member } from '../../src/member/member.ts';
import { rowOf } from '../../src/partition/meta-state.ts';
import type { ProcessParts } from '../../src/testing/sim-process.ts';
import { clientPath } from '../../src/wire/client-messages.ts';
import type { Message } from '../../src/wire/messages.ts';
import type { OpRequest } from '../../src/wire/op-messages.ts';
import type { Caller } from './grid-world.ts';

export type Routing = 'direct' | 'gateway';

/** One life of a client's process. */
export interface ClientProgram extends Caller {
  readonly session: Session;
  /** Where it looks for members, beside what the table tells it. */
  readonly urls: readonly string[];
}

/** What clients went through: without it nothing is proven about them. */
export class ClientLooks {
  readonly counts = {
    requests: 0,
    /** Writes that came again, and those of them that came on another connection than before. */
    retries: 0,
    moved: 0,
    /** Connections that were up, and ended though the client wanted them. */
    lost: 0,
    relayed: 0,
    gatewaysChanged: 0,
    sessions: 0,
  };
  /** Told of each request of a client as it reaches a member. */
  onRequest: ((session: CallerId, at: Address) => void) | undefined;
  /** On which connection a write has reached a member, by session and request. */
  readonly #seen = new Map<string, ClientLink>();

  request(link: ClientLink, { request, opSequence }: OpRequest, isRelayed: boolean): void {
    this.counts.requests++;
    if (isRelayed) this.counts.relayed++;
    if (opSequence === 0) return;
    const key = `${link.session} ${request}`;
    const before = this.#seen.get(key);
    if (before !== undefined) this.counts.retries++;
    if (before !== undefined && before !== link) this.counts.moved++;
    this.#seen.set(key, link);
  }
}

export interface StructureName {
  readonly type: string;
  readonly name: string;
}

export interface ClientOptions {
  readonly urls: readonly string[];
  readonly routing: Routing;
  readonly limits: Limits;
  readonly looks: ClientLooks;
  /** Structures that a client asks for by itself, in each of its lives. */
  readonly used: readonly StructureName[];
}

const lookMs = 50;
const cluster = 'simulated';

export function startClient(parts: ProcessParts, options: ClientOptions): ClientProgram {
  const { clock, random, sockets } = parts;
  const { urls, routing, limits, looks, used } = options;
  const session = new Session({
    urls,
    cluster,
    routing,
    user: '',
    credential: '',
    clock,
    random,
    limits,
    openSocket: sockets.open,
  });
  looks.counts.sessions++;
  countLost(session, looks);
  session.start();
  repeat(clock, lookMs, gatewayLook(session, looks));
  repeat(clock, lookMs, definitionLook(session, used));
  return { session, router: session.router, clock, urls };
}

function countLost({ calls }: Session, { counts }: ClientLooks): void {
  const peerLost = calls.peerLost.bind(calls);
  calls.peerLost = (peer) => {
    counts.lost++;
    peerLost(peer);
  };
}

function gatewayLook({ links }: Session, { counts }: ClientLooks): () => void {
  let last: string | undefined;
  return () => {
    const gateway = links.gateway?.member;
    if (gateway === undefined || gateway === last) return;
    if (last !== undefined) counts.gatewaysChanged++;
    last = gateway;
  };
}

/** A handle asks for its structure when it is first used; here nobody has handles. */
function definitionLook({ router, table }: Session, used: readonly StructureName[]): () => void {
  let asked = 0;
  return () => {
    if (asked > 0 || table.latest === undefined) return;
    for (const { type, name } of used) {
      if (router.structure(type, name) !== undefined) continue;
      asked++;
      router.define(type, name, {}, () => asked--);
    }
  };
}

/** Lets clients into a member as `Grid.join` does, and looks at what they send. */
export function letClientsIn(
  member: Member,
  parts: ProcessParts,
  looks: ClientLooks,
  onAnswer: (at: Address) => void,
): void {
  const { clock, logger, sockets, address } = parts;
  const gateway = new WatchedGateway(member, clock, { address, looks, onAnswer });
  member.clients = gateway;
  const { limits } = member.settings;
  const settings = { cluster, users: undefined, clock, limits, logger };
  const connections = new ClientConnections(settings, gateway);
  sockets.onAccept = (socket) => connections.accept(socket, socket);
}

/** Where a gateway is, and who looks at it. */
interface Watch {
  readonly address: Address;
  readonly looks: ClientLooks;
  /** Told of each answer of this member's own partitions to one of its clients. */
  readonly onAnswer: (at: Address) => void;
}

class WatchedGateway extends Gateway {
  readonly #member: Member;
  readonly #watch: Watch;

  constructor(member: Member, clock: ProcessParts['clock'], watch: Watch) {
    super(member, clock, (_type, _name, asked) => asked);
    this.#member = member;
    this.#watch = watch;
  }

  override answer(to: string, message: Answer): boolean {
    const isForClient = super.answer(to, message);
    if (isForClient && message.kind === 'op.reply') this.#watch.onAnswer(this.#watch.address);
    return isForClient;
  }

  override receive(link: ClientLink, message: Message): void {
    super.receive(link, message);
    if (message.kind !== 'op.request') return;
    const primary = rowOf(this.#member.state, message.partition)?.primary;
    const { looks, address } = this.#watch;
    looks.request(link, message, primary !== this.#member.id);
    looks.onRequest?.(link.session, address);
  }
}

export function urlOf(address: Address): string {
  return `ws://${address}${clientPath}`;
}
