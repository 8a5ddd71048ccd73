/**
 * What the handles of all structures share: options checked, the structure defined when it is first
 * used, and an op sent to a partition.
 *
 * Nothing is sent before everything about a call was checked, so a call that fails here has outcome
 * `not-applied`.
 */
import { abortedError, type CallOptions, checkedTimeoutMs } from '../base/call-options.ts';
import type { Clock } from '../base/clock.ts';
import { GridError } from '../base/errors.ts';
import { partitionOf } from '../base/hash.ts';
import type { Limits } from '../base/limits.ts';
import { conflictOf, type Router, type StructureRow } from '../partition/router-port.ts';
import type { Glance } from '../partition/store.ts';
import { Call, decoding } from './call.ts';

export interface StructureHandleOptions {
  readonly router: Router;
  readonly clock: Clock;
  readonly limits: Limits;
  /** `map`, `queue`, `topic`, `lock`. */
  readonly type: string;
  readonly name: string;
  /** What the structure is created with where it does not exist. */
  readonly definition: Readonly<Record<string, unknown>>;
  /** This one and no other of its name: where it is gone, calls end with `GRID_CLOSED`. @default none */
  readonly only?: StructureRow;
}

/** A definition that takes longer was lost with the member that asked for it: its process is another one now. */
const defineMaxMs = 15_000;

type Defined = (result: StructureRow | GridError) => void;

export class StructureHandle {
  readonly router: Router;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly name: string;
  readonly #type: string;
  readonly #definition: Readonly<Record<string, unknown>>;
  readonly #only: StructureRow | undefined;
  /** Calls that wait for the structure to be defined; the first of them asked for it. */
  readonly #waiting = new Set<Defined>();
  /** Until when a definition that was asked for is waited for. */
  #definesUntil = Number.NEGATIVE_INFINITY;
  /** The row whose options were compared with the definition. */
  #agreed: StructureRow | undefined;

  constructor(options: StructureHandleOptions) {
    checkName(options.type, options.name, options.limits.nameLengthMax);
    this.router = options.router;
    this.limits = options.limits;
    this.clock = options.clock;
    this.name = options.name;
    this.#type = options.type;
    this.#definition = options.definition;
    this.#only = options.only;
  }

  /** The structure where it is known here. Throws where it was created with other options. */
  get known(): StructureRow | undefined {
    const row = this.#only ?? this.router.structure(this.#type, this.name);
    if (row === undefined || row === this.#agreed) return row;
    const conflict = conflictOf(row, this.#definition);
    if (conflict !== undefined) throw conflict;
    this.#agreed = row;
    return row;
  }

  /** What a read of a key gives that is answered on the spot, lent; undefined where it has to be sent. */
  glance(partition: number, code: number, key: Uint8Array): Glance | undefined {
    const row = this.known;
    return row === undefined ? undefined : this.router.glance(row, partition, code, key);
  }

  call<Result>(
    partition: number,
    op: Uint8Array,
    isWrite: boolean,
    options: CallOptions | undefined,
    decode: (result: Uint8Array) => Result,
  ): Promise<Result> {
    return this.#promised(partition, undefined, op, isWrite, options, decode);
  }

  /** As `call`, to the partition of a hash. */
  callOf<Result>(
    hash: number,
    op: Uint8Array,
    isWrite: boolean,
    options: CallOptions | undefined,
    decode: (result: Uint8Array) => Result,
  ): Promise<Result> {
    return this.#promised(0, hash, op, isWrite, options, decode);
  }

  /** While the structure is not known, the number of partitions may not be either: a member is coming back. */
  partitionOf(hash: number): number {
    return partitionOf(hash, this.router.partitions);
  }

  /** Throws where the options are wrong. */
  submit(call: Call): void {
    const timeoutMs = checkedTimeoutMs(call.options);
    const { signal } = call;
    if (signal?.aborted === true) throw abortedError(signal, 'not-applied');
    const row = this.known;
    if (row !== undefined) {
      call.sendBy(this.router, row, timeoutMs);
      return;
    }
    this.#whenDefined(timeoutMs, signal, call.reject, (made, leftMs) =>
      call.sendBy(this.router, made, leftMs),
    );
  }

  /** When the structure is known, and so are the partitions: what is left of the time, as options. */
  async prepared(options: CallOptions | undefined): Promise<CallOptions | undefined> {
    if (this.known !== undefined) return options;
    const endsAt = this.clock.monotonic() + checkedTimeoutMs(options);
    await this.ready(options);
    return { ...options, timeout: Math.max(1, endsAt - this.clock.monotonic()) };
  }

  /** The structure, made where it does not exist. */
  ready(options: CallOptions | undefined): Promise<StructureRow> {
    return new Promise((resolve, reject) => this.whenReady(options, resolve, reject));
  }

  /**
   * As `ready`, and `ready` is told in its turn: before what was submitted later is sent, which a promise would
   * be told after. Throws where the options are wrong.
   */
  whenReady(
    options: CallOptions | undefined,
    ready: (row: StructureRow) => void,
    reject: (error: unknown) => void,
  ): void {
    const timeoutMs = checkedTimeoutMs(options);
    const signal = options?.signal;
    if (signal?.aborted === true) throw abortedError(signal, 'not-applied');
    const row = this.known;
    if (row !== undefined) ready(row);
    else this.#whenDefined(timeoutMs, signal, reject, ready);
  }

  async destroy(options: CallOptions | undefined): Promise<void> {
    const row = await this.ready(options);
    const timeoutMs = checkedTimeoutMs(options);
    await new Promise<void>((resolve, reject) => {
      const settle = this.#ending(timeoutMs, options?.signal, 'unknown', reject);
      this.router.destroy(row, (error) => {
        if (!settle()) return;
        if (error === undefined) resolve();
        else reject(error);
      });
    });
  }

  #promised<Result>(
    partition: number,
    hash: number | undefined,
    op: Uint8Array,
    isWrite: boolean,
    options: CallOptions | undefined,
    decode: (result: Uint8Array) => Result,
  ): Promise<Result> {
    return new Promise((resolve, reject) => {
      const decoded = decoding(decode, resolve, reject);
      this.submit(new Call(partition, hash, op, isWrite, options, decoded, reject));
    });
  }

  #whenDefined(
    timeoutMs: number,
    signal: AbortSignal | undefined,
    reject: (error: GridError) => void,
    ready: (row: StructureRow, leftMs: number) => void,
  ): void {
    if (this.#waiting.size >= this.limits.opsQueuedMax) {
      throw new GridError(
        'GRID_OVERLOADED',
        `Over ${this.limits.opsQueuedMax} calls wait for the ${this.#type} '${this.name}'`,
      );
    }
    const endsAt = this.clock.monotonic() + timeoutMs;
    const waiter: Defined = (result) => {
      if (!settle()) return;
      if (GridError.is(result)) reject(result);
      else ready(result, Math.max(1, endsAt - this.clock.monotonic()));
    };
    const settle = this.#ending(timeoutMs, signal, 'not-applied', (error) => {
      this.#waiting.delete(waiter);
      reject(error);
    });
    this.#waiting.add(waiter);
    this.#define();
  }

  #define(): void {
    const now = this.clock.monotonic();
    if (now < this.#definesUntil) return;
    this.#definesUntil = now + defineMaxMs;
    this.router.define(this.#type, this.name, this.#definition, (result) => {
      this.#definesUntil = Number.NEGATIVE_INFINITY;
      const waiting = [...this.#waiting];
      this.#waiting.clear();
      for (const waiter of waiting) waiter(result);
    });
  }

  /** Ends a wait by time or signal. What is returned says, once, that it ended otherwise. */
  #ending(
    timeoutMs: number,
    signal: AbortSignal | undefined,
    outcome: 'not-applied' | 'unknown',
    reject: (error: GridError) => void,
  ): () => boolean {
    let settled = false;
    const { aborts } = this.router;
    const settle = (): boolean => {
      if (settled) return false;
      settled = true;
      timer.cancel();
      aborts.remove(signal, abort);
      return true;
    };
    const abort = (): void => {
      if (signal !== undefined && settle()) reject(abortedError(signal, outcome));
    };
    const timer = this.clock.setTimer(timeoutMs, () => {
      if (settle()) reject(this.#late(timeoutMs, outcome));
    });
    aborts.add(signal, abort);
    return settle;
  }

  #late(timeoutMs: number, outcome: 'not-applied' | 'unknown'): GridError {
    return new GridError(
      'GRID_TIMEOUT',
      `The grid did not agree on the ${this.#type} '${this.name}' within ${timeoutMs} ms; ` +
        'see that a majority of its members can reach each other',
      { outcome },
    );
  }
}

export function checkName(type: string, name: unknown, lengthMax: number): void {
  if (typeof name !== 'string' || name.length === 0 || !name.isWellFormed()) {
    const text = name === '' ? 'an empty text' : 'one with half of a surrogate pair';
    const found = typeof name === 'string' ? text : `a value of type ${typeof name}`;
    throw new GridError('GRID_BAD_OPTION', `The name of a ${type} is a text, found ${found}`);
  }
  if (name.length <= lengthMax) return;
  throw new GridError(
    'GRID_TOO_LARGE',
    `The name of a ${type} has at most ${lengthMax} characters, found ${name.length}`,
  );
}
