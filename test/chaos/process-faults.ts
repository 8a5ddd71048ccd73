/** What happens to the processes of members: killed, lost with their machine, stopped, blocked, slow. */
import { type Fault, hit, killed, type Scene, usedRow } from './fault.ts';
import { between } from './network.ts';
import { pause, until } from './waiting.ts';

/** How long a machine that dies takes calls without reaching the other members. */
const machineMs = 300;
const missedMs = 30_000;
const leaderMs = 10_000;
/** A slow process runs for a quarter of the time. */
const slowMs = 6_000;
const slowStopMs = 45;
const slowGoMs = 15;

/** SIGKILL to a primary of something in use; it starts again at once, or when it was missed. */
export async function kill(scene: Scene): Promise<Fault> {
  const { owner, what } = await usedRow(scene);
  return killOf(scene, 'kill', owner, `${scene.fleet.nameOf(owner)}, primary of ${what}`);
}

/** The same to whoever leads the meta group. */
export async function killLeader(scene: Scene): Promise<Fault> {
  const { fleet } = scene;
  let leader: number | undefined;
  await until(
    async () => {
      leader = await fleet.leader();
      return leader !== undefined;
    },
    () => 'a leader of the meta group',
    leaderMs,
  );
  return killOf(scene, 'leader killed', leader ?? 0, fleet.nameOf(leader ?? 0));
}

async function killOf(scene: Scene, kind: string, victim: number, whom: string): Promise<Fault> {
  const { fleet, random } = scene;
  const isPatient = random.below(2) === 0;
  const when = isPatient ? 'starts again when it is missed' : 'starts again at once';
  const note = await killed(scene, victim);
  return {
    note: { kind, detail: `${whom}, ${note.role}, ${when}`, ...note },
    act: async () => {
      const { self } = await fleet.view(victim);
      await fleet.kill(victim);
      if (isPatient) await missed(scene, victim, self);
      await scene.begin(await fleet.start(victim));
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
  const note = await killed(scene, owner);
  return {
    note: {
      kind: 'machine lost',
      detail: `${fleet.nameOf(owner)}, primary of ${what}, ${note.role}`,
      ...note,
      // No connection of it ends: where membership is late the lack of its lease alone tells, after 3.5 s.
      isKill: false,
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

/** SIGSTOP, and SIGCONT when it was long given up. */
export async function stop(scene: Scene, ms: number): Promise<Fault> {
  const { fleet } = scene;
  const { owner, what } = await usedRow(scene);
  return {
    note: {
      kind: `stop ${ms / 1_000} s`,
      detail: `${fleet.nameOf(owner)}, primary of ${what}`,
      ...hit(scene, [owner]),
    },
    act: async () => {
      fleet.stop(owner);
      await pause(ms);
      fleet.goOn(owner);
    },
  };
}

/** The thread of a primary is busy with something else for so long that it is given up. */
export async function block(scene: Scene, ms: number): Promise<Fault> {
  const { fleet } = scene;
  const { owner, what } = await usedRow(scene);
  return {
    note: {
      kind: `block ${ms / 1_000} s`,
      detail: `${fleet.nameOf(owner)}, primary of ${what}`,
      ...hit(scene, [owner]),
    },
    act: async () => {
      fleet.process(owner).block(ms);
      await pause(ms);
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
      ...hit(scene, [owner]),
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

async function missed({ fleet }: Scene, member: number, id: string): Promise<void> {
  await until(
    () => fleet.isMissed(id),
    () => `${fleet.nameOf(member)} to be missed`,
    missedMs,
  );
}
