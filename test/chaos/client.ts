/** A light client of a run, in the run's own process. */
import { connect } from '../../src/client.ts';
import type { ConnectOptions, GridClient } from '../../src/grid.ts';
import type { From } from '../../src/structures/topic/topic-reader.ts';
import { type Answer, type Call, type Caller, type Given, perform, subscribe } from './calls.ts';
import type { Listening } from './subscriber.ts';

export class RunClient implements Caller, Listening {
  readonly name: string;
  readonly grid: GridClient;
  readonly isThere = true;
  /** How often it lost its last connection. */
  reconnects = 0;

  static async to(
    name: string,
    urls: readonly string[],
    options: ConnectOptions,
  ): Promise<RunClient> {
    return new RunClient(name, await connect(urls, options));
  }

  private constructor(name: string, grid: GridClient) {
    this.name = name;
    this.grid = grid;
    grid.events.subscribe(({ type }) => {
      if (type === 'reconnecting') this.reconnects++;
    });
  }

  do(call: Call): Promise<Answer> {
    return perform(this.grid, call);
  }

  async subscribe(topic: string, from: From, given: Given): Promise<() => Promise<void>> {
    const subscription = await subscribe(this.grid, topic, from, given);
    return () => subscription.close();
  }
}
