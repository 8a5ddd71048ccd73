/**
 * One identity of a process, from its first socket to its last: transport, member and stall meter. A
 * process that the others removed begins another one on the same port.
 */
import type { RequestListener } from 'node:http';
import { systemClock } from '../base/clock.ts';
import type { Address, MemberId } from '../base/ids.ts';
import { systemRandom } from '../base/random.ts';
import { TickStall } from '../base/stall.ts';
import { structureTypes } from '../structures/registry.ts';
import { WebSocketTransport } from '../transport/websocket.ts';
import { clientPath } from '../wire/client-messages.ts';
import type { Refused } from '../wire/handshake.ts';
import { ClientAcceptor } from './client-acceptor.ts';
import { definitionOf } from './definition.ts';
import { Gateway } from './gateway.ts';
import type { Inheritance } from './inheritance.ts';
import type { Joining } from './joining.ts';
import { Member, type MemberEvents } from './member.ts';
import type { JoinPlan } from './options.ts';

export interface IncarnationEvents extends MemberEvents {
  onRejected(address: Address, refused: Refused): void;
  /** The event loop of this process stood still. */
  onSlowLoop(lagMs: number): void;
}

export interface Incarnation {
  readonly member: Member;
  readonly address: Address;
  /** Idempotent; resolves when the port is free. */
  close(): Promise<void>;
}

export interface IncarnationOptions {
  readonly plan: JoinPlan;
  /** The port to bind: that of the plan, or the one that an earlier incarnation had. */
  readonly port: number;
  readonly seeds: readonly Address[];
  /** Whether it may begin a cluster; false for one that was in a cluster, which goes on without it. */
  readonly mayForm: boolean;
  readonly events: IncarnationEvents;
  readonly requests: RequestListener;
  /** What the identity before left to this one. */
  readonly inheritance?: Inheritance | undefined;
}

export async function beginIncarnation(options: IncarnationOptions): Promise<Incarnation> {
  const { plan, port, events, requests, mayForm, inheritance } = options;
  const { settings, logger, mergePolicies } = plan;
  const expect = mayForm ? settings.expect : Number.POSITIVE_INFINITY;
  const id = `${settings.name}#${systemRandom.id()}` as MemberId;
  let joining: Joining | undefined;
  const transport = await WebSocketTransport.open({
    id,
    cluster: settings.cluster,
    name: settings.name,
    host: plan.listen.host,
    port,
    insecure: plan.insecure,
    logger,
    onRejected: (address, refused) => {
      joining?.turnedAway();
      events.onRejected(address, refused);
    },
    ...(plan.advertise === undefined ? {} : { advertise: plan.advertise }),
    ...(plan.secret === undefined ? {} : { secret: plan.secret }),
    ...(plan.tls === undefined ? {} : { tls: plan.tls }),
  });
  const stall = new TickStall(systemClock, (lagMs) => events.onSlowLoop(lagMs));
  const { address } = transport;
  const seeds = options.seeds.filter((seed) => seed !== address);
  const isOwnSeed = seeds.length < options.seeds.length;
  const member = new Member(
    {
      id,
      clock: systemClock,
      random: systemRandom,
      transport,
      stall,
      logger,
      inheritance,
      mergePolicies,
      beforeStep: plan.beforeStep,
    },
    {
      ...settings,
      expect,
      seeds,
      mayFormAlone: options.seeds.length === 0 || isOwnSeed,
      seedsMayChange: plan.seeds.some(({ mayChange }) => mayChange),
      needsPermit: plan.ports !== undefined,
    },
    structureTypes,
    events,
  );
  joining = member.joining;
  transport.handleRequests(requests);
  const clients = openToClients(member, transport, plan);
  return {
    member,
    address,
    close() {
      stall.close();
      clients.close();
      member.close();
      return transport.closed();
    },
  };
}

/** From here on light clients find this member. */
function openToClients(
  member: Member,
  transport: WebSocketTransport,
  plan: JoinPlan,
): ClientAcceptor {
  const { settings, logger, users, origins } = plan;
  const gateway = new Gateway(member, systemClock, (type, name, asked) =>
    definitionOf(type, name, asked, plan),
  );
  member.clients = gateway;
  const { cluster, limits } = settings;
  const { busyPoll } = transport;
  const options = { cluster, users, clock: systemClock, limits, logger, origins, busyPoll };
  const acceptor = new ClientAcceptor(options, gateway);
  transport.handleUpgrades(clientPath, (request, socket, head) =>
    acceptor.upgrade(request, socket, head),
  );
  return acceptor;
}
