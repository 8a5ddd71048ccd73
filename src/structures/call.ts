/** A call of a handle, which is also what the router gets of it: one for each op (docs/decisions/0023). */
import type { CallOptions } from '../base/call-options.ts';
import { partitionOf } from '../base/hash.ts';
import type { Operation, Router, StructureRow } from '../partition/router-port.ts';

/** One op for one partition. Exactly one of `resolved` and `reject` is called. */
export class Call<Result> implements Operation {
  /** Known when it is sent. */
  structure!: StructureRow;
  /** Where a hash is given it is known when it is sent: before that, how many there are may not be. */
  partition: number;
  /** Of what stands in one partition by its hash. */
  readonly hash: number | undefined;
  readonly op: Uint8Array;
  readonly isWrite: boolean;
  isPoll = false;
  onResent: (() => void) | undefined;
  readonly options: CallOptions | undefined;
  timeoutMs = 0;
  readonly signal: AbortSignal | undefined;
  readonly resolve: (result: Uint8Array) => void;
  readonly reject: (error: unknown) => void;

  constructor(
    partition: number,
    hash: number | undefined,
    op: Uint8Array,
    isWrite: boolean,
    options: CallOptions | undefined,
    decode: (result: Uint8Array) => Result,
    resolved: (result: Result) => void,
    reject: (error: unknown) => void,
  ) {
    this.partition = partition;
    this.hash = hash;
    this.op = op;
    this.isWrite = isWrite;
    this.options = options;
    this.signal = options?.signal;
    this.resolve = decoded(decode, resolved, reject);
    this.reject = reject;
  }

  sendBy(router: Router, structure: StructureRow, timeoutMs: number): void {
    this.structure = structure;
    this.timeoutMs = timeoutMs;
    if (this.hash !== undefined) this.partition = partitionOf(this.hash, router.partitions);
    router.submit(this);
  }
}

/** Takes a result as bytes; what cannot be decoded is told as an error. */
export function decoded<Result>(
  decode: (result: Uint8Array) => Result,
  resolve: (result: Result) => void,
  reject: (error: unknown) => void,
): (result: Uint8Array) => void {
  return (result) => {
    try {
      resolve(decode(result));
    } catch (error) {
      reject(error);
    }
  };
}
