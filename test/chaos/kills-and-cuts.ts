/** Faults for a grid that clients use: owners are killed and start again, connections of clients are cut. */
import type { Random } from '../../src/base/random.ts';
import type { Wire } from '../support/wire.ts';
import type { Draws } from './draws.ts';
import { type Fault, usedRow } from './fault.ts';
import type { Fleet } from './fleet.ts';
import type { ProxiedNetwork } from './proxied-network.ts';
import { pause, until } from './waiting.ts';

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
const wiresMs = 30_000;

export interface ClientsOnlyScene {
  readonly fleet: Fleet;
  readonly network: ProxiedNetwork;
  readonly draws: Draws;
  readonly random: Random;
}

export class KillsAndCuts {
  readonly #scene: ClientsOnlyScene;

  constructor(scene: ClientsOnlyScene) {
    this.#scene = scene;
  }

  /**
   * Whoever is primary of something in use is killed, and starts again at once or when it was missed. Every
   * second one is lost with its machine: what it said to other members just before never arrives.
   */
  async kill(): Promise<Fault> {
    const { fleet, random } = this.#scene;
    const { owner, what } = await usedRow(this.#scene);
    const name = fleet.nameOf(owner);
    const isWithMachine = random.below(2) === 0;
    const isPatient = random.below(2) === 0;
    const how = isWithMachine ? ', with its machine' : '';
    const when = isPatient ? 'starts again when it is missed' : 'starts again at once';
    const act = async () => {
      const { self } = await fleet.view(owner);
      if (isWithMachine) await this.#silence(owner);
      await fleet.kill(owner);
      const isMissed = () => fleet.isMissed(self);
      if (isPatient) await until(isMissed, () => `${name} to be missed`, missedMs);
      await fleet.start(owner);
    };
    return { note: { kind: 'kill', detail: `${name}, primary of ${what}${how}, ${when}` }, act };
  }

  async #silence(member: number): Promise<void> {
    for (const wire of this.#scene.network.memberWires(member)) {
      wire.lose('in');
      wire.lose('out');
    }
    await pause(machineMs);
  }

  /** The connections of clients to an owner, or every second time to all members. */
  async cut(how: Cut): Promise<Fault> {
    const { fleet, network, random } = this.#scene;
    const { owner, what } = await usedRow(this.#scene);
    const isEverywhere = random.below(2) === 0;
    const members = isEverywhere ? fleet.running : [owner];
    const wires = () => members.flatMap((member) => network.clientWires(member));
    await until(
      () => wires().length > 0,
      () => 'connections of clients to cut',
      wiresMs,
    );
    const whose = isEverywhere ? 'all members' : `${fleet.nameOf(owner)}, primary of ${what}`;
    const detail = `${wires().length} connections of clients to ${whose}: ${how}`;
    return { note: { kind: 'cut', detail }, act: () => carryOut(how, wires()) };
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
