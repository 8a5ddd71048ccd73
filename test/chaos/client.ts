/** A light client of a run, in the run's own process or in one of its own. */
import { systemClock } from '../../src/base/clock.ts';
import { systemRandom } from '../../src/base/random.ts';
import { connectThrough } from '../../src/client/grid-client.ts';
import { socketOpener } from '../../src/client/node-client.ts';
import type { ConnectOptions, GridClient } from '../../src/grid.ts';
import type { From } from '../../src/structures/topic/topic-reader.ts';
import { BusyPoll } from '../../src/transport/busy-poll.ts';
import { nearConnection } from '../../src/transport/near-socket.ts';
import { type Answer, type Call, type Caller, type Given, perform, subscribe } from './calls.ts';
import { GatewaySpotter } from './gateway-spotter.ts';
import type { Listening } from './subscriber.ts';

/** As `connect`, while somebody looks at its sockets. */
export function connectWatched(
  urls: readonly string[],
  options: ConnectOptions,
  spotter: GatewaySpotter,
): Promise<GridClient> {
  const busyPoll = new BusyPoll(systemClock, systemRandom);
  return connectThrough(urls, options, (showsCredential) =>
    spotter.watch(socketOpener(busyPoll, showsCredential ? undefined : nearConnection)),
  );
}

export class RunClient implements Caller, Listening {
  readonly name: string;
  readonly grid: GridClient;
  readonly isThere = true;
  /** How often it lost its last connection. */
  reconnects = 0;
  readonly #spotter: GatewaySpotter;

  static async to(
    name: string,
    urls: readonly string[],
    options: ConnectOptions,
  ): Promise<RunClient> {
    const spotter = new GatewaySpotter(() => {});
    return new RunClient(name, await connectWatched(urls, options, spotter), spotter);
  }

  private constructor(name: string, grid: GridClient, spotter: GatewaySpotter) {
    this.name = name;
    this.grid = grid;
    this.#spotter = spotter;
    grid.events.subscribe(({ type }) => {
      if (type === 'reconnecting') this.reconnects++;
    });
  }

  /** The address of the member that it relies on; empty where it is connected to none. */
  get gateway(): string {
    return this.#spotter.address;
  }

  do(call: Call): Promise<Answer> {
    return perform(this.grid, call);
  }

  async subscribe(topic: string, from: From, given: Given): Promise<() => Promise<void>> {
    const subscription = await subscribe(this.grid, topic, from, given);
    return () => subscription.close();
  }
}
