/** Members come and go on purpose: joins, leaves, and restarts of all of them, one after the other. */
import type { Fault, Scene, Witness } from './fault.ts';

export async function join(scene: Scene): Promise<Fault> {
  const { fleet, random } = scene;
  const member = random.pick(fleet.absent);
  return {
    note: { kind: 'join', detail: fleet.nameOf(member) },
    act: async () => scene.begin(await fleet.start(member)),
  };
}

export async function leave(scene: Scene): Promise<Fault> {
  const { fleet, random } = scene;
  const member = random.pick(fleet.running);
  return {
    note: {
      kind: 'leave',
      detail: fleet.nameOf(member),
      afflicted: [fleet.process(member).name],
    },
    act: (witness) => handOver(scene, member, witness),
  };
}

/** Each member hands over, ends, and starts again; the next when all is settled, or at once. */
export async function rollingRestart(scene: Scene, isPatient: boolean): Promise<Fault> {
  const { fleet, random } = scene;
  const members = random.shuffle(fleet.running);
  const names = members.map((member) => fleet.nameOf(member)).join(', ');
  return {
    note: {
      kind: isPatient ? 'rolling restart' : 'hasty restart',
      detail: names,
      afflicted: members.map((member) => fleet.process(member).name),
    },
    act: async (witness) => {
      for (const member of members) {
        await handOver(scene, member, witness);
        await scene.begin(await fleet.start(member));
        if (isPatient) await fleet.settled();
      }
    },
  };
}

async function handOver({ fleet }: Scene, member: number, witness: Witness): Promise<void> {
  const status = await fleet.leave(member);
  if (status !== 0) witness.amiss(`${fleet.nameOf(member)} left with ${status}, not with 0`);
}
