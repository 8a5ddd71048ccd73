/** What happens to light clients: cut off from a member, or killed with calls on their way. */
import type { Answer } from './calls.ts';
import { type Fault, type Scene, usedRow } from './fault.ts';
import { between } from './network.ts';
import { pause, until } from './waiting.ts';

const cutMs = 6_000;
/**
 * So many calls are made at once, of which the first answer is the sign to kill. Where machines are quick fewer are all
 * answered by the time that the signal comes.
 */
const burst = 48;
const awayMs = 500;
const openMs = 5_000;

/** Clients no longer reach a primary, and it does not reach them. */
export async function cutClients(scene: Scene): Promise<Fault> {
  const { fleet, network, clients } = scene;
  const { owner, what } = await usedRow(scene);
  return {
    note: {
      kind: 'clients cut off',
      detail: `from ${fleet.nameOf(owner)}, primary of ${what}`,
      // That one stays primary, and whoever goes straight to primaries has a connection to it.
      lostWay: clients.all.map(({ name }) => name),
    },
    act: async () => {
      await network.drop(between([owner], ['clients']));
      await pause(cutMs);
      await network.heal();
    },
  };
}

/**
 * SIGKILL to the process of a client with calls on their way, some of which were answered just now. It starts
 * again with another session.
 */
export async function killClient(scene: Scene): Promise<Fault> {
  const { clients, draws, call } = scene;
  const client = clients.process;
  return {
    note: {
      kind: 'client killed',
      detail: client.name,
      afflicted: [client.name],
      killedClient: client.name,
    },
    act: async () => {
      await until(
        () => client.open > 0,
        () => `a call of ${client.name} that is open`,
        openMs,
      );
      const answers: Promise<Answer>[] = [];
      for (let at = 0; at < burst; at++) answers.push(call(client, draws.write()));
      await Promise.race(answers);
      await clients.killProcess();
      await pause(awayMs);
      await scene.beginClient(await clients.startProcess());
    },
  };
}
