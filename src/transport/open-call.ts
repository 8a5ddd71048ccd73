/** A call on its way, as its caller's side keeps it: one for each op, so it is a class (docs/decisions/0023). */
import type { GridError } from '../base/errors.ts';
import type { OpSequence, PartitionId, StructureId } from '../base/ids.ts';
import type { Refusal } from '../wire/op-messages.ts';
import type { Waiting } from './call-line.ts';
import type { Placed } from './open-calls.ts';

/** One call as the caller wants it. Exactly one of `resolve` and `reject` is called, once. */
export interface Call {
  readonly structure: { readonly id: StructureId };
  readonly op: Uint8Array;
  readonly isWrite: boolean;
  /** A read that may wait at the primary for something to give: it takes no place among those in flight. @default false */
  readonly isPoll?: boolean;
  /** Told whenever it is sent again: what was submitted after it may come before it. @default nobody */
  readonly onResent?: (() => void) | undefined;
  /** Milliseconds that the call may take. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  /** The result may be lent: it is used up or copied before this returns. */
  readonly resolve: (result: Uint8Array) => void;
  readonly reject: (error: GridError) => void;
}

export class OpenCall implements Waiting, Placed {
  declare readonly call: Call;
  declare readonly partition: PartitionId;
  declare readonly serial: number;
  place = 0;
  request = 0;
  declare readonly startedAt: number;
  onAbort: (() => void) | undefined;
  opSequence = 0 as OpSequence;
  /** To whom it was last handed over. */
  sentTo: string | undefined;
  /** Requests that were handed over and not answered by a refusal. */
  isOnItsWay = false;
  /** Whether a request may have had an effect that no reply told of. */
  isDoubtful = false;
  attempts = 0;
  /** When it is to be sent again. */
  resendAt = 0;
  refusal: Refusal | undefined;

  constructor(call: Call, partition: PartitionId, serial: number, now: number) {
    this.call = call;
    this.partition = partition;
    this.serial = serial;
    this.startedAt = now;
  }
}
