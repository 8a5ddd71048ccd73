/**
 * Members that come and go while a simulated grid works: newcomers at addresses of their own or of those that
 * left, and members that leave, two at a time at most, while everything else goes wrong.
 */
import type { MemberId } from '../../src/base/ids.ts';
import { type Random, seededRandom } from '../../src/base/random.ts';
import type { SimProcess } from '../../src/testing/sim-process.ts';
import type { GridWorld, Program } from './grid-world.ts';

type Process = SimProcess<Program>;

const membersMax = 7;
const leavingMax = 2;
/** Nobody waits longer for its goodbye to be heard. */
const goodbyeMs = 3_000;

export class ComingsAndGoings {
  readonly #grid: GridWorld;
  readonly #random: Random;
  readonly #gapMs: number;
  readonly #gone: Process[] = [];
  #isOver = false;

  constructor(grid: GridWorld, seed: number) {
    this.#grid = grid;
    this.#random = seededRandom(seed * 5 + 4);
    this.#gapMs = this.#random.pick([500, 2_000, 4_000]);
  }

  /** Whether everybody who wanted to leave has left. */
  get isSettled(): boolean {
    return this.#grid.leavers.size === 0;
  }

  inject(durationMs: number): void {
    this.#later();
    this.#grid.world.after(durationMs, () => {
      this.#isOver = true;
    });
  }

  #later(): void {
    const gapMs = this.#gapMs * (0.2 + 1.6 * this.#random.next());
    this.#grid.world.after(gapMs, () => {
      if (this.#isOver) return;
      if (this.#random.below(2) === 0) this.#join();
      else this.#leave();
      this.#later();
    });
  }

  #join(): void {
    const { world, processes } = this.#grid;
    if (processes.length >= membersMax) return;
    // Who has only just left is on its way out still.
    const isOut = this.#gone[0]?.isUp === false;
    const back = isOut && this.#random.below(2) === 0 ? this.#gone.shift() : undefined;
    if (back === undefined) {
      const process = this.#grid.add(this.#random.below(4) > 0);
      world.note('join', process.name);
    } else {
      processes.push(back);
      world.note('join', back.name);
      world.restart(back.name);
    }
  }

  #leave(): void {
    const { world, processes } = this.#grid;
    if (this.#grid.leavers.size >= leavingMax) return;
    const candidates = processes.filter((process) => this.#mayLeave(process));
    if (candidates.length === 0) return;
    const process = this.#random.pick(candidates);
    world.note('leave', process.name);
    this.#grid.leavers.add(process);
    process.run(({ member }) => member.leave(5_000));
    this.#watch(process, process.starts);
  }

  /**
   * At least two that hold data stay; three where fewer would go on alone when they are cut off. And one that each
   * client knows: a client that was cut off while all of those left could never come back.
   */
  #mayLeave(process: Process): boolean {
    if (!process.isUp || this.#grid.leavers.has(process)) return false;
    if (!process.program.member.isReady) return false;
    const others = this.#grid.processes.filter(
      (other) => other !== process && other.isUp && !this.#grid.leavers.has(other),
    );
    if (!this.#grid.isKnownToClients(others) || this.#isNeeded(process)) return false;
    if (!process.program.member.settings.data) return true;
    const staying = this.#grid.processes.filter(
      (other) =>
        other.isUp && !this.#grid.leavers.has(other) && other.program.member.settings.data === true,
    );
    const { splitBrain, minInSync = 1 } = this.#grid.shape;
    return staying.length > Math.max(splitBrain === 'consistency' ? 2 : 3, minInSync);
  }

  /**
   * Whether it votes as one of three of which another has died: who is left cannot know yet that one is dead, takes the
   * vote of the one that leaves, and is alone (docs/guarantees.md, "From three to two").
   */
  #isNeeded({ id, program }: Process): boolean {
    const voters = program.member.meta.raft?.config.voters ?? [];
    const isDown = (voter: MemberId) =>
      !this.#grid.processes.some((other) => other.isUp && other.id === voter);
    return voters.length <= 3 && voters.includes(id) && voters.some(isDown);
  }

  #watch(process: Process, starts: number): void {
    this.#grid.world.after(50, () => {
      // Who crashes meanwhile comes back as somebody who stays.
      if (!process.isUp || process.starts !== starts) this.#grid.leavers.delete(process);
      else if (process.program.member.isHandedOver) this.#sayGoodbye(process);
      else this.#watch(process, starts);
    });
  }

  #sayGoodbye(process: Process): void {
    const { world } = this.#grid;
    const { starts } = process;
    const until = world.now + goodbyeMs;
    process.run(({ member }) => member.sayGoodbye());
    const watch = () => {
      const isSame = process.isUp && process.starts === starts;
      if (isSame && !process.program.member.swim.hasLeft && world.now < until) {
        world.after(50, watch);
        return;
      }
      this.#grid.leavers.delete(process);
      if (isSame) this.#exit(process);
    };
    world.after(50, watch);
  }

  #exit(process: Process): void {
    const { world, processes } = this.#grid;
    process.run(({ member }) => member.close());
    world.after(10, () => {
      if (process.isUp) process.crash();
    });
    processes.splice(processes.indexOf(process), 1);
    this.#gone.push(process);
  }
}
