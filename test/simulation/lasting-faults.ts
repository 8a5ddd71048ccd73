/**
 * The calm with one fault in it that stays: a cut in one direction, a pair that is cut, a process that is gone,
 * cut off or slow. Whoever has nothing to do with it has to get answers from every partition all the same, soon
 * and again and again: else the grid would turn in circles for as long as nobody repairs its network.
 */
import type { MemberId } from '../../src/base/ids.ts';
import { partitionIdOf } from '../../src/base/partition-id.ts';
import { type Random, seededRandom } from '../../src/base/random.ts';
import { rowOf } from '../../src/partition/meta-state.ts';
import type { SimProcess } from '../../src/testing/sim-process.ts';
import type { GridWorld, Program } from './grid-world.ts';
import { Probes } from './probes.ts';

type Process = SimProcess<Program>;

const kinds = ['one-way', 'one-way', 'pair', 'gone', 'cut-off', 'slow'] as const;
/** Within which everything is answered once the fault is there, and then each time. */
const firstMsMax = 30_000;
const laterMsMax = 15_000;
const rounds = 3;
/** From one round to the next: what is noticed late disturbs late. */
const pauseMs = 1_500;
const callersARound = 2;

/** Lets time pass until it holds, for so long at most, while somebody looks at the invariants; false where it does not. */
export type Within = (ms: number, isSo: () => boolean) => boolean;

export class LastingFault {
  readonly #grid: GridWorld;
  readonly #random: Random;
  readonly #mayCrash: (name: string) => boolean;
  readonly #within: Within;
  readonly #probes: Probes;

  constructor(grid: GridWorld, seed: number, mayCrash: (name: string) => boolean, within: Within) {
    this.#grid = grid;
    this.#random = seededRandom(seed * 13 + 8);
    this.#mayCrash = mayCrash;
    this.#within = within;
    this.#probes = new Probes(grid);
  }

  /** Lets one stay for a while; what did not go on meanwhile. */
  endure(): readonly string[] {
    const { world } = this.#grid;
    const [first, second] = this.#random.shuffle(this.#grid.processes);
    if (first === undefined || second === undefined || !this.#canGoOn()) return [];
    this.#probes.define();
    const fault = this.#random.pick(kinds);
    const isAsked = this.#isHeldBeside(new Set([first.id, second.id]));
    const undo = this.#begin(fault, first, second);
    if (undo === undefined) return [];
    world.counts.fault('lasting');
    world.counts.fault(`lasting ${fault}`);
    const callers = this.#grid.processes.filter((one) => one !== first && one !== second);
    const violations: string[] = [];
    for (let round = 0; round < rounds && violations.length === 0; round++) {
      const missing = this.#round(callers, isAsked, round === 0 ? firstMsMax : laterMsMax);
      if (missing.length === 0) continue;
      violations.push(`no answer beside ${fault} ${first.name} ${second.name}: [${missing}]`);
    }
    undo();
    return violations;
  }

  /** What was not answered in time. */
  #round(
    callers: readonly Process[],
    isAsked: (partition: number) => boolean,
    withinMs: number,
  ): readonly string[] {
    const missing = new Set<string>();
    for (const caller of this.#random.shuffle(callers).slice(0, callersARound)) {
      this.#probes.begin(caller, missing, isAsked);
    }
    this.#within(withinMs, () => missing.size === 0);
    const unanswered = [...missing];
    this.#within(pauseMs, () => false);
    return unanswered;
  }

  /** Whether there is one copy of two, or one that the fault does not touch: who lost the leader serves nothing. */
  #isHeldBeside(touched: ReadonlySet<MemberId>): (partition: number) => boolean {
    const { newest, shape } = this.#grid;
    const { backups, partitions } = shape;
    const held = Array.from({ length: partitions }, (_, index) => {
      const row = newest && rowOf(newest.state, partitionIdOf(backups, index, partitions));
      const inSync = row?.inSync ?? [];
      return inSync.length > 1 || inSync.some((id) => !touched.has(id));
    });
    return (partition) => held[partition] === true;
  }

  /** Without one of the members there still are as many copies as writes need. */
  #canGoOn(): boolean {
    const { members, shape } = this.#grid;
    const copies = members.filter(({ settings }) => settings.data).length - 1;
    return copies >= (shape.minInSync ?? 1) && this.#grid.processes.length > 2;
  }

  #begin(
    fault: (typeof kinds)[number],
    { name }: Process,
    other: Process,
  ): (() => void) | undefined {
    const { world } = this.#grid;
    switch (fault) {
      case 'one-way':
        world.cutOneWay(name, other.name);
        return () => world.healAll();
      case 'pair':
        world.cut(name, other.name);
        return () => world.healAll();
      case 'gone':
        if (!this.#mayCrash(name)) return undefined;
        world.crash(name);
        return () => {
          // The end of an earlier crash may have come first.
          if (!world.process(name).isUp) world.restart(name);
        };
      case 'cut-off':
        if (!this.#mayCrash(name)) return undefined;
        world.isolate(name);
        return () => world.healAll();
      case 'slow':
        world.slow(name, 100);
        return () => world.slow(name, 1);
    }
  }
}
