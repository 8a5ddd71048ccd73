/**
 * Runs in which light clients alone call a grid, while faults come one after the other: owners are killed and
 * connections cut, or whoever has a part in a move is killed at one of its steps. The seed draws the order and the
 * victims.
 */
import type { Duration } from '../../src/base/duration.ts';
import { seededRandom } from '../../src/base/random.ts';
import { RunClient } from './client.ts';
import { CrashPoints } from './crash-points.ts';
import { type Fault, witnessOf } from './fault.ts';
import { Fleet } from './fleet.ts';
import { History } from './history.ts';
import { type ClientsOnlyScene, cuts, KillsAndCuts } from './kills-and-cuts.ts';
import { ProxiedNetwork } from './proxied-network.ts';
import { until } from './waiting.ts';
import { Workload } from './workload.ts';

export interface ClientRunOptions {
  readonly seed: number;
  /** Calls that have to be answered between two faults. */
  readonly operations: number;
  readonly preset: 'local' | 'lan';
  /** Where the logs of the members go. */
  readonly folder: string;
  readonly say: (line: string) => void;
}

export interface ClientsOnlyOptions extends ClientRunOptions {
  readonly kills: number;
  readonly cuts: number;
}

/** A fault that is drawn when its turn comes. */
type Draw = () => Promise<Fault>;

/** What the grid is like, and what it suffers. */
interface Play {
  /** Of the places, so many have a member from the beginning. */
  readonly members: number;
  readonly rebalanceDelay: Duration;
  readonly plan: (scene: ClientsOnlyScene) => Draw[];
}

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

/** Every kind of cut in turn, in an order that the seed draws, together with the kills. */
export async function runClientsOnly(options: ClientsOnlyOptions): Promise<RunResult> {
  const plan = (scene: ClientsOnlyScene) => {
    const faults = new KillsAndCuts(scene);
    const draws: Draw[] = Array.from({ length: options.kills }, () => () => faults.kill());
    for (let at = 0; at < options.cuts; at++) {
      draws.push(() => faults.cut(cuts[at % cuts.length] as (typeof cuts)[number]));
    }
    return draws;
  };
  const play: Play = { members: 3, rebalanceDelay: '30s', plan };
  return new ClientsOnlyRun(options, play, await ProxiedNetwork.of(3)).run();
}

/** Four members, of which a fifth takes copies over, and somebody is killed while it does. */
export async function runCrashPoints(
  options: ClientRunOptions & { readonly points: number },
): Promise<RunResult> {
  const plan = (scene: ClientsOnlyScene) => new CrashPoints(scene).draws(options.points);
  const play: Play = { members: 4, rebalanceDelay: '1s', plan };
  return new ClientsOnlyRun(options, play, await ProxiedNetwork.of(5)).run();
}

class ClientsOnlyRun {
  readonly #options: ClientRunOptions;
  readonly #play: Play;
  readonly #network: ProxiedNetwork;
  readonly #history = new History();
  readonly #random;
  readonly #fleet: Fleet;
  readonly #workload: Workload;
  readonly #problems: string[] = [];
  #clients: RunClient[] = [];

  constructor(options: ClientRunOptions, play: Play, network: ProxiedNetwork) {
    const { seed, preset, folder } = options;
    const { members, rebalanceDelay } = play;
    this.#options = options;
    this.#play = play;
    this.#network = network;
    this.#random = seededRandom(seed);
    this.#fleet = new Fleet({
      places: network.places,
      cluster: `chaos-${seed}`,
      join: { preset, expect: members, partitions: 31, rebalanceDelay },
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
    const { members } = this.#play;
    await Promise.all(Array.from({ length: members }, (_, member) => this.#fleet.start(member)));
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

  #plan(): Draw[] {
    const scene = {
      fleet: this.#fleet,
      network: this.#network,
      draws: this.#workload.draws,
      random: this.#random,
    };
    return this.#random.shuffle(this.#play.plan(scene));
  }

  async #suffer(draw: Draw): Promise<void> {
    await this.#calm();
    const { note, act } = await draw();
    this.#options.say(`${note.kind}: ${note.detail}`);
    const fault = this.#history.fault(note);
    await act(witnessOf(this.#history, fault));
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
