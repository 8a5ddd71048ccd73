/**
 * What a user holds of a queue: encodes items, sends ops to the partition of the queue's name, and waits
 * where there is nothing to take or no room. It keeps no items.
 */
import { type CallOptions, checkedTimeoutMs } from '../../base/call-options.ts';
import type { Clock } from '../../base/clock.ts';
import { GridError } from '../../base/errors.ts';
import { defaultLimits, type Limits } from '../../base/limits.ts';
import type { GridQueue } from '../../grid.ts';
import type { Router } from '../../partition/router-port.ts';
import { encodeKey } from '../../wire/key.ts';
import { encodeValue } from '../../wire/value.ts';
import { decoding } from '../call.ts';
import { isYes, valueOrNothing, valueOut } from '../map/map-results.ts';
import { StructureHandle } from '../structure-handle.ts';
import { taken } from './queue-iteration-handle.ts';
import { bareOp, pushOp, queueOps, readCount, takeOp, tryPushOp, writesFrom } from './queue-ops.ts';
import { keepMs, QueueWait, type WaitPlace } from './queue-wait.ts';
import { Settlements } from './settlements.ts';

export interface QueueHandleOptions {
  readonly router: Router;
  readonly clock: Clock;
  readonly name: string;
  /** What the queue is created with where it does not exist. @default {} */
  readonly definition?: Readonly<Record<string, unknown>>;
  readonly limits?: Limits;
  /** Aborts when this process leaves the grid: calls that wait end, and have then taken or pushed nothing. */
  readonly leaving?: AbortSignal;
}

export class QueueHandle<T = unknown> implements GridQueue<T> {
  readonly name: string;
  readonly #handle: StructureHandle;
  readonly #limits: Limits;
  readonly #hash: number;
  readonly #place: WaitPlace;

  constructor(options: QueueHandleOptions) {
    const { router, clock, name, definition = {}, limits = defaultLimits } = options;
    this.#handle = new StructureHandle({ router, clock, limits, type: 'queue', name, definition });
    this.name = name;
    this.#limits = limits;
    this.#hash = encodeKey(name, limits).hash;
    const partition = () => this.#handle.partitionOf(this.#hash);
    const settlements = new Settlements({ router, clock, partition });
    this.#place = { router, clock, partition, leaving: options.leaving, settlements };
  }

  async push(item: T, options?: CallOptions): Promise<void> {
    const timeoutMs = checkedTimeoutMs(options);
    const op = pushOp(encodeValue(item, this.#limits), timeoutMs + keepMs);
    await this.#wait(op, options, ignored, () => this.#full(timeoutMs));
  }

  async tryPush(item: T, options?: CallOptions): Promise<boolean> {
    return this.#call(tryPushOp(encodeValue(item, this.#limits)), options, isYes);
  }

  async take(options?: CallOptions): Promise<T> {
    const timeoutMs = checkedTimeoutMs(options);
    const op = takeOp(timeoutMs + keepMs);
    return this.#wait(op, options, valueOut<T>, () => this.#empty(timeoutMs));
  }

  tryTake(options?: CallOptions): Promise<T | undefined> {
    return this.#call(bareOp(queueOps.tryTake), options, valueOrNothing<T>);
  }

  peek(options?: CallOptions): Promise<T | undefined> {
    return this.#call(bareOp(queueOps.peek), options, valueOrNothing<T>);
  }

  size(options?: CallOptions): Promise<number> {
    return this.#call(bareOp(queueOps.size), options, readCount);
  }

  clear(options?: CallOptions): Promise<void> {
    return this.#call(bareOp(queueOps.clear), options, ignored);
  }

  destroy(options?: CallOptions): Promise<void> {
    return this.#handle.destroy(options);
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<T> {
    return taken((options) => this.take(options), this.#place.leaving);
  }

  #call<Result>(
    op: Uint8Array,
    options: CallOptions | undefined,
    decode: (result: Uint8Array) => Result,
  ): Promise<Result> {
    const isWrite = (op[0] ?? 0) >= writesFrom;
    return this.#handle.callOf(this.#hash, op, isWrite, options, decode);
  }

  async #wait<Result>(
    op: Uint8Array,
    options: CallOptions | undefined,
    decode: (value: Uint8Array) => Result,
    late: () => GridError,
  ): Promise<Result> {
    const { clock } = this.#handle;
    const endsAt = clock.monotonic() + checkedTimeoutMs(options);
    const structure = this.#handle.known ?? (await this.#handle.ready(options));
    return new Promise((resolve, reject) => {
      const timeoutMs = Math.max(1, endsAt - clock.monotonic());
      const signal = options?.signal;
      const given = decoding(decode, resolve, reject);
      new QueueWait(this.#place, structure, op, timeoutMs, signal, late, given, reject).begin();
    });
  }

  #empty(timeoutMs: number): GridError {
    const message = `expected an item in the queue '${this.name}' within ${timeoutMs} ms, found it empty; take again, or see that somebody pushes`;
    return new GridError('GRID_TIMEOUT', message);
  }

  #full(timeoutMs: number): GridError {
    const message = `expected room in the queue '${this.name}' within ${timeoutMs} ms, found it full; push again later, or see that somebody takes`;
    return new GridError('GRID_QUEUE_FULL', message);
  }
}

function ignored(): void {}
