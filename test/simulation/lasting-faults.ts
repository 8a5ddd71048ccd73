/**
 * The calm with one fault in it that stays: a cut in one direction, a pair that is cut, a process that is gone,
 * cut off or slow. Whoever has nothing to do with it has to get answers from every partition all the same, soon
 * and again and again: else the grid would turn in circles for as long as nobody repairs its network.
 */
import { partitionOf } from '../../src/base/hash.ts';
import { defaultLimits } from '../../src/base/limits.ts';
import { type Random, seededRandom } from '../../src/base/random.ts';
import { incrementOp } from '../../src/structures/map/map-ops.ts';
import type { SimProcess } from '../../src/testing/sim-process.ts';
import { type EncodedKey, encodeKey } from '../../src/wire/key.ts';
import type { Caller, GridWorld, Program } from './grid-world.ts';

type Process = SimProcess<Program>;

const kinds = ['one-way', 'one-way', 'pair', 'gone', 'cut-off', 'slow'] as const;
export const probesName = 'probes';
/** Within which every partition answers once the fault is there, and then each time. */
const firstMsMax = 30_000;
const laterMsMax = 15_000;
const rounds = 3;
const timeoutMs = 2_000;

export class LastingFault {
  readonly #grid: GridWorld;
  readonly #random: Random;
  readonly #mayCrash: (name: string) => boolean;

  constructor(grid: GridWorld, seed: number, mayCrash: (name: string) => boolean) {
    this.#grid = grid;
    this.#random = seededRandom(seed * 13 + 8);
    this.#mayCrash = mayCrash;
  }

  /** Lets one stay for a while; what did not go on meanwhile. */
  endure(): readonly string[] {
    const { world } = this.#grid;
    this.#grid.define('map', probesName);
    const [first, second] = this.#random.shuffle(this.#grid.processes);
    if (first === undefined || second === undefined || !this.#canGoOn()) return [];
    const fault = this.#random.pick(kinds);
    const undo = this.#begin(fault, first, second);
    if (undo === undefined) return [];
    world.counts.fault(`lasting ${fault}`);
    const callers = this.#grid.processes.filter((one) => one !== first && one !== second);
    const violations: string[] = [];
    for (let round = 0; round < rounds && violations.length === 0; round++) {
      const withinMs = round === 0 ? firstMsMax : laterMsMax;
      const missing = this.#probe(this.#random.pick(callers), withinMs);
      const whom = `${fault} ${first.name} ${second.name}`;
      if (missing.length > 0) violations.push(`no answer from ${missing} beside: ${whom}`);
    }
    undo();
    return violations;
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
        return () => world.restart(name);
      case 'cut-off':
        if (!this.#mayCrash(name)) return undefined;
        world.isolate(name);
        return () => world.healAll();
      case 'slow':
        world.slow(name, 100);
        return () => world.slow(name, 1);
    }
  }

  /** Writes to each partition until it has answered; those that have not. */
  #probe(process: Process | undefined, withinMs: number): readonly number[] {
    const { world, shape } = this.#grid;
    if (process === undefined) return [];
    const missing = new Set(Array.from({ length: shape.partitions }, (_, index) => index));
    for (const partition of missing) {
      const key = keyIn(partition, shape.partitions);
      const again = () => {
        process.run((caller) =>
          write(caller, partition, key, (isOk) => {
            if (isOk) missing.delete(partition);
            else world.after(50, again);
          }),
        );
      };
      again();
    }
    world.runUntil(() => missing.size === 0, world.now + withinMs);
    return [...missing];
  }
}

function write(
  { router }: Caller,
  partition: number,
  { bytes }: EncodedKey,
  ended: (isOk: boolean) => void,
): void {
  const structure = router.structure('map', probesName);
  if (structure === undefined) {
    ended(false);
    return;
  }
  router.submit({
    structure,
    partition,
    op: incrementOp(bytes, 1),
    isWrite: true,
    timeoutMs,
    signal: undefined,
    resolve: () => ended(true),
    reject: () => ended(false),
  });
}

function keyIn(partition: number, partitions: number): EncodedKey {
  for (let number = 0; ; number++) {
    const key = encodeKey(`p${number}`, defaultLimits);
    if (partitionOf(key.hash, partitions) === partition) return key;
  }
}
