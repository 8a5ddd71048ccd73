/** Callers of a map in every process, members and clients alike, and a record of what they see. */
import { GridError } from '../../src/base/errors.ts';
import { partitionOf } from '../../src/base/hash.ts';
import { defaultLimits } from '../../src/base/limits.ts';
import type { Random } from '../../src/base/random.ts';
import type { Router } from '../../src/partition/router-port.ts';
import {
  compareAndSetOp,
  incrementOp,
  keyOp,
  mapOps,
  valueOp,
} from '../../src/structures/map/map-ops.ts';
import { HistoryRecorder } from '../../src/testing/linearizability/history-recorder.ts';
import type {
  MapEntryInput,
  MapEntryOutput,
} from '../../src/testing/linearizability/map-entry-model.ts';
import type { SimProcess } from '../../src/testing/sim-process.ts';
import { encodeKey } from '../../src/wire/key.ts';
import { decodeValue, encodeValue } from '../../src/wire/value.ts';
import type { Caller, GridWorld } from './grid-world.ts';

export interface WorkloadOptions {
  readonly clients: number;
  readonly keys: number;
  /** Mean pause of a client between two calls. */
  readonly pauseMs: number;
  readonly timeoutMs: number;
}

export const mapName = 'accounts';

const readCalls = new Set(['get', 'has']);

export class Workload {
  readonly history = new HistoryRecorder<MapEntryInput, MapEntryOutput>();
  /** Calls by how they ended. */
  readonly ended = { ok: 0, failed: 0, unknown: 0 };
  readonly errors = new Map<string, number>();
  /** Acknowledged and possible increments of each counter. */
  readonly #grid: GridWorld;
  readonly #random: Random;
  readonly #options: WorkloadOptions;
  #isStopped = false;
  #values = 0;
  #open = 0;

  constructor(grid: GridWorld, random: Random, options: WorkloadOptions) {
    this.#grid = grid;
    this.#random = random;
    this.#options = options;
  }

  get open(): number {
    return this.#open;
  }

  start(): void {
    for (let client = 0; client < this.#options.clients; client++) this.#later(client);
  }

  stop(): void {
    this.#isStopped = true;
  }

  /** Reads every key once more through some member: whatever was acknowledged has to be there. */
  readAll(process: SimProcess<Caller>): void {
    for (let key = 0; key < this.#options.keys; key++) {
      this.#call(1_000 + key, process, { call: 'get', key: `k${key}` });
      this.#call(1_000 + key, process, { call: 'get', key: `n${key}` });
    }
  }

  #later(client: number): void {
    const pause = this.#options.pauseMs * (0.2 + 1.6 * this.#random.next());
    this.#grid.world.after(pause, () => {
      if (this.#isStopped) return;
      const process = this.#random.pick(this.#grid.callers);
      const isThere = process.isUp && hasMap(process.program);
      if (isThere) this.#call(client, process, this.#draw(), () => this.#later(client));
      else this.#later(client);
    });
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

  /** Begins in a turn of the process, as a call of an application does. */
  #call(client: number, process: SimProcess<Caller>, input: MapEntryInput, then = () => {}): void {
    const { starts } = process;
    let operation: number | undefined;
    this.#open++;
    const end = (how: 'ok' | 'failed' | 'unknown', output?: MapEntryOutput) => {
      if (isOver) return;
      isOver = true;
      this.#open--;
      this.ended[how]++;
      if (operation !== undefined) {
        if (how === 'ok' && output !== undefined) this.history.ok(operation, output);
        else if (how === 'failed') this.history.fail(operation);
        else this.history.unknown(operation);
      }
      then();
    };
    let isOver = false;
    process.run(({ router }) => {
      operation = this.history.invoke(client, input);
      this.#submit(router, input, end);
    });
    // Whoever called in a process that died never hears of it.
    const watch = () => {
      if (isOver) return;
      if (!process.isUp || process.starts !== starts) end('unknown');
      else this.#grid.world.after(100, watch);
    };
    this.#grid.world.after(100, watch);
  }

  #submit(
    router: Router,
    input: MapEntryInput,
    end: (how: 'ok' | 'failed' | 'unknown', output?: MapEntryOutput) => void,
  ): void {
    const structure = router.structure('map', mapName);
    if (structure === undefined) {
      end('failed');
      return;
    }
    const key = encodeKey(input.key as string, defaultLimits);
    router.submit({
      structure,
      partition: partitionOf(key.hash, router.partitions),
      op: opOf(input, key.bytes),
      isWrite: !readCalls.has(input.call),
      timeoutMs: this.#options.timeoutMs,
      signal: undefined,
      resolve: (result) => end('ok', { value: outputOf(input, result) }),
      reject: (error) => {
        const label = `${error.code} ${error.outcome}`;
        this.errors.set(label, (this.errors.get(label) ?? 0) + 1);
        end(GridError.is(error) && error.outcome === 'not-applied' ? 'failed' : 'unknown');
      },
    });
  }
}

function hasMap({ router }: Caller): boolean {
  return router.structure('map', mapName) !== undefined;
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
