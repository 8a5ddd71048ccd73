/**
 * A network on loopback: before each member stands a proxy, whose address the member gives to others. So
 * every connection between members and from clients passes where it can be cut. For machines that can make no
 * namespaces; it cannot lose single packets.
 */
import { memberPath } from '../../src/transport/settings.ts';
import { clientPath } from '../../src/wire/client-messages.ts';
import { freePort, TcpProxy } from '../support/tcp-proxy.ts';
import type { Wire } from '../support/wire.ts';
import type { End, Network, Place } from './network.ts';

export class ProxiedNetwork implements Network {
  readonly name = 'proxies on loopback';
  readonly canLose = false;
  readonly places: readonly Place[];
  readonly #proxies: readonly TcpProxy[];
  /** Pairs of ends between which nothing passes, in that direction. */
  #drops: readonly (readonly [from: End, to: End])[] = [];

  static async of(members: number): Promise<ProxiedNetwork> {
    const places: Place[] = [];
    const proxies: TcpProxy[] = [];
    for (let at = 0; at < members; at++) {
      const host = '127.0.0.1';
      const port = await freePort();
      const proxy = await TcpProxy.to(`${host}:${port}`);
      const advertise = `${host}:${proxy.port}`;
      places.push({ listen: { host, port }, advertise, dialFrom: dialFrom(at), prefix: [] });
      proxies.push(proxy);
    }
    return new ProxiedNetwork(places, proxies);
  }

  private constructor(places: readonly Place[], proxies: readonly TcpProxy[]) {
    this.places = places;
    this.#proxies = proxies;
    proxies.forEach((proxy, member) => {
      proxy.onWire = (wire) => this.#begun(wire, member);
    });
  }

  /** The connections of clients to this member that are open. */
  clientWires(member: number): Wire[] {
    return (this.#proxies[member]?.wires ?? []).filter(({ path }) => path === clientPath);
  }

  /** The connections between this member and others that are open, whoever dialled. */
  memberWires(member: number): Wire[] {
    const own = (this.#proxies[member]?.wires ?? []).filter(({ path }) => path === memberPath);
    const dialled = this.#proxies.flatMap(({ wires }) => wires);
    return [...own, ...dialled.filter(({ from }) => from === dialFrom(member))];
  }

  drop(pairs: readonly (readonly [from: End, to: End])[]): Promise<void> {
    this.#drops = [...this.#drops, ...pairs];
    for (const [wire, member] of this.#wires()) {
      if (this.#isDropped(dialler(wire), member)) wire.hold('in');
      if (this.#isDropped(member, dialler(wire))) wire.hold('out');
    }
    return Promise.resolve();
  }

  reset(member: number, others: readonly End[]): Promise<void> {
    for (const [wire, target] of this.#wires()) {
      const from = dialler(wire);
      const isBetween =
        (target === member && others.includes(from)) ||
        (from === member && others.includes(target));
      if (isBetween) wire.reset();
    }
    return Promise.resolve();
  }

  lose(): Promise<void> {
    throw new Error('proxies lose no packets');
  }

  heal(): Promise<void> {
    this.#drops = [];
    for (const [wire] of this.#wires()) {
      wire.release('in');
      wire.release('out');
    }
    return Promise.resolve();
  }

  async close(): Promise<void> {
    await Promise.all(this.#proxies.map((proxy) => proxy.close()));
  }

  /** A connection takes packets in both directions to come to be. */
  #begun(wire: Wire, member: number): void {
    const from = dialler(wire);
    if (!this.#isDropped(from, member) && !this.#isDropped(member, from)) return;
    wire.hold('in');
    wire.hold('out');
  }

  #isDropped(from: End, to: End): boolean {
    return this.#drops.some((pair) => pair[0] === from && pair[1] === to);
  }

  #wires(): (readonly [wire: Wire, member: number])[] {
    return this.#proxies.flatMap(({ wires }, member) =>
      wires.map((wire) => [wire, member] as const),
    );
  }
}

/** Each member dials from an address of its own; clients from the usual one. */
function dialFrom(member: number): string {
  return `127.0.1.${member + 1}`;
}

function dialler({ from }: Wire): End {
  return from.startsWith('127.0.1.') ? Number(from.slice('127.0.1.'.length)) - 1 : 'clients';
}
