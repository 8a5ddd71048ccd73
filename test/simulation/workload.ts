/**
 * Callers of two maps in every process, members and clients alike, and a record of what they see. One of the
 * maps is destroyed now and then; each of its incarnations has a history of its own.
 */
import { partitionOf } from '../../src/base/hash.ts';
import { defaultLimits } from '../../src/base/limits.ts';
import type { Random } from '../../src/base/random.ts';
import type { Router, StructureRow } from '../../src/partition/router-port.ts';
import {
  compareAndSetOp,
  incrementOp,
  keyOp,
  mapOps,
  valueOp,
} from '../../src/structures/map/map-ops.ts';
import { checkLinearizable } from '../../src/testing/linearizability/check.ts';
import { HistoryRecorder } from '../../src/testing/linearizability/history-recorder.ts';
import {
  type MapEntryInput,
  type MapEntryOutput,
  mapEntryModel,
} from '../../src/testing/linearizability/map-entry-model.ts';
import type { SimProcess } from '../../src/testing/sim-process.ts';
import { encodeKey } from '../../src/wire/key.ts';
import { decodeValue, encodeValue } from '../../src/wire/value.ts';
import { CounterBounds } from '../histories/counter-bounds.ts';
import { Calling, type End, type How } from './calling.ts';
import { Destruction } from './destruction.ts';
import type { Caller, GridWorld } from './grid-world.ts';

export interface WorkloadOptions {
  readonly callers: number;
  readonly keys: number;
  /** Mean pause of a caller between two calls. */
  readonly pauseMs: number;
  readonly timeoutMs: number;
}

export const mapName = 'accounts';
/** The one that is destroyed. */
export const scratchName = 'scratch';

const readCalls = new Set(['get', 'has']);
/** Whoever reads at the end is nobody of those who called before. */
const readersFrom = 1_000;

export class Workload {
  readonly calling: Calling;
  readonly destruction: Destruction;
  /** Errors of calls on the map that stays, by code. */
  readonly refusals = new Map<string, number>();
  readonly #history = new HistoryRecorder<MapEntryInput, MapEntryOutput>();
  readonly #bounds = new CounterBounds();
  readonly #outOfBounds: string[] = [];
  readonly #grid: GridWorld;
  readonly #random: Random;
  readonly #options: WorkloadOptions;
  #values = 0;

  constructor(grid: GridWorld, random: Random, options: WorkloadOptions) {
    this.#grid = grid;
    this.#random = random;
    this.#options = options;
    this.calling = new Calling(grid, random, options.pauseMs);
    this.destruction = new Destruction(grid, random, 'map', scratchName);
  }

  get counts(): Readonly<Record<string, number>> {
    const counters = this.#bounds.looks;
    return { ...this.calling.ended, destroyed: this.destruction.count, counters };
  }

  get open(): number {
    return this.calling.open + this.destruction.calling.open;
  }

  start(): void {
    for (let number = 0; number < this.#options.callers; number++) {
      this.calling.repeat((process, next) => {
        const name = this.#random.below(4) === 0 ? scratchName : mapName;
        this.#call(number, process, name, this.#draw(), next);
      });
    }
    this.destruction.start();
  }

  stop(): void {
    this.calling.stop();
    this.destruction.calling.stop();
  }

  /** Reads every key once more through every process: whatever was acknowledged has to be there. */
  readAll(): void {
    for (const process of this.#grid.callers) {
      for (const name of [mapName, scratchName]) {
        for (let key = 0; key < this.#options.keys; key++) {
          this.#call(readersFrom + key, process, name, { call: 'get', key: `k${key}` });
          this.#call(readersFrom + key, process, name, { call: 'get', key: `n${key}` });
        }
      }
    }
  }

  violations(): string[] {
    const { verdict, explanation } = checkLinearizable(mapEntryModel, this.#history.history());
    const found = verdict === 'ok' ? [] : [`${verdict}: ${explanation}`];
    return [...found, ...this.#outOfBounds, ...this.destruction.violations];
  }

  #draw(): MapEntryInput {
    const random = this.#random;
    const number = random.below(this.#options.keys);
    const key = `k${number}`;
    const value = ++this.#values;
    const kind = random.below(12);
    if (kind < 3) return { call: 'get', key: random.below(2) === 0 ? key : `n${number}` };
    if (kind < 5) return { call: 'set', key, value };
    if (kind < 8) return { call: 'increment', key: `n${number}`, by: 1 };
    if (kind === 8) return { call: 'swap', key, value };
    if (kind === 9) return { call: random.pick(['delete', 'take', 'has'] as const), key };
    if (kind === 10) return { call: random.pick(['setIfAbsent', 'replace'] as const), key, value };
    const expected = Math.max(1, value - random.below(20));
    return { call: 'compareAndSet', key, expected, next: value };
  }

  #call(
    number: number,
    process: SimProcess<Caller>,
    name: string,
    input: MapEntryInput,
    next = () => {},
  ): void {
    let operation: number | undefined;
    let counter = '';
    this.calling.begin<MapEntryOutput>(
      process,
      (caller, end) => {
        const structure =
          name === mapName ? caller.router.structure('map', name) : this.destruction.rowFor(caller);
        if (structure === undefined) {
          end('failed');
          return;
        }
        // A destroyed map is another one than that which follows it.
        const key = `${structure.id} ${input.key}`;
        counter = key;
        operation = this.#history.invoke(number, { ...input, key });
        this.#submit(caller.router, structure, input, end);
      },
      (how, output) => {
        if (operation !== undefined) this.#record(operation, how, output);
        if (operation !== undefined) this.#count(number, counter, input, how, output);
        next();
      },
    );
  }

  /** Keys that begin with n are only ever incremented; those of another incarnation are others. */
  #count(number: number, key: string, input: MapEntryInput, how: How, output?: MapEntryOutput) {
    if (input.call === 'increment') this.#bounds.incremented(key, how);
    const isLast = number >= readersFrom && `${input.key}`.startsWith('n');
    if (!isLast || how !== 'ok') return;
    const wrong = this.#bounds.judge(key, Number(output?.value ?? 0));
    if (wrong !== undefined) this.#outOfBounds.push(wrong);
  }

  #record(operation: number, how: 'ok' | 'failed' | 'unknown', output?: MapEntryOutput): void {
    if (how === 'ok' && output !== undefined) this.#history.ok(operation, output);
    else if (how === 'failed') this.#history.fail(operation);
    else this.#history.unknown(operation);
  }

  #submit(
    router: Router,
    structure: StructureRow,
    input: MapEntryInput,
    end: End<MapEntryOutput>,
  ): void {
    const key = encodeKey(input.key as string, defaultLimits);
    router.submit({
      structure,
      partition: partitionOf(key.hash, router.partitions),
      op: opOf(input, key.bytes),
      isWrite: !readCalls.has(input.call),
      timeoutMs: this.#options.timeoutMs,
      signal: undefined,
      resolve: (result) => end('ok', { value: outputOf(input, result) }),
      reject: ({ code, outcome }) => {
        if (structure.name === mapName) {
          this.refusals.set(code, (this.refusals.get(code) ?? 0) + 1);
        }
        end(outcome === 'not-applied' ? 'failed' : 'unknown');
      },
    });
  }
}

function opOf(input: MapEntryInput, key: Uint8Array): Uint8Array {
  const encoded = (value: unknown) => encodeValue(value, defaultLimits);
  switch (input.call) {
    case 'get':
    case 'has':
    case 'delete':
    case 'take':
      return keyOp(mapOps[input.call], key);
    case 'compareAndSet':
      return compareAndSetOp(key, encoded(input.expected), encoded(input.next), false);
    case 'increment':
      return incrementOp(key, input.by);
    default:
      return valueOp(mapOps[input.call], key, encoded(input.value));
  }
}

function outputOf(input: MapEntryInput, result: Uint8Array): unknown {
  switch (input.call) {
    case 'set':
      return undefined;
    case 'has':
    case 'delete':
    case 'setIfAbsent':
    case 'replace':
    case 'compareAndSet':
      return result[0] === 1;
    default:
      return result.length === 0 ? undefined : decodeValue(result);
  }
}
