/**
 * Callers that add elements to a set, a map in which each key is set once, and iterate over it now and then, in
 * every process. It has more records than the other maps together, so that copies of it come in many pieces.
 */
import { partitionOf } from '../../src/base/hash.ts';
import { defaultLimits } from '../../src/base/limits.ts';
import type { Random } from '../../src/base/random.ts';
import type { Router, StructureRow } from '../../src/partition/router-port.ts';
import { mapOps, readPage, scanEnd, scanOp, valueOp } from '../../src/structures/map/map-ops.ts';
import { keyOut } from '../../src/structures/map/map-results.ts';
import type { SimProcess } from '../../src/testing/sim-process.ts';
import { encodeKey } from '../../src/wire/key.ts';
import { encodeValue } from '../../src/wire/value.ts';
import { type Reading, SetHistory } from '../histories/set-history.ts';
import { Calling, type End } from './calling.ts';
import type { Caller, GridWorld } from './grid-world.ts';

export const setName = 'tags';

const timeoutMs = 4_000;
const readPauseMs = 2_500;
const adders = 2;

export class SetWorkload {
  readonly #grid: GridWorld;
  readonly #history = new SetHistory();
  readonly #adding: Calling;
  readonly #reading: Calling;
  #elements = 0;

  constructor(grid: GridWorld, random: Random) {
    this.#grid = grid;
    this.#adding = new Calling(grid, random, random.pick([20, 40, 80]));
    this.#reading = new Calling(grid, random, readPauseMs);
  }

  get counts(): Readonly<Record<string, number>> {
    return this.#history.counts;
  }

  get open(): number {
    return this.#adding.open + this.#reading.open;
  }

  start(): void {
    for (let adder = 0; adder < adders; adder++) {
      this.#adding.repeat((process, next) => this.#add(process, next));
    }
    this.#reading.repeat((process, next) => this.#read(process, next));
  }

  stop(): void {
    this.#adding.stop();
    this.#reading.stop();
  }

  /** Once more, through a member and through whoever came last. */
  readAll(): void {
    const { callers } = this.#grid;
    for (const process of new Set([callers[0], callers.at(-1)])) {
      if (process !== undefined) this.#read(process, () => {});
    }
  }

  violations(): string[] {
    return this.#history.violations().map((text) => `${setName}: ${text}`);
  }

  #add(process: SimProcess<Caller>, next: () => void): void {
    const element = ++this.#elements;
    const ended = this.#history.add(element);
    this.#adding.begin<boolean>(
      process,
      ({ router }, end) => {
        const structure = router.structure('map', setName);
        if (structure === undefined) end('failed');
        else this.#submit(router, structure, element, end);
      },
      (how, isNew) => {
        ended(how, isNew);
        next();
      },
    );
  }

  #submit(router: Router, structure: StructureRow, element: number, end: End<boolean>): void {
    const key = encodeKey(element, defaultLimits);
    router.submit({
      structure,
      partition: partitionOf(key.hash, router.partitions),
      op: valueOp(mapOps.setIfAbsent, key.bytes, encodeValue(element, defaultLimits)),
      isWrite: true,
      timeoutMs,
      signal: undefined,
      resolve: (result) => end('ok', result[0] === 1),
      reject: ({ outcome }) => end(outcome === 'not-applied' ? 'failed' : 'unknown'),
    });
  }

  #read(process: SimProcess<Caller>, next: () => void): void {
    const reading = this.#history.read();
    this.#reading.begin<never>(
      process,
      ({ router }, end) => {
        const structure = router.structure('map', setName);
        if (structure === undefined) end('failed');
        else this.#page(router, structure, { partition: 0, from: 0 }, reading, end);
      },
      (how) => {
        reading.end(how === 'ok');
        next();
      },
    );
  }

  /** As an iteration does: a partition at a time, a page at a time. */
  #page(
    router: Router,
    structure: StructureRow,
    { partition, from }: { partition: number; from: number },
    reading: Reading,
    end: End<never>,
  ): void {
    if (partition === router.partitions) {
      end('ok');
      return;
    }
    router.submit({
      structure,
      partition,
      op: scanOp('keys', from),
      isWrite: false,
      timeoutMs,
      signal: undefined,
      resolve: (result) => {
        const { blocks, next } = readPage(result);
        reading.saw(blocks.map((block) => keyOut<number>(block)));
        const isOver = next >= scanEnd;
        const place = isOver ? { partition: partition + 1, from: 0 } : { partition, from: next };
        this.#page(router, structure, place, reading, end);
      },
      reject: () => end('failed'),
    });
  }
}
