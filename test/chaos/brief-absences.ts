/** Members that are away for a second at most: nobody is given up for that, and nobody gives others up. */
import { isDeepStrictEqual } from 'node:util';
import { type Fault, hit, type Scene, usedRow, type Witness } from './fault.ts';
import { pause, until } from './waiting.ts';
import { Watch } from './watch.ts';

/** Longer than members wait before they level copies after a loss. */
const steadyMs = 4_000;
const steadyMaxMs = 30_000;
/** How long it takes to be sure that nobody was given up. */
const afterthoughtMs = 2_500;

/** SIGSTOP to a primary, and SIGCONT soon. */
export function stopBriefly(scene: Scene, ms: number): Promise<Fault> {
  const { fleet } = scene;
  return absence(scene, `stop ${ms / 1_000} s`, async (member) => {
    fleet.stop(member);
    await pause(ms);
    fleet.goOn(member);
  });
}

/** The thread of a primary is busy with something else for a while. */
export function blockBriefly(scene: Scene, ms: number): Promise<Fault> {
  const { fleet } = scene;
  return absence(scene, `block ${ms / 1_000} s`, async (member) => {
    fleet.process(member).block(ms);
    await pause(ms);
  });
}

async function absence(
  scene: Scene,
  kind: string,
  isAway: (member: number) => Promise<void>,
): Promise<Fault> {
  const { fleet } = scene;
  await steady(scene);
  const { owner, what } = await usedRow(scene);
  return {
    note: {
      kind,
      detail: `${fleet.nameOf(owner)}, primary of ${what}`,
      isBrief: true,
      ...hit(scene, [owner]),
    },
    act: (witness) => watched(scene, owner, isAway, witness),
  };
}

/** Everybody's view is looked at meanwhile and for a while after; that of who is away from when it is back. */
async function watched(
  { fleet }: Scene,
  member: number,
  isAway: (member: number) => Promise<void>,
  witness: Witness,
): Promise<void> {
  const watch = new Watch(fleet, witness);
  await watch.follow(fleet.running.filter((other) => other !== member));
  await isAway(member);
  witness.back();
  await watch.follow([member]);
  await pause(afterthoughtMs);
  await watch.end();
}

/** Resolves when no row has changed for a while: what an earlier fault left to be levelled is done. */
async function steady({ fleet }: Scene): Promise<void> {
  const [first = 0] = fleet.running;
  let last = await fleet.outlook(first);
  let since = performance.now();
  await until(
    async () => {
      const now = await fleet.outlook(first);
      if (!isDeepStrictEqual(now, last)) since = performance.now();
      last = now;
      return performance.now() - since >= steadyMs;
    },
    () => 'copies that stay where they are',
    steadyMaxMs,
  );
}
