/**
 * Calls that every caller who is well has to get answered: a write and a read of each partition, and of a queue a
 * take that waits and the push that ends it. Each is tried again until it has succeeded.
 */
import { GridError } from '../../src/base/errors.ts';
import { partitionOf } from '../../src/base/hash.ts';
import { defaultLimits } from '../../src/base/limits.ts';
import { incrementOp, keyOp, mapOps } from '../../src/structures/map/map-ops.ts';
import { pushOp, takeOp } from '../../src/structures/queue/queue-ops.ts';
import { keepMs, QueueWait } from '../../src/structures/queue/queue-wait.ts';
import type { SimProcess } from '../../src/testing/sim-process.ts';
import { type EncodedKey, encodeKey } from '../../src/wire/key.ts';
import { encodeValue } from '../../src/wire/value.ts';
import type { Caller, GridWorld } from './grid-world.ts';

type Ended = (isOk: boolean) => void;
type Probe = (caller: Caller, ended: Ended) => void;

/** Of the map and of the queue. */
const name = 'probes';
const timeoutMs = 2_000;
const againMs = 50;
const inVain = new GridError('GRID_TIMEOUT', 'nothing came');

export class Probes {
  readonly #grid: GridWorld;

  constructor(grid: GridWorld) {
    this.#grid = grid;
  }

  define(): void {
    this.#grid.define('map', name);
    this.#grid.define('queue', name);
  }

  /** Begins them in one process, for some partitions. What stands in `missing` has no answer yet. */
  begin(
    process: SimProcess<Caller>,
    missing: Set<string>,
    isAsked: (partition: number) => boolean = () => true,
  ): void {
    const { partitions } = this.#grid.shape;
    for (let partition = 0; partition < partitions; partition++) {
      if (!isAsked(partition)) continue;
      const { bytes } = keyIn(partition, partitions);
      this.#repeat(process, `a write of ${partition}`, missing, ofMap(partition, bytes, true));
      this.#repeat(process, `a read of ${partition}`, missing, ofMap(partition, bytes, false));
    }
    if (!isAsked(queuePartition(partitions))) return;
    const value = encodeValue(1, defaultLimits);
    const push = ofQueue(pushOp(value, timeoutMs + keepMs));
    this.#repeat(process, 'a take', missing, ofQueue(takeOp(timeoutMs + keepMs)));
    this.#repeat(process, 'a push', missing, push);
  }

  #repeat(process: SimProcess<Caller>, what: string, missing: Set<string>, probe: Probe): void {
    const text = `${what} by ${process.name}`;
    missing.add(text);
    const again = () => {
      if (!process.isUp) this.#grid.world.after(againMs, again);
      else process.run((caller) => probe(caller, ended));
    };
    const ended: Ended = (isOk) => {
      if (isOk) missing.delete(text);
      else this.#grid.world.after(againMs, again);
    };
    again();
  }
}

function ofMap(partition: number, key: Uint8Array, isWrite: boolean): Probe {
  return ({ router }, ended) => {
    const structure = router.structure('map', name);
    if (structure === undefined) {
      ended(false);
      return;
    }
    router.submit({
      structure,
      partition,
      op: isWrite ? incrementOp(key, 1) : keyOp(mapOps.get, key),
      isWrite,
      timeoutMs,
      signal: undefined,
      resolve: () => ended(true),
      reject: () => ended(false),
    });
  };
}

/** Nobody takes care that results are forgotten: the queue does so when the wait would have been over. */
function ofQueue(op: Uint8Array): Probe {
  return ({ router, clock }, ended) => {
    const structure = router.structure('queue', name);
    if (structure === undefined) {
      ended(false);
      return;
    }
    const partition = () => queuePartition(router.partitions);
    const place = { router, clock, partition, settlements: { add: () => {} } };
    const [late, given, failed] = [() => inVain, () => ended(true), () => ended(false)];
    new QueueWait(place, structure, op, timeoutMs, undefined, late, given, failed).begin();
  };
}

function queuePartition(partitions: number): number {
  return partitionOf(encodeKey(name, defaultLimits).hash, partitions);
}

function keyIn(partition: number, partitions: number): EncodedKey {
  for (let number = 0; ; number++) {
    const key = encodeKey(`p${number}`, defaultLimits);
    if (partitionOf(key.hash, partitions) === partition) return key;
  }
}
