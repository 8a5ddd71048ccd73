/**
 * A run in which light clients alone call a grid of three, while owners are killed and connections cut, one
 * after the other. The seed draws the order and the victims.
 */
import { seededRandom } from '../../src/base/random.ts';
import { RunClient } from './client.ts';
import type { Fault } from './fault.ts';
import { Fleet } from './fleet.ts';
import { History } from './history.ts';
import { cuts, KillsAndCuts } from './kills-and-cuts.ts';
import { ProxiedNetwork } from './proxied-network.ts';
import { until } from './waiting.ts';
import { Workload } from './workload.ts';

export interface ClientsOnlyOptions {
  readonly seed: number;
  readonly kills: number;
  readonly cuts: number;
  /** Calls that have to be answered between two faults. */
  readonly operations: number;
  readonly preset: 'local' | 'lan';
  /** Where the logs of the members go. */
  readonly folder: string;
  readonly say: (line: string) => void;
}

const members = 3;
const clients = [
  { name: 'direct 1', routing: 'direct' },
  { name: 'direct 2', routing: 'direct' },
  { name: 'gateway 1', routing: 'gateway' },
  { name: 'gateway 2', routing: 'gateway' },
] as const;
const pauseMs = 12;
const share = { map: 4, glance: 0, push: 1, take: 2, publish: 1 };
const operationsMs = 60_000;
/** Of each client between two faults. */
const answersLeast = 20;

export interface RunResult {
  readonly history: History;
  /** Whatever kept the run from going on, or should not have happened; empty where nothing did. */
  readonly problems: readonly string[];
  readonly reconnects: number;
}

export async function runClientsOnly(options: ClientsOnlyOptions): Promise<RunResult> {
  const run = new ClientsOnlyRun(options, await ProxiedNetwork.of(members));
  return run.run();
}

class ClientsOnlyRun {
  readonly #options: ClientsOnlyOptions;
  readonly #network: ProxiedNetwork;
  readonly #history = new History();
  readonly #random;
  readonly #fleet: Fleet;
  readonly #workload: Workload;
  readonly #problems: string[] = [];
  #clients: RunClient[] = [];

  constructor(options: ClientsOnlyOptions, network: ProxiedNetwork) {
    const { seed, preset, folder } = options;
    this.#options = options;
    this.#network = network;
    this.#random = seededRandom(seed);
    this.#fleet = new Fleet({
      places: network.places,
      cluster: `chaos-${seed}`,
      join: { preset, expect: members, partitions: 31 },
      folder,
      onUnexpected: (what) => this.#problems.push(what),
    });
    // A stream of its own: how many calls are drawn depends on the machine.
    this.#workload = new Workload(this.#history, seededRandom(seed + 1_000_000), pauseMs);
  }

  async run(): Promise<RunResult> {
    const onUnhandled = (error: unknown) => this.#problems.push(`unhandled: ${String(error)}`);
    process.on('unhandledRejection', onUnhandled);
    try {
      await this.#form();
      for (const draw of this.#plan()) await this.#suffer(draw);
      await this.#calm();
      await this.#workload.end(this.#clients[0] as RunClient);
    } catch (error) {
      this.#problems.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
    } finally {
      await this.#end();
      process.off('unhandledRejection', onUnhandled);
    }
    const reconnects = this.#clients.reduce((sum, client) => sum + client.reconnects, 0);
    return { history: this.#history, problems: this.#problems, reconnects };
  }

  async #form(): Promise<void> {
    await Promise.all(this.#network.places.map((_, member) => this.#fleet.start(member)));
    await this.#fleet.settled();
    const { urls, cluster } = this.#fleet;
    this.#clients = await Promise.all(
      clients.map(({ name, routing }) => RunClient.to(name, urls, { routing, cluster })),
    );
    const [first] = this.#clients as [RunClient];
    await this.#workload.define(first.grid);
    await this.#fleet.settled();
    for (const client of this.#clients) await this.#workload.begin(client, share);
  }

  /** Every kind of cut in turn, in an order that the seed draws, together with the kills. */
  #plan(): (() => Promise<Fault>)[] {
    const { kills } = this.#options;
    const faults = new KillsAndCuts({
      fleet: this.#fleet,
      network: this.#network,
      draws: this.#workload.draws,
      random: this.#random,
    });
    const plan = Array.from({ length: kills }, () => () => faults.kill());
    for (let at = 0; at < this.#options.cuts; at++) {
      plan.push(() => faults.cut(cuts[at % cuts.length] as (typeof cuts)[number]));
    }
    return this.#random.shuffle(plan);
  }

  async #suffer(draw: () => Promise<Fault>): Promise<void> {
    await this.#calm();
    const { note, act } = await draw();
    this.#options.say(`${note.kind}: ${note.detail}`);
    const fault = this.#history.fault(note);
    await act((what) => this.#history.note({ type: 'amiss', fault, what }));
    this.#history.note({ type: 'healed', fault });
    await this.#fleet.settled();
    this.#history.note({ type: 'settled', fault });
    this.#workload.draws.nextRound();
    await this.#workload.renew(this.#random);
  }

  /** Every client gets answers, and enough of them together. */
  async #calm(): Promise<void> {
    const { operations } = this.#options;
    const before = new Map(this.#history.acknowledged);
    const answered = this.#history.answered;
    const idle = () =>
      this.#clients.filter(({ name }) => {
        const since = (this.#history.acknowledged.get(name) ?? 0) - (before.get(name) ?? 0);
        return since < answersLeast;
      });
    await until(
      () => this.#history.answered >= answered + operations && idle().length === 0,
      () => `${operations} answers; ${idle().map(({ name }) => name)} got too few`,
      operationsMs,
    );
  }

  async #end(): Promise<void> {
    await Promise.all(this.#clients.map(({ grid }) => grid.close()));
    await this.#fleet.killAll();
    await this.#network.close();
  }
}
