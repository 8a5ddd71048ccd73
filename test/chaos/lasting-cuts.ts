/** Cuts that end only when those who can reach each other have come to one view; and one that leaves no majority. */
import { isDeepStrictEqual } from 'node:util';
import { type Fault, hit, type Scene, usedRow } from './fault.ts';
import type { Fleet } from './fleet.ts';
import { between } from './network.ts';
import { pause } from './waiting.ts';

/** A view is one that lasts, where nothing in it changes for so long. */
const stableMs = 1_000;
const lookEveryMs = 50;
/** Past it the cut is healed all the same, and judged. */
const agreeMaxMs = 10_000;
/** Long enough for those without a majority to say so. */
const refusedMs = 5_500;
const halvedMs = 6_000;

/**
 * A primary is heard by no member, or hears none, until the others have one view and it has had the time to
 * refuse. TCP needs both directions, so that it can know nothing of what the others agree on.
 */
export async function oneWayThatLasts(scene: Scene): Promise<Fault> {
  const { fleet, network, random } = scene;
  const { owner, what } = await usedRow(scene);
  const isDeaf = random.below(2) === 0;
  const others = fleet.running.filter((member) => member !== owner);
  const role = await fleet.roleOf(owner);
  const how = isDeaf ? 'hears no member' : 'is heard by no member';
  return {
    note: {
      kind: 'lasting one-way cut',
      detail: `${fleet.nameOf(owner)}, primary of ${what}, ${role}, ${how}`,
      role,
      isLasting: true,
      cutOff: [fleet.process(owner).name],
      ...hit(scene, [owner]),
    },
    act: async (witness) => {
      const began = performance.now();
      await network.drop(
        others.map((other) => (isDeaf ? ([other, owner] as const) : ([owner, other] as const))),
      );
      const { self } = await fleet.view(owner);
      if (await comeToOneView(fleet, others, self, agreeMaxMs)) witness.oneView();
      await pause(Math.max(0, refusedMs - (performance.now() - began)));
      await network.heal();
    },
  };
}

/** Of five members one is killed and the others are cut two from two, so that no side has three of five votes. */
export async function halves(scene: Scene): Promise<Fault> {
  const { fleet, network, random } = scene;
  const [dead, ...rest] = random.shuffle(fleet.running) as [number, ...number[]];
  const side = rest.slice(0, rest.length / 2);
  const other = rest.slice(rest.length / 2);
  const namesOf = (members: readonly number[]) =>
    members.map((member) => fleet.nameOf(member)).join(' and ');
  return {
    note: {
      kind: 'no majority',
      detail: `${fleet.nameOf(dead)} is killed, ${namesOf(side)} are cut from ${namesOf(other)}`,
      cutOff: rest.map((member) => fleet.process(member).name),
      isBlocking: true,
      ...hit(scene, fleet.running),
    },
    act: async () => {
      await network.drop(between(side, other));
      await fleet.kill(dead);
      await pause(halvedMs);
      await network.heal();
      await scene.begin(await fleet.start(dead));
    },
  };
}

/** Whether they all see the same members and leader for a while, without the one that is away, in time. */
async function comeToOneView(
  fleet: Pick<Fleet, 'view'>,
  members: readonly number[],
  away: string,
  deadlineMs: number,
): Promise<boolean> {
  const end = performance.now() + deadlineMs;
  let last: unknown;
  let since = performance.now();
  while (performance.now() < end) {
    const views = await Promise.all(members.map((member) => fleet.view(member)));
    const [first, ...others] = views.map(({ leader, members: seen }) => ({ leader, seen }));
    const isWithout = first?.seen.every(({ id, state }) => id !== away || state !== 'up') ?? false;
    const isOne = isWithout && others.every((view) => isDeepStrictEqual(view, first));
    if (!isOne || !isDeepStrictEqual(first, last)) since = performance.now();
    if (performance.now() - since >= stableMs) return true;
    last = first;
    await pause(lookEveryMs);
  }
  return false;
}
