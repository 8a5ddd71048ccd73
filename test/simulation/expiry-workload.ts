/** Callers of a map whose entries expire, in every process, and a record of what they see of them. */
import { partitionOf } from '../../src/base/hash.ts';
import { defaultLimits } from '../../src/base/limits.ts';
import type { Random } from '../../src/base/random.ts';
import type { Router, StructureRow } from '../../src/partition/router-port.ts';
import * as ops from '../../src/structures/map/map-ops.ts';
import { checkLinearizable } from '../../src/testing/linearizability/check.ts';
import { HistoryRecorder } from '../../src/testing/linearizability/history-recorder.ts';
import type { SimProcess } from '../../src/testing/sim-process.ts';
import { encodeKey } from '../../src/wire/key.ts';
import { decodeValue, encodeValue } from '../../src/wire/value.ts';
import {
  type ExpiringCall,
  type ExpiringInput,
  type ExpiringOutput,
  expiringEntryModel,
  type TimeToLive,
} from '../histories/expiring-entry.ts';
import { Calling, type End, type How } from './calling.ts';
import type { GridClock } from './grid-clock.ts';
import type { Caller, GridWorld } from './grid-world.ts';

export const leasesName = 'leases';

const callers = 6;
const keys = 6;
const timeoutMs = 8_000;
export const ttlMsMax = 6_000;
const ttls = [60, 250, 800, 2_000, 4_000, ttlMsMax] as const;
const jitters = [0, 0, 0.2, 0.6, 1] as const;
const reads: ReadonlySet<ExpiringCall['call']> = new Set(['get', 'getEntry', 'ttl']);

export class ExpiryWorkload {
  readonly calling: Calling;
  /** What calls saw. */
  readonly seen = { there: 0, nothing: 0, deadlines: 0, prolonged: 0, persisted: 0, sizes: 0 };
  readonly #history = new HistoryRecorder<ExpiringInput, ExpiringOutput>();
  readonly #grid: GridWorld;
  readonly #random: Random;
  readonly #clock: GridClock;
  /** What the map gives to what is written without a time to live of its own. */
  readonly #ofMap: TimeToLive | undefined;
  #values = 0;

  constructor(grid: GridWorld, random: Random, clock: GridClock, ofMap: TimeToLive | undefined) {
    this.#grid = grid;
    this.#random = random;
    this.#clock = clock;
    this.#ofMap = ofMap;
    this.calling = new Calling(grid, random, random.pick([30, 80]));
  }

  start(): void {
    for (let number = 0; number < callers; number++) {
      this.calling.repeat((process, next) => {
        if (this.#random.below(20) === 0) this.#size(process, next);
        else this.#call(number, process, this.#key(), this.#draw(), next);
      });
    }
  }

  /** Looks at every key once more through every process. */
  readAll(): void {
    this.#grid.callers.forEach((process, number) => {
      for (let key = 0; key < keys; key++) {
        this.#call(callers + number, process, `k${key}`, { call: 'getEntry' });
        this.#call(callers + number, process, `n${key}`, { call: 'getEntry' });
      }
    });
  }

  /** Every entry gets a deadline again, so that nothing has to be left. */
  expireAll(process: SimProcess<Caller>): void {
    for (let key = 0; key < keys; key++) {
      this.#call(0, process, `k${key}`, { call: 'expire', ttlMs: 1 });
      this.#call(0, process, `n${key}`, { call: 'expire', ttlMs: 1 });
    }
  }

  violations(): string[] {
    const { verdict, explanation } = checkLinearizable(expiringEntryModel, this.#history.history());
    return verdict === 'ok' ? [] : [`${verdict}: ${explanation}`];
  }

  #key(): string {
    return `k${this.#random.below(keys)}`;
  }

  #draw(): ExpiringCall {
    const random = this.#random;
    const value = ++this.#values;
    const kind = random.below(16);
    if (kind < 4) return { call: 'get' };
    if (kind < 5) return { call: 'getEntry' };
    if (kind < 7) return { call: 'ttl' };
    if (kind < 10) return { call: 'set', value };
    if (kind < 12) return { call: random.pick(['setIfAbsent', 'replace'] as const), value };
    if (kind < 13) return { call: 'delete' };
    if (kind < 14) return { call: 'increment' };
    if (kind < 15) return { call: 'expire', ttlMs: random.pick(ttls) };
    return { call: 'persist' };
  }

  #drawLife(): TimeToLive | undefined {
    if (this.#random.below(4) === 0) return this.#ofMap;
    return { ttlMs: this.#random.pick(ttls), jitter: this.#random.pick(jitters) };
  }

  #call(
    number: number,
    process: SimProcess<Caller>,
    name: string,
    call: ExpiringCall,
    next = () => {},
  ): void {
    // Counters have keys of their own: other values are no numbers.
    const key = call.call === 'increment' ? name.replace('k', 'n') : name;
    let operation: number | undefined;
    let input: ExpiringInput | undefined;
    this.calling.begin<ExpiringOutput>(
      process,
      ({ router }, end) => {
        const structure = router.structure('map', leasesName);
        if (structure === undefined) {
          end('failed');
          return;
        }
        const life = call.call === 'increment' ? this.#ofMap : this.#drawLife();
        input = { ...call, key, life, at: this.#clock.begin() };
        operation = this.#history.invoke(number, input);
        this.#submit(router, structure, input, end);
      },
      (how, output) => {
        if (operation !== undefined && input !== undefined) {
          this.#record(operation, input, how, output);
        }
        next();
      },
    );
  }

  #record(
    operation: number,
    input: ExpiringInput,
    how: How,
    output: ExpiringOutput | undefined,
  ): void {
    if (how === 'unknown') this.#clock.neverEnds(input.at);
    else this.#clock.end(input.at);
    if (how === 'ok' && output !== undefined) {
      this.#history.ok(operation, output);
      this.#note(input, output);
    } else if (how === 'failed') this.#history.fail(operation);
    else this.#history.unknown(operation);
  }

  #note({ call }: ExpiringInput, { value, deadline = 0 }: ExpiringOutput): void {
    if (call === 'get' || call === 'getEntry')
      this.seen[value === undefined ? 'nothing' : 'there']++;
    if (deadline > 0) this.seen.deadlines++;
    if (call === 'expire' && value === true) this.seen.prolonged++;
    if (call === 'persist' && value === true) this.seen.persisted++;
  }

  #submit(
    router: Router,
    structure: StructureRow,
    input: ExpiringInput,
    end: End<ExpiringOutput>,
  ): void {
    const { bytes, hash } = encodeKey(input.key, defaultLimits);
    router.submit({
      structure,
      partition: partitionOf(hash, router.partitions),
      op: opOf(input, bytes, this.#ofMap),
      isWrite: !reads.has(input.call),
      timeoutMs,
      signal: undefined,
      resolve: (result) => end('ok', outputOf(input, result)),
      reject: ({ outcome }) => end(outcome === 'not-applied' ? 'failed' : 'unknown'),
    });
  }

  /** A look at a whole partition: what it does not count must not be seen again. */
  #size(process: SimProcess<Caller>, next: () => void): void {
    this.calling.begin<never>(
      process,
      ({ router }, end) => {
        const structure = router.structure('map', leasesName);
        if (structure === undefined) {
          end('failed');
          return;
        }
        router.submit({
          structure,
          partition: this.#random.below(router.partitions),
          op: ops.bareOp(ops.mapOps.size),
          isWrite: false,
          timeoutMs,
          signal: undefined,
          resolve: () => {
            this.seen.sizes++;
            end('ok');
          },
          reject: () => end('failed'),
        });
      },
      () => next(),
    );
  }
}

function opOf(input: ExpiringInput, key: Uint8Array, ofMap: TimeToLive | undefined): Uint8Array {
  const { mapOps } = ops;
  switch (input.call) {
    case 'increment':
      return ops.incrementOp(key, 1);
    case 'expire':
      return ops.expireOp(key, input.ttlMs);
    case 'set':
    case 'setIfAbsent':
    case 'replace': {
      const value = encodeValue(input.value, defaultLimits);
      const { life } = input;
      // What the map says needs not be said.
      return ops.valueOp(mapOps[input.call], key, value, life === ofMap ? undefined : life);
    }
    default:
      return ops.keyOp(mapOps[input.call], key);
  }
}

function outputOf(input: ExpiringInput, result: Uint8Array): ExpiringOutput {
  switch (input.call) {
    case 'set':
      return { value: undefined };
    case 'getEntry': {
      const entry = ops.readEntryResult(result);
      if (entry === undefined) return { value: undefined };
      return { value: decodeValue(entry.value), deadline: entry.deadline };
    }
    case 'ttl':
      return { value: ops.readTtl(result) };
    case 'get':
    case 'increment':
      return { value: result.length === 0 ? undefined : decodeValue(result) };
    default:
      return { value: result[0] === 1 };
  }
}
