/** What the members of a Raft group exchange (PROTOCOL.md 4.1). */
import type { MemberId } from '../base/ids.ts';

export interface RaftConfig {
  readonly voters: readonly MemberId[];
  readonly learners: readonly MemberId[];
}

export interface RaftEntry {
  readonly index: number;
  readonly term: number;
  readonly kind: 'command' | 'config' | 'noop';
  /** A command's bytes, which only the state machine reads; a config encoded by the core; empty. */
  readonly body: Uint8Array;
}

export interface RaftVote {
  readonly kind: 'raft.vote';
  readonly term: number;
  /** A pre-vote asks whether a vote would be given, and changes nothing. */
  readonly pre: boolean;
  /** The leader asked for this election, so voters do not hold on to it. */
  readonly transfer: boolean;
  readonly lastIndex: number;
  readonly lastTerm: number;
}

export interface RaftVoteReply {
  readonly kind: 'raft.vote-reply';
  readonly term: number;
  readonly pre: boolean;
  readonly granted: boolean;
}

export interface RaftAppend {
  readonly kind: 'raft.append';
  readonly term: number;
  /** Counts a leader's rounds; quoted in the reply, so that contact counts from when it was sent. */
  readonly round: number;
  readonly previousIndex: number;
  readonly previousTerm: number;
  readonly entries: readonly RaftEntry[];
  readonly commit: number;
}

export interface RaftAppendReply {
  readonly kind: 'raft.append-reply';
  readonly term: number;
  readonly round: number;
  readonly accepted: boolean;
  /** Accepted: the last index that matches. Refused: where to try again. */
  readonly index: number;
}

export interface RaftSnapshot {
  readonly kind: 'raft.snapshot';
  readonly term: number;
  readonly round: number;
  readonly lastIndex: number;
  readonly lastTerm: number;
  readonly config: RaftConfig;
  readonly offset: number;
  readonly chunk: Uint8Array;
  readonly done: boolean;
}

export interface RaftSnapshotReply {
  readonly kind: 'raft.snapshot-reply';
  readonly term: number;
  readonly round: number;
  readonly lastIndex: number;
  /** Bytes received so far. */
  readonly offset: number;
  readonly done: boolean;
}

export interface RaftTimeoutNow {
  readonly kind: 'raft.timeout-now';
  readonly term: number;
}

export type RaftMessage =
  | RaftVote
  | RaftVoteReply
  | RaftAppend
  | RaftAppendReply
  | RaftSnapshot
  | RaftSnapshotReply
  | RaftTimeoutNow;
