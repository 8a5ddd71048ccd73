/**
 * The light clients of a full run. All but one live in the run's own process; that one is a process of its own,
 * which can be killed, and starts again under a session and a name of its own.
 */
import { join } from 'node:path';
import { RunClient } from './client.ts';
import { ClientProcess } from './client-process.ts';
import type { Fleet } from './fleet.ts';

export interface RunClientsOptions {
  readonly fleet: Pick<Fleet, 'urls' | 'cluster' | 'memberAt'>;
  readonly token: string;
  /** Where the log of the process goes. */
  readonly folder: string;
  /** Told where the process ends without having been made to. */
  readonly onUnexpected: (what: string) => void;
}

const inOwnProcess = [
  { name: 'direct 1', routing: 'direct' },
  { name: 'gateway 1', routing: 'gateway' },
] as const;
/** Each time that it starts it goes the other way. */
const ways = ['direct', 'gateway'] as const;

export class RunClients {
  readonly #options: RunClientsOptions;
  #inside: readonly RunClient[] = [];
  #process: ClientProcess | undefined;
  #starts = 0;

  constructor(options: RunClientsOptions) {
    this.#options = options;
  }

  /** All that are connected. */
  get all(): readonly (RunClient | ClientProcess)[] {
    return [...this.#inside, ...(this.#process === undefined ? [] : [this.#process])];
  }

  /** One that is not killed. */
  get first(): RunClient {
    return this.#inside[0] as RunClient;
  }

  /** The one that can be killed. */
  get process(): ClientProcess {
    if (this.#process === undefined) throw new Error('no client is a process at present');
    return this.#process;
  }

  async open(): Promise<void> {
    const { fleet, token } = this.#options;
    const { urls, cluster } = fleet;
    this.#inside = await Promise.all(
      inOwnProcess.map(({ name, routing }) =>
        RunClient.to(name, urls, { routing, cluster, token }),
      ),
    );
    await this.startProcess();
  }

  /** Resolves when it is connected, with a session that nobody has seen before. */
  async startProcess(): Promise<ClientProcess> {
    const { fleet, token, folder, onUnexpected } = this.#options;
    const { urls, cluster } = fleet;
    const routing = ways[this.#starts % ways.length] ?? 'direct';
    const client = new ClientProcess(`${routing} process ${++this.#starts}`, {
      config: { urls, cluster, token, routing },
      logPath: join(folder, 'client.log'),
      onUnexpected,
    });
    this.#process = client;
    await client.ready;
    return client;
  }

  async killProcess(): Promise<void> {
    const client = this.#process;
    this.#process = undefined;
    await client?.kill();
  }

  /** The names of those that rely on one of these members. */
  connectedTo(members: readonly number[]): string[] {
    const { fleet } = this.#options;
    return this.all
      .filter(({ gateway }) => members.includes(fleet.memberAt(gateway)))
      .map(({ name }) => name);
  }

  async close(): Promise<void> {
    await this.killProcess();
    await Promise.all(this.#inside.map(({ grid }) => grid.close()));
  }
}
