/**
 * A network on loopback: before each member stands a proxy, whose address the member gives to others. So
 * every connection between members and from clients passes where it can be cut.
 */
import { memberPath } from '../../src/transport/settings.ts';
import { clientPath } from '../../src/wire/client-messages.ts';
import { freePort, TcpProxy } from '../support/tcp-proxy.ts';
import type { Wire } from '../support/wire.ts';

/** Where one member listens, and where others find it. */
export interface Place {
  readonly listen: { readonly host: string; readonly port: number };
  readonly advertise: string;
  readonly dialFrom: string;
}

export class ProxiedNetwork {
  readonly places: readonly Place[];
  readonly #proxies: readonly TcpProxy[];

  static async of(members: number): Promise<ProxiedNetwork> {
    const places: Place[] = [];
    const proxies: TcpProxy[] = [];
    for (let at = 0; at < members; at++) {
      const host = '127.0.0.1';
      const port = await freePort();
      const proxy = await TcpProxy.to(`${host}:${port}`);
      const dialFrom = `127.0.1.${at + 1}`;
      places.push({ listen: { host, port }, advertise: `${host}:${proxy.port}`, dialFrom });
      proxies.push(proxy);
    }
    return new ProxiedNetwork(places, proxies);
  }

  private constructor(places: readonly Place[], proxies: readonly TcpProxy[]) {
    this.places = places;
    this.#proxies = proxies;
  }

  /** The connections of clients to this member that are open. */
  clientWires(member: number): Wire[] {
    return (this.#proxies[member]?.wires ?? []).filter(({ path }) => path === clientPath);
  }

  /** The connections between this member and others that are open, whoever dialled. */
  memberWires(member: number): Wire[] {
    const { dialFrom } = this.places[member] as Place;
    const own = (this.#proxies[member]?.wires ?? []).filter(({ path }) => path === memberPath);
    const dialled = this.#proxies.flatMap(({ wires }) => wires);
    return [...own, ...dialled.filter(({ from }) => from === dialFrom)];
  }

  async close(): Promise<void> {
    await Promise.all(this.#proxies.map((proxy) => proxy.close()));
  }
}
