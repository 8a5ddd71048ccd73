/**
 * Bursts: so many increments of one counter in one turn of a process that a small mailbox is full, a small line too,
 * and so are the calls on their way. Each is counted once in the end, or not at all where its caller was told so.
 * Meanwhile the entry is read through everybody: its version never falls.
 */
import { partitionOf } from '../../src/base/hash.ts';
import { defaultLimits } from '../../src/base/limits.ts';
import type { Random } from '../../src/base/random.ts';
import type { Router } from '../../src/partition/router-port.ts';
import { incrementOp, keyOp, mapOps, readEntryResult } from '../../src/structures/map/map-ops.ts';
import type { SimProcess } from '../../src/testing/sim-process.ts';
import { encodeKey } from '../../src/wire/key.ts';
import { decodeValue } from '../../src/wire/value.ts';
import { CounterBounds } from '../histories/counter-bounds.ts';
import { VersionHistory } from '../histories/version-history.ts';
import { Calling, type End } from './calling.ts';
import type { Caller, GridWorld } from './grid-world.ts';

export const burstsName = 'bursts';

const pauseMs = 3_000;
const readPauseMs = 400;
const timeoutMs = 4_000;
const sizes = [12, 12, 24, 24, 90] as const;
const key = encodeKey('counter', defaultLimits);

export class BurstWorkload {
  readonly calling: Calling;
  readonly #grid: GridWorld;
  readonly #random: Random;
  readonly #bounds = new CounterBounds();
  readonly #versions = new VersionHistory();
  readonly #reading: Calling;
  readonly #violations: string[] = [];
  readonly #looks = { bursts: 0, turnedAway: 0, overloaded: 0 };
  /** A call is being handed over: where it is refused meanwhile, the mailbox was full, and no actor has seen it. */
  #isHandingOver = false;

  constructor(grid: GridWorld, random: Random) {
    this.#grid = grid;
    this.#random = random;
    this.calling = new Calling(grid, random, pauseMs);
    this.#reading = new Calling(grid, random, readPauseMs);
  }

  get counts(): Readonly<Record<string, number>> {
    return { ...this.calling.ended, ...this.#looks, versions: this.#versions.looks };
  }

  get open(): number {
    return this.calling.open + this.#reading.open;
  }

  start(): void {
    this.#grid.onRefusal = (reason) => {
      if (this.#isHandingOver && reason === 'busy') this.#looks.turnedAway++;
    };
    this.calling.repeat((process, next) => this.#burst(process, next));
    this.#reading.repeat((process, next) => this.#read(process, next));
  }

  stop(): void {
    this.calling.stop();
    this.#reading.stop();
  }

  /** Once more, through every process. */
  readAll(): void {
    for (const process of this.#grid.callers) {
      const read = (caller: Caller, end: End<Uint8Array>) =>
        this.#submit(caller, keyOp(mapOps.get, key.bytes), false, end);
      this.calling.begin<Uint8Array>(process, read, (how, raw) => {
        if (how !== 'ok' || raw === undefined) return;
        const value = raw.length === 0 ? 0 : (decodeValue(raw) as number);
        const wrong = this.#bounds.judge(burstsName, value);
        if (wrong !== undefined) this.#violations.push(wrong);
      });
    }
  }

  violations(): readonly string[] {
    return [...this.#violations, ...this.#versions.violations];
  }

  /** Half of them come where the counter is, where nothing but the mailbox stands in their way. */
  #burst(drawn: SimProcess<Caller>, next: () => void): void {
    const process = this.#random.below(2) === 0 ? (this.#primary ?? drawn) : drawn;
    const size = this.#random.pick(sizes);
    this.#looks.bursts++;
    for (let number = 0; number < size; number++) {
      const add = (caller: Caller, end: End<Uint8Array>) =>
        this.#submit(caller, incrementOp(key.bytes, 1), true, end);
      const count: End<Uint8Array> = (how) => this.#bounds.incremented(burstsName, how);
      this.calling.begin<Uint8Array>(process, add, count);
    }
    next();
  }

  #read(process: SimProcess<Caller>, next: () => void): void {
    const end = this.#versions.begin();
    const read = (caller: Caller, ended: End<Uint8Array>) =>
      this.#submit(caller, keyOp(mapOps.getEntry, key.bytes), false, ended);
    this.#reading.begin<Uint8Array>(process, read, (how, raw) => {
      const entry = how === 'ok' && raw !== undefined ? readEntryResult(raw) : undefined;
      if (entry !== undefined) end(entry.version, decodeValue(entry.value));
      next();
    });
  }

  get #primary(): SimProcess<Caller> | undefined {
    return this.#grid.processes.find(
      (process) => process.isUp && isPrimary(process.program.router),
    );
  }

  #submit({ router }: Caller, op: Uint8Array, isWrite: boolean, end: End<Uint8Array>): void {
    const structure = router.structure('map', burstsName);
    if (structure === undefined) {
      end('failed');
      return;
    }
    this.#isHandingOver = true;
    router.submit({
      structure,
      partition: partitionIn(router),
      op,
      isWrite,
      timeoutMs,
      signal: undefined,
      resolve: (result) => end('ok', result.slice()),
      reject: ({ code, outcome }) => {
        if (code === 'GRID_OVERLOADED') this.#looks.overloaded++;
        end(outcome === 'not-applied' ? 'failed' : 'unknown');
      },
    });
    this.#isHandingOver = false;
  }
}

function partitionIn({ partitions }: Router): number {
  return partitionOf(key.hash, partitions);
}

function isPrimary(router: Router): boolean {
  const row = router.structure('map', burstsName);
  return row !== undefined && router.localPartitions(row).includes(partitionIn(router));
}
