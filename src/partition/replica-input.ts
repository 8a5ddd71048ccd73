/** What goes into a replica, one at a time. What comes with each op is a class (docs/decisions/0023). */
import type { MemberId } from '../base/ids.ts';
import type { OpRequest } from '../wire/op-messages.ts';
import type { PartitionRow } from './meta-state.ts';
import type { Origin, ReplicaMessage } from './replica-state.ts';

export class MessageInput {
  readonly kind = 'message';
  declare readonly from: MemberId;
  declare readonly message: ReplicaMessage;

  constructor(from: MemberId, message: ReplicaMessage) {
    this.from = from;
    this.message = message;
  }
}

export class RequestInput {
  readonly kind = 'request';
  declare readonly origin: Origin;
  declare readonly message: OpRequest;

  constructor(origin: Origin, message: OpRequest) {
    this.origin = origin;
    this.message = message;
  }
}

export type ReplicaInput =
  | { readonly kind: 'row'; readonly row: PartitionRow }
  | MessageInput
  | RequestInput
  | { readonly kind: 'tick' }
  /** It is this partition's turn to read a chunk for its learner. */
  | { readonly kind: 'copy' }
  /** The table here has changed, and something waits for that. */
  | { readonly kind: 'learnt' }
  /** Every few seconds, and when a structure was destroyed: gives memory back. */
  | { readonly kind: 'sweep' }
  /** The turn ends: what it brought goes out in as few messages as possible. */
  | { readonly kind: 'flush' };
