/**
 * Somebody is killed at one of the points of a move (PROTOCOL.md 3.4): each of its steps, right before or right after,
 * times the meta leader, the primary, the learner and a backup. The step of the controller, which a process that
 * runs gives no notice of, is for the simulation (test/simulation/crash-matrix.ts).
 */
import { moveSteps } from '../../src/partition/move-steps.ts';
import type { Fault, Witness } from './fault.ts';
import type { ClientsOnlyScene } from './kills-and-cuts.ts';
import { roles, type Trap } from './trap.ts';
import { pause } from './waiting.ts';

const points: readonly Trap[] = moveSteps.flatMap((step) =>
  (['before', 'after'] as const).flatMap((when) => roles.map((role) => ({ step, when, role }))),
);
const springsMs = 60_000;

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
    const act = (witness: Witness) => this.#carryOut(trap, joiner, witness);
    return { note: { kind: 'crash point', detail }, act };
  }

  async #carryOut(trap: Trap, joiner: number, witness: Witness): Promise<void> {
    const { fleet, random } = this.#scene;
    const process = fleet.launch(joiner);
    const victim = await Promise.race([fleet.trap(trap), pause(springsMs)]);
    if (victim === undefined) throw new Error(`no move came to the step ${trap.step}`);
    await fleet.kill(victim);
    fleet.takeTrapsAway();
    if (victim !== joiner) await process.ready;
    await fleet.start(victim);
    await fleet.settled();
    await fleet.withoutOrphans();
    const leaver = random.pick(fleet.running);
    const status = await fleet.leave(leaver);
    if (status !== 0) witness.amiss(`${fleet.nameOf(leaver)} left with ${status}, not with 0`);
  }
}
