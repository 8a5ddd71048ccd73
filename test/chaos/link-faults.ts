/** What happens to the links: cut off, split, cut in one direction or between two, reset, lossy. */
import { type Fault, hit, type Scene, usedRow } from './fault.ts';
import type { Row } from './fleet.ts';
import { between, type End } from './network.ts';
import { pause } from './waiting.ts';

/** Long enough for the others to take over, and for those who are cut off to know it. */
const cutMs = 6_000;
const lossMs = 8_000;
const heavyLoss = 0.2;
const heavyLossMs = 3_000;
/** So often, and for so long, in a cut that comes and goes. */
const flaps = 4;
const flapMs = 1_500;

/** A primary reaches nobody: neither the other members nor, every second time, the clients. */
export async function isolate(scene: Scene): Promise<Fault> {
  const { fleet, random } = scene;
  const { owner, what } = await usedRow(scene);
  const withClients = random.below(2) === 0;
  const role = await fleet.roleOf(owner);
  const also = withClients ? ', also from clients' : '';
  const detail = `${fleet.nameOf(owner)}, primary of ${what}, ${role}${also}`;
  const fault = cutOff(scene, 'isolated', [owner], withClients, detail);
  return { ...fault, note: { ...fault.note, role } };
}

/** Two of five: some keys have no copy among the three others, and wait. */
export async function split(scene: Scene): Promise<Fault> {
  const { fleet, random } = scene;
  // Of seven members five vote, so three of them may be who decides.
  const most = Math.min(2, Math.floor((fleet.running.length - 1) / 2));
  const side = random.shuffle(fleet.running).slice(0, most);
  const names = side.map((member) => fleet.nameOf(member)).join(' and ');
  const fault = cutOff(scene, 'split', side, random.below(2) === 0, `${names} from the others`);
  return { ...fault, note: { ...fault.note, isBlocking: true } };
}

function cutOff(
  scene: Scene,
  kind: string,
  side: readonly number[],
  withClients: boolean,
  detail: string,
): Fault {
  const { fleet, network } = scene;
  const names = side.map((member) => fleet.process(member).name);
  const others: End[] = fleet.running.filter((member) => !side.includes(member));
  if (withClients) others.push('clients');
  return {
    note: { kind, detail, cutOff: names, ...hit(scene, side) },
    act: async () => {
      await network.drop(between(side, others));
      await pause(cutMs);
      await network.heal();
    },
  };
}

/** A primary is heard and hears nobody, or hears and is not heard. */
export async function oneWay(scene: Scene): Promise<Fault> {
  const { fleet, network, random } = scene;
  const { owner, what } = await usedRow(scene);
  const isDeaf = random.below(2) === 0;
  const others = fleet.running.filter((member) => member !== owner);
  const role = await fleet.roleOf(owner);
  const name = `${fleet.nameOf(owner)}, primary of ${what}, ${role}`;
  return {
    note: {
      kind: 'one-way cut',
      detail: isDeaf ? `${name}, hears no member` : `${name}, is heard by no member`,
      role,
      ...hit(scene, [owner]),
    },
    act: async () => {
      await network.drop(
        others.map((other) => (isDeaf ? ([other, owner] as const) : ([owner, other] as const))),
      );
      await pause(cutMs);
      await network.heal();
    },
  };
}

/** A primary and its backup do not reach each other, and everybody else reaches both. */
export async function bridge(scene: Scene): Promise<Fault> {
  const { fleet, network } = scene;
  const hasBackup = ({ backups }: Row) => backups.length > 0;
  const { owner, row, what } = await usedRow(scene, hasBackup);
  const backup = row.backups[0] as number;
  return {
    note: {
      kind: 'bridge',
      detail: `${fleet.nameOf(owner)}, primary of ${what}, from its backup ${fleet.nameOf(backup)}`,
      // Callers on the one wait for what the other is primary of: nobody passes their calls on.
      ...hit(scene, [owner, backup]),
    },
    act: async () => {
      await network.drop(between([owner], [backup]));
      await pause(cutMs);
      await network.heal();
    },
  };
}

/**
 * A primary reaches the other members, and does not, and does. TCP waits longer after each loss before it tries
 * again, so that its tries can fall into the cuts for several turns: how long callers wait is measured, not bounded.
 */
export async function flap(scene: Scene): Promise<Fault> {
  const { fleet, network } = scene;
  const { owner, what } = await usedRow(scene);
  const others = fleet.running.filter((member) => member !== owner);
  return {
    note: {
      kind: 'flapping',
      detail: `${fleet.nameOf(owner)}, primary of ${what}, ${flaps} times`,
      isBlocking: true,
      ...hit(scene, [owner]),
    },
    act: async () => {
      for (let at = 0; at < flaps; at++) {
        await network.drop(between([owner], others));
        await pause(flapMs);
        await network.heal();
        await pause(flapMs);
      }
    },
  };
}

/** Every connection of a primary with members and clients ends with a RST. */
export async function reset(scene: Scene): Promise<Fault> {
  const { fleet, network } = scene;
  const { owner, what } = await usedRow(scene);
  const others: End[] = [...fleet.running.filter((member) => member !== owner), 'clients'];
  return {
    note: { kind: 'reset', detail: `connections of ${fleet.nameOf(owner)}, primary of ${what}` },
    act: () => network.reset(owner, others),
  };
}

/**
 * Packets are lost everywhere. With a fifth of them TCP waits for seconds between its tries, and members may be
 * given up: then it is measured how long callers wait, and not bounded.
 */
export async function loss({ network }: Scene, share: number): Promise<Fault> {
  const isHeavy = share >= heavyLoss;
  return {
    note: {
      kind: `loss ${share * 100} %`,
      detail: 'of all packets',
      isBlocking: isHeavy,
    },
    act: async () => {
      await network.lose(share);
      await pause(isHeavy ? heavyLossMs : lossMs);
      await network.heal();
    },
  };
}
