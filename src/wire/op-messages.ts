/**
 * What callers and primaries exchange (PROTOCOL.md 2.4, 2.10). What each op makes is a class: see docs/decisions/0023.
 */
import type { CallerId, OpSequence, PartitionId, StructureId } from '../base/ids.ts';

export class OpRequest {
  readonly kind = 'op.request';
  /** Counts the sender's requests; a resend has the same. */
  declare readonly request: number;
  declare readonly caller: CallerId;
  declare readonly partition: PartitionId;
  declare readonly structure: StructureId;
  /** 0 for a read. */
  declare readonly opSequence: OpSequence;
  declare readonly firstIncomplete: OpSequence;
  declare readonly op: Uint8Array;

  constructor(
    request: number,
    caller: CallerId,
    partition: PartitionId,
    structure: StructureId,
    opSequence: OpSequence,
    firstIncomplete: OpSequence,
    op: Uint8Array,
  ) {
    this.request = request;
    this.caller = caller;
    this.partition = partition;
    this.structure = structure;
    this.opSequence = opSequence;
    this.firstIncomplete = firstIncomplete;
    this.op = op;
  }
}

/** A request that outlives the frame that brought it, and keeps nothing of that. */
export function keptRequest(message: OpRequest): OpRequest {
  return new OpRequest(
    message.request,
    message.caller,
    message.partition,
    message.structure,
    message.opSequence,
    message.firstIncomplete,
    new Uint8Array(message.op),
  );
}

export class OpReply {
  readonly kind = 'op.reply';
  declare readonly request: number;
  /** May be lent by the records that it was read from: whoever does not use it up at once copies it. */
  declare readonly result: Uint8Array;

  constructor(request: number, result: Uint8Array) {
    this.request = request;
    this.result = result;
  }
}

/**
 * Not done, and why; but for `interrupted` and `result-gone`, this request had no effect.
 * `not-primary`: ask the table again. `not-ready`: primary, but still promoting, without a lease or
 * behind the caller's table. `busy`: at a bound. `lost`: every copy is gone. `interrupted`: begun by a
 * primary that was replaced, so the next primary knows. `stale`: a late duplicate. `result-gone`: done
 * once, its result no longer kept. `no-structure`: destroyed.
 */
export type Refusal =
  | 'not-primary'
  | 'not-ready'
  | 'busy'
  | 'lost'
  | 'interrupted'
  | 'stale'
  | 'result-gone'
  | 'no-structure';

export interface OpRefused {
  readonly kind: 'op.refused';
  readonly request: number;
  readonly reason: Refusal;
}

/** The op itself is wrong, by its structure's word: a `GridError` for the caller. */
export interface OpFailed {
  readonly kind: 'op.failed';
  readonly request: number;
  readonly code: string;
  readonly message: string;
}
