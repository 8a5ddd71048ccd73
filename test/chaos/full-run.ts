/**
 * A run in which members and light clients call a grid of five, while faults of every kind come one after the
 * other: the next when the grid is whole again, its copies are equal, and enough was answered since.
 */
import { type Random, seededRandom } from '../../src/base/random.ts';
import type { JoinOptions } from '../../src/grid.ts';
import { Deck, membersMost } from './deck.ts';
import { type Fault, type Scene, witnessOf } from './fault.ts';
import { Fleet } from './fleet.ts';
import { History } from './history.ts';
import type { Network } from './network.ts';
import { RunClients } from './run-clients.ts';
import { until } from './waiting.ts';
import { type Share, Workload } from './workload.ts';

export interface FullRunOptions {
  readonly seed: number;
  readonly network: Network;
  /** No fault begins after this time, but for those that are asked for: they have half as long again. */
  readonly ms: number;
  readonly faultsLeast: number;
  /** Whether it goes on until there was one of every kind. */
  readonly isEachDealt: boolean;
  readonly faultsMax: number;
  readonly kinds: readonly string[];
  /** Calls that have to be answered between two faults. */
  readonly operations: number;
  /** Where the logs of the members go. */
  readonly folder: string;
  readonly say: (line: string) => void;
}

export interface RunResult {
  readonly history: History;
  /** Whatever kept the run from going on, or should not have happened; empty where nothing did. */
  readonly problems: readonly string[];
}

const membersAtFirst = 5;
const ofClients: Share = { map: 4, glance: 1, push: 1, take: 2, publish: 1 };
const ofMembers: Share = { map: 3, glance: 1, push: 1, take: 1, publish: 1 };
const pauseMs = 45;
const operationsMs = 60_000;
const overtime = 1.5;
const token = 'the token of a run with faults';
const join: JoinOptions = {
  expect: membersAtFirst,
  partitions: 31,
  rebalanceDelay: '3s',
  secret: 'k7Qw-2mZx-9pLs-4vNb-8tRf-1yHd-6cJg',
  users: { chaos: { token } },
};

/** Members that the run may need places for. */
export const placesNeeded = membersMost;

export async function runFully(options: FullRunOptions): Promise<RunResult> {
  return new FullRun(options).run();
}

class FullRun {
  readonly #options: FullRunOptions;
  readonly #history = new History();
  readonly #random: Random;
  readonly #fleet: Fleet;
  readonly #clients: RunClients;
  readonly #workload: Workload;
  readonly #scene: Scene;
  readonly #deck: Deck;
  readonly #problems: string[] = [];

  constructor(options: FullRunOptions) {
    const { seed, network, folder, kinds } = options;
    this.#options = options;
    this.#random = seededRandom(seed);
    this.#fleet = new Fleet({
      places: network.places,
      cluster: `chaos-${seed}`,
      join,
      folder,
      onUnexpected: (what) => this.#problems.push(what),
    });
    this.#clients = new RunClients({
      fleet: this.#fleet,
      token,
      folder,
      onUnexpected: (what) => this.#problems.push(what),
    });
    // A stream of its own: how many calls are drawn depends on the machine.
    this.#workload = new Workload(this.#history, seededRandom(seed + 1_000_000), pauseMs);
    this.#deck = new Deck(this.#random, kinds);
    this.#scene = {
      fleet: this.#fleet,
      network,
      draws: this.#workload.draws,
      random: this.#random,
      clients: this.#clients,
      begin: (process) => this.#workload.begin(process, ofMembers),
      beginClient: (process) => this.#workload.begin(process, ofClients),
      call: (caller, call) => this.#workload.lanes.call(caller, call),
    };
  }

  async run(): Promise<RunResult> {
    const onUnhandled = (error: unknown) => this.#problems.push(`unhandled: ${String(error)}`);
    process.on('unhandledRejection', onUnhandled);
    try {
      await this.#form();
      await this.#sufferAll();
      await this.#calm();
      await this.#workload.end(this.#clients.first);
    } catch (error) {
      this.#problems.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
    } finally {
      await this.#end();
      process.off('unhandledRejection', onUnhandled);
    }
    return { history: this.#history, problems: this.#problems };
  }

  async #form(): Promise<void> {
    const { places } = this.#options.network;
    const first = places.map((_, member) => member).slice(0, membersAtFirst);
    await Promise.all(first.map((member) => this.#fleet.start(member)));
    await this.#fleet.settled();
    await this.#clients.open();
    await this.#workload.define(this.#clients.first.grid);
    await this.#fleet.settled();
    for (const client of this.#clients.all) await this.#workload.begin(client, ofClients);
    for (const member of first) await this.#scene.begin(this.#fleet.process(member));
  }

  async #sufferAll(): Promise<void> {
    const { ms, faultsLeast, faultsMax, isEachDealt } = this.#options;
    const began = this.#history.now;
    for (let faults = 0; faults < faultsMax; faults++) {
      await this.#calm();
      const isEnough = faults >= faultsLeast && (this.#deck.isDealt || !isEachDealt);
      if (this.#history.now >= began + (isEnough ? ms : overtime * ms)) return;
      await this.#suffer(await this.#deck.draw(this.#scene));
    }
  }

  async #suffer({ note, act }: Fault): Promise<void> {
    this.#options.say(`${note.kind}: ${note.detail}`);
    const fault = this.#history.fault(note);
    await act(witnessOf(this.#history, fault));
    this.#history.note({ type: 'healed', fault });
    await this.#workload.forgetGone();
    await this.#fleet.agreed();
    this.#history.note({ type: 'agreed', fault });
    await this.#fleet.settled();
    this.#history.note({ type: 'settled', fault });
    await this.#workload.lanes.hold();
    await this.#fleet.equal();
    this.#history.note({ type: 'equal', fault });
    this.#workload.lanes.release();
    this.#workload.draws.nextRound();
    await this.#workload.renew(this.#random);
  }

  /** Enough calls are answered, some of them through every client and every member. */
  async #calm(): Promise<void> {
    const { operations } = this.#options;
    const callers = () => [
      ...this.#clients.all.map(({ name }) => name),
      ...this.#fleet.running.map((member) => this.#fleet.process(member).name),
    ];
    const before = new Map(this.#history.acknowledged);
    const answered = this.#history.answered;
    const idle = () =>
      callers().filter((name) => this.#history.acknowledged.get(name) === before.get(name));
    await until(
      () => this.#history.answered >= answered + operations && idle().length === 0,
      () => `${operations} answers; ${idle()} got none, ${this.#history.open} calls are open`,
      operationsMs,
    );
  }

  async #end(): Promise<void> {
    await this.#clients.close();
    await this.#fleet.killAll();
    await this.#options.network.close();
  }
}
