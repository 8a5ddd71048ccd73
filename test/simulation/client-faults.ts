/**
 * What goes wrong between light clients and members beside the faults of the whole world: connections are
 * reset, go half-open or are cut, clients die, and a connection breaks in the very moment in which a request
 * has come through it, so that its answer is lost.
 */
import type { Address, CallerId } from '../../src/base/ids.ts';
import { type Random, seededRandom } from '../../src/base/random.ts';
import type { SimProcess } from '../../src/testing/sim-process.ts';
import type { ClientProgram } from './grid-client.ts';
import type { GridWorld } from './grid-world.ts';

type Client = SimProcess<ClientProgram>;

const kinds = ['reset', 'reset', 'half-open', 'cut', 'cut-one-way', 'crash'] as const;

export class ClientFaults {
  readonly #grid: GridWorld;
  readonly #random: Random;
  readonly #gapMs: number;
  /** That a request breaks the connection on which it came. */
  readonly #breakChance: number;
  #isOver = false;

  constructor(grid: GridWorld, seed: number) {
    this.#grid = grid;
    this.#random = seededRandom(seed * 5 + 3);
    this.#gapMs = this.#random.pick([200, 600, 1_500]);
    this.#breakChance = this.#random.pick([0.01, 0.03, 0.08]);
  }

  inject(): void {
    this.#grid.clientLooks.onRequest = (session, at) => this.#met(session, at);
    this.#later();
  }

  heal(): void {
    this.#isOver = true;
    this.#grid.clientLooks.onRequest = undefined;
  }

  #later(): void {
    const { world, clients } = this.#grid;
    world.after(this.#gapMs * (0.2 + 1.6 * this.#random.next()), () => {
      if (this.#isOver) return;
      const client = this.#random.pick(clients);
      if (client.isUp) this.#harm(client);
      this.#later();
    });
  }

  #harm(client: Client): void {
    const { world } = this.#grid;
    const member = this.#memberOf(client);
    const lastsMs = this.#random.pick([100, 1_000, 6_000]);
    switch (this.#random.pick(kinds)) {
      case 'reset':
        this.#reset(client.name, member);
        break;
      case 'half-open':
        world.halfOpen(client.name, member);
        break;
      case 'cut':
        world.cut(client.name, member);
        this.#healLater(client.name, member, lastsMs);
        break;
      case 'cut-one-way':
        if (this.#random.below(2) === 0) world.cutOneWay(client.name, member);
        else world.cutOneWay(member, client.name);
        this.#healLater(client.name, member, lastsMs);
        break;
      case 'crash':
        world.crash(client.name);
        world.after(lastsMs, () => {
          if (!client.isUp) world.restart(client.name);
        });
    }
  }

  /** The member that it goes through, mostly. */
  #memberOf(client: Client): string {
    const { processes } = this.#grid;
    const gateway = client.program.session.links.gateway?.member;
    const present = processes.find((process) => process.isUp && process.id === gateway);
    const isGateway = present !== undefined && this.#random.below(3) > 0;
    return (isGateway ? present : this.#random.pick(processes)).name;
  }

  /** The request is carried out, or is on its way to the primary; nobody will hear of it. */
  #met(session: CallerId, at: Address): void {
    if (this.#random.next() >= this.#breakChance) return;
    const { clients, processes } = this.#grid;
    const client = clients.find(
      (candidate) => candidate.isUp && candidate.program.session.caller === session,
    );
    const member = processes.find(({ address }) => address === at);
    if (client !== undefined && member !== undefined) this.#reset(client.name, member.name);
  }

  #reset(client: string, member: string): void {
    if (this.#grid.world.reset(client, member)) this.#grid.world.counts.socket('reset');
  }

  #healLater(client: string, member: string, lastsMs: number): void {
    const { world } = this.#grid;
    world.healLater(lastsMs, () => world.heal(client, member));
  }
}
