/** What happens to the processes of members: killed, lost with their machine, stopped, blocked. */
import { isDeepStrictEqual } from 'node:util';
import { type Amiss, type Fault, type Scene, usedRow } from './fault.ts';
import type { Row } from './fleet.ts';
import { between } from './network.ts';
import { pause, until } from './waiting.ts';

/** How long a machine that dies takes calls without reaching the other members. */
const machineMs = 300;
const missedMs = 30_000;
/** Longer than members wait before they level copies after a loss. */
const steadyMs = 4_000;
/** A slow process runs for a quarter of the time. */
const slowMs = 6_000;
const slowStopMs = 45;
const slowGoMs = 15;
/** Whoever is away for so long at most is not given up by anybody. */
const tolerableMs = 1_000;
/** How long it takes to be sure that nobody was given up. */
const afterthoughtMs = 2_500;

/** SIGKILL to a primary of something in use; it starts again at once, or when it was missed. */
export async function kill(scene: Scene): Promise<Fault> {
  const { fleet, random } = scene;
  const { owner, what } = await usedRow(scene);
  const isPatient = random.below(2) === 0;
  const when = isPatient ? 'starts again when it is missed' : 'starts again at once';
  return {
    note: {
      kind: 'kill',
      detail: `${fleet.nameOf(owner)}, primary of ${what}, ${when}`,
      afflicted: [fleet.process(owner).name],
    },
    act: async () => {
      const { self } = await fleet.view(owner);
      await fleet.kill(owner);
      if (isPatient) await missed(scene, owner, self);
      await scene.begin(await fleet.start(owner));
    },
  };
}

/**
 * A primary no longer reaches the other members, but goes on being called by clients and through itself; then it
 * is killed. What it had not told anybody is gone, and it must not have said that it was done.
 */
export async function loseMachine(scene: Scene): Promise<Fault> {
  const { fleet, network } = scene;
  const { owner, what } = await usedRow(scene);
  const others = fleet.running.filter((member) => member !== owner);
  return {
    note: {
      kind: 'machine lost',
      detail: `${fleet.nameOf(owner)}, primary of ${what}`,
      afflicted: [fleet.process(owner).name],
    },
    act: async () => {
      const { self } = await fleet.view(owner);
      await network.drop(between([owner], others));
      await pause(machineMs);
      await fleet.kill(owner);
      await missed(scene, owner, self);
      await network.heal();
      await scene.begin(await fleet.start(owner));
    },
  };
}

/** SIGSTOP, and SIGCONT after a while. */
export async function stop(scene: Scene, ms: number): Promise<Fault> {
  const { fleet } = scene;
  if (ms <= tolerableMs) await steady(scene);
  const { owner, what } = await usedRow(scene);
  return {
    note: {
      kind: `stop ${ms / 1_000} s`,
      detail: `${fleet.nameOf(owner)}, primary of ${what}`,
      afflicted: [fleet.process(owner).name],
    },
    act: async (amiss) => {
      const before = await fleet.rows();
      fleet.stop(owner);
      await pause(ms);
      fleet.goOn(owner);
      if (ms <= tolerableMs) await unnoticed(scene, before, amiss);
    },
  };
}

/** A primary gets a quarter of a processor. */
export async function slow(scene: Scene): Promise<Fault> {
  const { fleet } = scene;
  const { owner, what } = await usedRow(scene);
  return {
    note: {
      kind: 'slow',
      detail: `${fleet.nameOf(owner)}, primary of ${what}`,
      afflicted: [fleet.process(owner).name],
    },
    act: async () => {
      const end = performance.now() + slowMs;
      while (performance.now() < end) {
        fleet.stop(owner);
        await pause(slowStopMs);
        fleet.goOn(owner);
        await pause(slowGoMs);
      }
    },
  };
}

/** The thread of a primary is busy with something else for a second. */
export async function block(scene: Scene): Promise<Fault> {
  const { fleet } = scene;
  await steady(scene);
  const { owner, what } = await usedRow(scene);
  return {
    note: {
      kind: 'block 1 s',
      detail: `${fleet.nameOf(owner)}, primary of ${what}`,
      afflicted: [fleet.process(owner).name],
    },
    act: async (amiss) => {
      const before = await fleet.rows();
      fleet.process(owner).block(tolerableMs);
      await pause(tolerableMs);
      await unnoticed(scene, before, amiss);
    },
  };
}

/** Resolves when no primary has changed for a while: what an earlier fault left to be levelled is done. */
async function steady({ fleet }: Scene): Promise<void> {
  let rows = terms(await fleet.rows());
  let since = performance.now();
  await until(
    async () => {
      const now = terms(await fleet.rows());
      if (!isDeepStrictEqual(now, rows)) since = performance.now();
      rows = now;
      return performance.now() - since >= steadyMs;
    },
    () => 'primaries that stay who they are',
    missedMs,
  );
}

/** A short absence changes no primary. */
async function unnoticed({ fleet }: Scene, before: readonly Row[], amiss: Amiss): Promise<void> {
  await pause(afterthoughtMs);
  if (isDeepStrictEqual(terms(before), terms(await fleet.rows()))) return;
  amiss('a member that was away for a second was given up: there are other primaries than before');
}

function terms(rows: readonly Row[]): unknown {
  return rows.map(({ primary, term }) => [primary, term]);
}

async function missed({ fleet }: Scene, member: number, id: string): Promise<void> {
  await until(
    () => fleet.isMissed(id),
    () => `${fleet.nameOf(member)} to be missed`,
    missedMs,
  );
}
