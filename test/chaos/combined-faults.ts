/** Several things at once: more than one member joins, and one is killed while something else goes on. */
import { type Fault, killed, type Scene, usedRow } from './fault.ts';
import { between } from './network.ts';
import { pause } from './waiting.ts';

/** Copies move to a member from when it is in. */
const movingMs = 600;
const lossShare = 0.05;
const besideMs = 1_000;

/** All that have a place join at the same time. */
export async function joinTogether(scene: Scene): Promise<Fault> {
  const { fleet } = scene;
  const members = fleet.absent;
  return {
    note: { kind: 'joins', detail: members.map((member) => fleet.nameOf(member)).join(' and ') },
    act: async () => {
      const started = await Promise.all(members.map((member) => fleet.start(member)));
      for (const process of started) await scene.begin(process);
    },
  };
}

/** A member joins; while copies move to it, a primary is killed, or the one that has just come. */
export async function killDuringJoin(scene: Scene): Promise<Fault> {
  const { fleet, random } = scene;
  const comer = random.pick(fleet.absent);
  const { owner, what } = await usedRow(scene);
  const isComer = random.below(3) === 0;
  const victim = isComer ? comer : owner;
  const whom = isComer ? 'itself' : `${fleet.nameOf(owner)}, primary of ${what}`;
  const waitMs = random.below(movingMs);
  // Who has just come leads nobody yet, and nobody relies on it.
  const note = isComer ? ({ role: 'follower', isKill: true } as const) : await killed(scene, owner);
  return {
    note: {
      kind: 'kill during a join',
      detail: `of ${fleet.nameOf(comer)}: ${whom}, ${note.role}, after ${waitMs} ms`,
      ...note,
    },
    act: async () => {
      const process = await fleet.start(comer);
      await pause(waitMs);
      await fleet.kill(victim);
      if (!isComer) await scene.begin(process);
      await scene.begin(await fleet.start(victim));
    },
  };
}

/** A primary is killed while packets are lost, or two others do not reach each other. */
export async function killBeside(scene: Scene): Promise<Fault> {
  const { fleet, network, random } = scene;
  const { owner, what } = await usedRow(scene);
  const others = random.shuffle(fleet.running.filter((member) => member !== owner));
  const [one, other] = others as [number, number];
  const isLoss = network.canLose && random.below(2) === 0;
  const beside = isLoss
    ? `${lossShare * 100} % of all packets are lost`
    : `${fleet.nameOf(one)} and ${fleet.nameOf(other)} do not reach each other`;
  const note = await killed(scene, owner);
  return {
    note: {
      kind: 'two at once',
      detail: `${fleet.nameOf(owner)}, primary of ${what}, ${note.role}, is killed while ${beside}`,
      isBlocking: true,
      ...note,
    },
    act: async () => {
      if (isLoss) await network.lose(lossShare);
      else await network.drop(between([one], [other]));
      await pause(besideMs);
      await fleet.kill(owner);
      await pause(2 * besideMs);
      const process = await fleet.start(owner);
      await network.heal();
      await scene.begin(process);
    },
  };
}
