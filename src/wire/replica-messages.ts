/**
 * What primaries and their peers exchange (PROTOCOL.md 2.4 to 2.7, 3.2). What each write makes, and what
 * holds something, is a class: see docs/decisions/0023.
 */
import type {
  CallerId,
  OpSequence,
  PartitionId,
  Sequence,
  StreamId,
  StructureId,
  Term,
  Version,
} from '../base/ids.ts';

/** One step of a partition's content: what a primary copies to its backups. */
export class Entry {
  declare readonly sequence: Sequence;
  declare readonly caller: CallerId;
  declare readonly opSequence: OpSequence;
  /** The caller's lowest unanswered op: what lies below may be forgotten. */
  declare readonly firstIncomplete: OpSequence;
  declare readonly structure: StructureId;
  /** Empty where the op changed nothing; it is replicated all the same, for its retry. */
  declare readonly changes: Uint8Array;
  /** For a retry; undefined where it is too large to travel with the changes. */
  declare readonly result: Uint8Array | undefined;

  constructor(
    sequence: Sequence,
    caller: CallerId,
    opSequence: OpSequence,
    firstIncomplete: OpSequence,
    structure: StructureId,
    changes: Uint8Array,
    result: Uint8Array | undefined,
  ) {
    this.sequence = sequence;
    this.caller = caller;
    this.opSequence = opSequence;
    this.firstIncomplete = firstIncomplete;
    this.structure = structure;
    this.changes = changes;
    this.result = result;
  }
}

export interface ReplicaFence {
  readonly kind: 'replica.fence';
  readonly partition: PartitionId;
  readonly term: Term;
  /** Counts the births of the partition's content; a peer of another generation does not answer. */
  readonly generation: number;
  readonly stream: StreamId;
}

export interface ReplicaFenced {
  readonly kind: 'replica.fenced';
  readonly partition: PartitionId;
  readonly term: Term;
  readonly stream: StreamId;
  /** The last sequence that the peer has. */
  readonly last: Sequence;
}

export interface ReplicaPull {
  readonly kind: 'replica.pull';
  readonly partition: PartitionId;
  readonly term: Term;
  readonly stream: StreamId;
  readonly after: Sequence;
}

export interface ReplicaPulled {
  readonly kind: 'replica.pulled';
  readonly partition: PartitionId;
  readonly term: Term;
  readonly stream: StreamId;
  readonly after: Sequence;
  readonly entries: readonly Entry[];
}

export class ReplicaAppend {
  readonly kind = 'replica.append';
  declare readonly partition: PartitionId;
  declare readonly term: Term;
  declare readonly stream: StreamId;
  /** The sequence before the first entry. */
  declare readonly previous: Sequence;
  declare readonly commit: Sequence;
  /** So many chunks of the stream's copy come before: a learner that lacks one takes no entry yet. */
  declare readonly chunks: number;
  declare readonly entries: readonly Entry[];

  constructor(
    partition: PartitionId,
    term: Term,
    stream: StreamId,
    previous: Sequence,
    commit: Sequence,
    chunks: number,
    entries: readonly Entry[],
  ) {
    this.partition = partition;
    this.term = term;
    this.stream = stream;
    this.previous = previous;
    this.commit = commit;
    this.chunks = chunks;
    this.entries = entries;
  }
}

/** A part of a copy: applies at one position of the stream, and replaces what it covers. */
export interface ReplicaCopy {
  readonly kind: 'replica.copy';
  readonly partition: PartitionId;
  readonly term: Term;
  readonly stream: StreamId;
  readonly generation: number;
  /** The version of the row under which the copy began. */
  readonly version: Version;
  /** From 0, which also says: begin anew, empty, at `at`, with the dedupe table as content. */
  readonly chunk: number;
  readonly at: Sequence;
  /** 0 for the first chunk. */
  readonly structure: StructureId;
  /** It has the records of the hashes from this on, */
  readonly fromHash: number;
  /** and below this. */
  readonly toHash: number;
  /** How many entries the structure has in all, about. */
  readonly entries: number;
  readonly content: Uint8Array;
  readonly last: boolean;
}

export interface ReplicaAck {
  readonly kind: 'replica.ack';
  readonly partition: PartitionId;
  readonly term: Term;
  readonly stream: StreamId;
  /** All up to here is applied. */
  readonly last: Sequence;
  /** So many chunks of the stream's copy are applied. */
  readonly chunks: number;
}
