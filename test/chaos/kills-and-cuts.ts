/** Faults for a grid that clients use: owners are killed and start again, connections of clients are cut. */
import type { Random } from '../../src/base/random.ts';
import type { Wire } from '../support/wire.ts';
import type { Draws } from './draws.ts';
import type { Fleet } from './fleet.ts';
import type { FaultNote } from './history.ts';
import type { ProxiedNetwork } from './proxied-network.ts';
import { pause, until } from './waiting.ts';

/** A fault as it was drawn; `act` carries it out, and resolves when nothing of it is left to undo. */
export interface Fault {
  readonly note: FaultNote;
  readonly act: () => Promise<void>;
}

/** How connections of clients are cut. */
export const cuts = ['closed', 'reset', 'answers lost', 'silent'] as const;
export type Cut = (typeof cuts)[number];

/** How long answers are lost before the connection is reset. */
const answersLostMs = 400;
/** Longer than a client waits for a sign of life. */
const silentMs = 5_000;
/** How long a machine that dies takes calls without reaching the other members. */
const machineMs = 300;
const missedMs = 30_000;
const ownerMs = 30_000;

export class KillsAndCuts {
  readonly #fleet: Fleet;
  readonly #network: ProxiedNetwork;
  readonly #draws: Draws;
  readonly #random: Random;

  constructor(fleet: Fleet, network: ProxiedNetwork, draws: Draws, random: Random) {
    this.#fleet = fleet;
    this.#network = network;
    this.#draws = draws;
    this.#random = random;
  }

  /**
   * Whoever is primary of something in use is killed, and starts again at once or when it was missed. Every
   * second one is lost with its machine: what it said to other members just before never arrives.
   */
  async kill(): Promise<Fault> {
    const { owner, what } = await this.#owner();
    const name = this.#fleet.nameOf(owner);
    const isWithMachine = this.#random.below(2) === 0;
    const isPatient = this.#random.below(2) === 0;
    const how = isWithMachine ? ', with its machine' : '';
    const when = isPatient ? 'starts again when it is missed' : 'starts again at once';
    const act = async () => {
      const { self } = await this.#fleet.view(owner);
      if (isWithMachine) await this.#silence(owner);
      await this.#fleet.kill(owner);
      const isMissed = () => this.#fleet.isMissed(self);
      if (isPatient) await until(isMissed, () => `${name} to be missed`, missedMs);
      await this.#fleet.start(owner);
    };
    return { note: { kind: 'kill', detail: `${name}, primary of ${what}${how}, ${when}` }, act };
  }

  async #silence(member: number): Promise<void> {
    for (const wire of this.#network.memberWires(member)) {
      wire.lose('in');
      wire.lose('out');
    }
    await pause(machineMs);
  }

  /** The connections of clients to an owner, or every second time to all members. */
  async cut(how: Cut): Promise<Fault> {
    const { owner, what } = await this.#owner();
    const isEverywhere = this.#random.below(2) === 0;
    const members = isEverywhere ? this.#fleet.running : [owner];
    const wires = () => members.flatMap((member) => this.#network.clientWires(member));
    await until(
      () => wires().length > 0,
      () => 'connections of clients to cut',
      ownerMs,
    );
    const whose = isEverywhere ? 'all members' : `${this.#fleet.nameOf(owner)}, primary of ${what}`;
    const detail = `${wires().length} connections of clients to ${whose}: ${how}`;
    return { note: { kind: 'cut', detail }, act: () => carryOut(how, wires()) };
  }

  async #owner(): Promise<{ owner: number; what: string }> {
    const used = this.#draws.used(this.#random);
    const what = `${used.on} ${used.key}`;
    let owner: number | undefined;
    await until(
      async () => {
        owner = await this.#fleet.ownerOf(used);
        return owner !== undefined;
      },
      () => `a primary of ${what}`,
      ownerMs,
    );
    return { owner: owner as unknown as number, what };
  }
}

async function carryOut(how: Cut, wires: readonly Wire[]): Promise<void> {
  const each = (act: (wire: Wire) => void) => wires.forEach(act);
  switch (how) {
    case 'closed':
      each((wire) => wire.close());
      return;
    case 'reset':
      each((wire) => wire.reset());
      return;
    case 'answers lost':
      each((wire) => wire.lose('out'));
      await pause(answersLostMs);
      each((wire) => wire.reset());
      return;
    case 'silent':
      each((wire) => {
        wire.lose('in');
        wire.lose('out');
      });
      await pause(silentMs);
      each((wire) => wire.reset());
  }
}
