/**
 * What the roles of a replica share: its content, its log and how it stands in the table; and the
 * words for what goes into a replica and comes out of it.
 */
import type {
  CallerId,
  MemberId,
  PartitionId,
  Sequence,
  StreamId,
  Term,
  Version,
} from '../base/ids.ts';
import type { Limits } from '../base/limits.ts';
import type { Timings } from '../base/timings.ts';
import type { Refusal } from '../wire/op-messages.ts';
import type {
  Entry,
  ReplicaAck,
  ReplicaAppend,
  ReplicaCopy,
  ReplicaFence,
  ReplicaFenced,
  ReplicaPull,
  ReplicaPulled,
} from '../wire/replica-messages.ts';
import type { Content } from './content.ts';
import type { EntryLog } from './entry-log.ts';
import type { PartitionRow } from './meta-state.ts';
import type { BeforeStep } from './move-steps.ts';

export type ReplicaMessage =
  | ReplicaFence
  | ReplicaFenced
  | ReplicaPull
  | ReplicaPulled
  | ReplicaAppend
  | ReplicaCopy
  | ReplicaAck;

/** Where a request came from, and where its reply goes: a member's id, this member's own included. */
export type Origin = MemberId | CallerId;

/** A class, as is what follows: there is one for each write (docs/decisions/0023). */
export class SendAction {
  readonly kind = 'send';
  declare readonly to: MemberId;
  declare readonly message: ReplicaMessage;

  constructor(to: MemberId, message: ReplicaMessage) {
    this.to = to;
    this.message = message;
  }
}

export class ReplyAction {
  readonly kind = 'reply';
  declare readonly to: Origin;
  declare readonly request: number;
  declare readonly result: Uint8Array;

  constructor(to: Origin, request: number, result: Uint8Array) {
    this.to = to;
    this.request = request;
    this.result = result;
  }
}

export type ReplicaAction =
  | SendAction
  | ReplyAction
  | {
      readonly kind: 'refuse';
      readonly to: Origin;
      readonly request: number;
      readonly reason: Refusal;
    }
  | {
      readonly kind: 'fail';
      readonly to: Origin;
      readonly request: number;
      readonly code: string;
      readonly message: string;
    }
  | { readonly kind: 'alter'; readonly row: PartitionRow; readonly inSync: readonly MemberId[] }
  | { readonly kind: 'handover'; readonly row: PartitionRow; readonly to: MemberId };

export type Actions = ReplicaAction[];

/** What a replica may look at outside itself. All of it is passed in, none of it waits. */
export interface Surroundings {
  /** Whether this member may serve at this moment. */
  isLeaseValid(nowMs: number): boolean;
  gridTime(nowMs: number): number;
  /** Whether a caller's process is known to be gone. */
  readonly isGone: (caller: CallerId) => boolean;
  /** Whether the table counts a member as one that serves. */
  isServing(member: MemberId): boolean;
  /** Whether it serves and is not about to leave. */
  isStaying(member: MemberId): boolean;
  /** Whether the link to a member was refused just now: its process is probably gone. */
  isRefused(member: MemberId): boolean;
  /** How many copies the partition is to have at present, the primary included. */
  copiesWanted(partition: PartitionId): number;
  /** Counts this member's streams up. */
  nextStream(): StreamId;
  /** Takes one of the member's few places for copies; false where all are taken. */
  beginCopy(): boolean;
  endCopy(): void;
  /** Told right before each step of a move, where a harness wants to know. */
  readonly beforeStep?: BeforeStep | undefined;
}

/** What a process takes along of a replica when it goes on under another identity. */
export interface Estate {
  readonly content: Content;
  /** As it was last learnt. */
  readonly row: PartitionRow;
  /** The last version that every history has that knows this copy: of a primary what was committed. */
  readonly version: number;
  /** What it has beyond that, and nobody was told of. */
  readonly untold: readonly Entry[];
  /**
   * Whether the primary of its row has never been heard from: it was appointed and has served nothing, and perhaps
   * does not know of it.
   */
  readonly isUnled: boolean;
}

/** How one replica is set up. */
export interface ReplicaOptions {
  readonly partition: PartitionId;
  readonly self: MemberId;
  readonly content: Content;
  readonly limits: Limits;
  readonly timings: Timings;
  readonly minInSync: number;
  readonly surroundings: Surroundings;
}

/** A replica's state that outlives its roles. */
export interface ReplicaState {
  readonly options: ReplicaOptions;
  readonly log: EntryLog;
  /** The row as it was last learnt; undefined before the first. */
  row: PartitionRow | undefined;
  /** The highest term adopted: from a fence, a copy, or an appointment. */
  term: Term;
  /** The generation of the content; 0 where there is none yet. */
  generation: number;
  /** False while a copy is under way, when the content is not whole. */
  isWhole: boolean;
  /** Every in-sync replica has the entries up to here. */
  commit: Sequence;
  /** As a backup: the channel that is listened to. */
  stream: StreamId;
  streamTerm: Term;
  /** The version of the row under which the content was copied here: an older row says nothing of it. */
  copiedAt: Version;
  /** As a learner: how many chunks of the stream's copy were applied. */
  chunks: number;
}
