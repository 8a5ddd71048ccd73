/**
 * Somebody is killed at one of the points of a move (PROTOCOL.md 3.4): each of its steps, right before or right after,
 * times the meta leader, the primary, the learner and a backup. The step of the controller, which a process that
 * runs gives no notice of, is for the simulation (test/simulation/crash-matrix.ts). Meanwhile no partition has fewer
 * copies than before but for the victim's, and afterwards the copies are equal.
 */
import { partitionIdOf } from '../../src/base/partition-id.ts';
import { ask } from '../../src/cli/ask.ts';
import { moveSteps } from '../../src/partition/move-steps.ts';
import type { Fault } from './fault.ts';
import type { ClientsOnlyScene } from './kills-and-cuts.ts';
import { roles, type Trap } from './trap.ts';
import { pause, until } from './waiting.ts';

const points: readonly Trap[] = moveSteps.flatMap((step) =>
  (['before', 'after'] as const).flatMap((when) => roles.map((role) => ({ step, when, role }))),
);
const springsMs = 60_000;
const equalMs = 60_000;
const lookMs = 50;
/** Of each partition: a primary and a backup. */
const copies = 2;

export class CrashPoints {
  readonly #scene: ClientsOnlyScene;

  constructor(scene: ClientsOnlyScene) {
    this.#scene = scene;
  }

  /** So many points, no step more than once more often than another. */
  draws(count: number): (() => Promise<Fault>)[] {
    const { random } = this.#scene;
    const bySteps = moveSteps.map((step) =>
      random.shuffle(points.filter((point) => point.step === step)),
    );
    const drawn = Array.from({ length: count }, (_, at) => {
      const ofStep = bySteps[at % bySteps.length] as Trap[];
      return ofStep[Math.floor(at / bySteps.length) % ofStep.length] as Trap;
    });
    return drawn.map((trap) => () => this.#crash(trap));
  }

  async #crash(trap: Trap): Promise<Fault> {
    const { fleet, random } = this.#scene;
    const joiner = random.pick(fleet.absent);
    const { step, when, role } = trap;
    const detail = `${role} right ${when} the step '${step}', while ${fleet.nameOf(joiner)} joins`;
    const act = () => this.#carryOut(trap, joiner);
    return { note: { kind: 'crash point', detail }, act };
  }

  async #carryOut(trap: Trap, joiner: number): Promise<void> {
    const { fleet, random } = this.#scene;
    const watch = new CopyWatch(this.#scene);
    await watch.begin();
    const process = fleet.launch(joiner);
    const victim = await Promise.race([fleet.trap(trap), pause(springsMs)]);
    if (victim === undefined) throw new Error(`no move came to the step ${trap.step}`);
    await fleet.kill(victim);
    fleet.takeTrapsAway();
    if (victim !== joiner) await process.ready;
    await fleet.start(victim);
    await fleet.settled();
    const amiss = [...(await watch.end(fleet.nameOf(victim), victim === joiner))];
    await fleet.withoutOrphans();
    amiss.push(...(await this.#differences()));
    const leaver = random.pick(fleet.running);
    const status = await fleet.leave(leaver);
    if (status !== 0) amiss.push(`${fleet.nameOf(leaver)} left with ${status}, not with 0`);
    // The verdict of a run without bounds looks at no note of what is amiss: this ends the run.
    if (amiss.length > 0) throw new Error(amiss.join('; '));
  }

  /** Clients go on writing: the copies of a partition are compared where they have the same entries. */
  async #differences(): Promise<readonly string[]> {
    const { fleet } = this.#scene;
    const compared = new Set<number>();
    const different: string[] = [];
    const look = async () => {
      const rows = await fleet.rows();
      const found = await digestsOf(fleet);
      for (const [index, { primary, backups }] of rows.entries()) {
        const holders = [primary ?? -1, ...backups];
        const held = holders.map((member) => found.get(`${member} ${index}`));
        const lasts = new Set(held.map((copy) => copy?.last));
        if (compared.has(index) || holders.length < 2 || lasts.size > 1) continue;
        compared.add(index);
        const digests = held.map((copy) => copy?.digest);
        if (new Set(digests).size > 1) different.push(`partition ${index}: ${digests.join(', ')}`);
      }
      return compared.size === rows.length;
    };
    await until(look, () => `copies that can be compared, of more than ${compared.size}`, equalMs);
    return different;
  }
}

/** The copies of the partitions with one backup, by the member's number and the partition's. */
async function digestsOf(fleet: ClientsOnlyScene['fleet']) {
  const perGroup = (await fleet.rows()).length;
  const found = new Map<string, { readonly last: number; readonly digest: string }>();
  for (const member of fleet.running) {
    for (const { partition, last, digest } of await fleet.process(member).digests()) {
      found.set(`${member} ${partition - partitionIdOf(1, 0, perGroup)}`, {
        last,
        digest: `${digest}`,
      });
    }
  }
  return found;
}

/** Who holds each partition with one backup, as one member sees it. */
interface Look {
  readonly partition: number;
  readonly version: number;
  readonly inSync: readonly string[];
}

/** Looks at the table while a copy moves and somebody is killed: there are never fewer copies, but for the victim's. */
class CopyWatch {
  readonly #scene: ClientsOnlyScene;
  readonly #looks: Look[] = [];
  #isOver = false;
  #work: Promise<void> = Promise.resolve();

  constructor(scene: ClientsOnlyScene) {
    this.#scene = scene;
  }

  async begin(): Promise<void> {
    await this.#look();
    this.#work = this.#run();
  }

  /** What there was too little of; nothing of it is the copy of whoever was killed, who may be who joined. */
  async end(victim: string, isJoiner: boolean): Promise<readonly string[]> {
    this.#isOver = true;
    await this.#work;
    const before = new Map<number, { readonly least: number; readonly version: number }>();
    const tooFew: string[] = [];
    for (const { partition, version, inSync } of this.#looks) {
      const others = inSync.filter((id) => id.split('#')[0] !== victim);
      const last = before.get(partition) ?? { least: inSync.length, version };
      // Copies move to who joins: between two looks one may have come in sync, and have been struck off.
      const mayHave = isJoiner && version > last.version + 1;
      const wasHolder = others.length < inSync.length || mayHave;
      const least = wasHolder ? Math.min(last.least, copies - 1) : last.least;
      before.set(partition, { least, version });
      if (others.length < least) tooFew.push(`partition ${partition} has ${inSync} in sync`);
    }
    if (this.#looks.length <= before.size) tooFew.push('nobody looked at copies');
    return tooFew;
  }

  async #run(): Promise<void> {
    while (!this.#isOver) {
      await this.#look();
      await pause(lookMs);
    }
  }

  async #look(): Promise<void> {
    const { fleet, network } = this.#scene;
    for (const member of fleet.running) {
      const { host, port } = network.places[member]!.listen;
      // Whoever was killed meanwhile, or is not in yet, is no one to ask.
      const answer = await ask(`${host}:${port}`, '/v1/partitions').catch(() => undefined);
      if (answer === undefined) continue;
      this.#looks.push(...answer.partitions.filter(({ backups }) => backups === copies - 1));
      return;
    }
  }
}
