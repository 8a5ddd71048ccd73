/** A call of a handle, which is also what the router gets of it: one for each op (docs/decisions/0023). */
import type { CallOptions } from '../base/call-options.ts';
import type { GridError } from '../base/errors.ts';
import { partitionOf } from '../base/hash.ts';
import type { Operation, Router, StructureRow } from '../partition/router-port.ts';

/** One op for one partition. Exactly one of `resolve` and `reject` is called. */
export class Call {
  /** Known when it is sent. */
  structure: StructureRow | undefined;
  /** Where a hash is given it is known when it is sent: before that, how many there are may not be. */
  declare partition: number;
  /** Of what stands in one partition by its hash. */
  declare readonly hash: number | undefined;
  declare readonly op: Uint8Array;
  declare readonly isWrite: boolean;
  isPoll = false;
  onResent: (() => void) | undefined;
  declare readonly options: CallOptions | undefined;
  timeoutMs = 0;
  declare signal: AbortSignal | undefined;
  declare readonly resolve: (result: Uint8Array) => void;
  declare readonly reject: (error: GridError) => void;

  constructor(
    partition: number,
    hash: number | undefined,
    op: Uint8Array,
    isWrite: boolean,
    options: CallOptions | undefined,
    resolve: (result: Uint8Array) => void,
    reject: (error: GridError) => void,
  ) {
    this.partition = partition;
    this.hash = hash;
    this.op = op;
    this.isWrite = isWrite;
    this.options = options;
    this.signal = options?.signal;
    this.resolve = resolve;
    this.reject = reject;
  }

  sendBy(router: Router, structure: StructureRow, timeoutMs: number): void {
    this.structure = structure;
    this.timeoutMs = timeoutMs;
    if (this.hash !== undefined) this.partition = partitionOf(this.hash, router.partitions);
    router.submit(this as Call & Operation);
  }
}

/** Takes a result as bytes; what cannot be decoded is told as an error. */
export function decoding<Result>(
  decode: (result: Uint8Array) => Result,
  resolve: (result: Result) => void,
  reject: (error: unknown) => void,
): (result: Uint8Array) => void {
  return (bytes) => {
    let result: Result;
    try {
      result = decode(bytes);
    } catch (error) {
      reject(error);
      return;
    }
    resolve(result);
  };
}
