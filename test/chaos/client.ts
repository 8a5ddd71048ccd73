/** A light client of a run, in the run's own process. */
import { connect } from '../../src/client.ts';
import type { ConnectOptions, GridClient } from '../../src/grid.ts';
import type { From } from '../../src/structures/topic/topic-reader.ts';
import { type Answer, type Call, type Caller, perform } from './calls.ts';
import type { Given, Listening } from './subscriber.ts';

/** Messages come in bursts after a break. */
const buffer = 100_000;

export class RunClient implements Caller, Listening {
  readonly name: string;
  readonly grid: GridClient;
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
    const subscription = await this.grid
      .topic(topic)
      .subscribe((message, { sequence }) => given.message(message, sequence), {
        from,
        buffer,
        onGap: (gap) => given.gap(gap),
      });
    return () => subscription.close();
  }
}
