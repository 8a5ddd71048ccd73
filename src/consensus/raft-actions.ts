/**
 * What the core asks of its shell, in the order in which it has to be done.
 *
 * `commit` and `restore` belong to one sequence: the state machine takes them one after the other. A
 * proposal of a sole voter is committed by the call that proposes it, so its `commit` is already among
 * the actions when `propose` returns the index.
 */
import type { MemberId } from '../base/ids.ts';
import type { RaftConfig, RaftEntry, RaftMessage } from '../wire/consensus-messages.ts';

export type RaftRole = 'leader' | 'follower' | 'candidate' | 'pre-candidate';

export interface RaftSend {
  readonly kind: 'send';
  readonly to: MemberId;
  readonly message: RaftMessage;
}

/** Each index once and in order, whatever the entry's kind. */
export interface RaftCommit {
  readonly kind: 'commit';
  readonly entry: RaftEntry;
}

/** The state machine becomes what `bytes` say; the next `commit` is that of `index + 1`. */
export interface RaftRestore {
  readonly kind: 'restore';
  readonly index: number;
  readonly term: number;
  readonly config: RaftConfig;
  readonly bytes: Uint8Array;
}

/** Answered by `provideSnapshot` at the index that the state machine has applied; asked again if not. */
export interface RaftTakeSnapshot {
  readonly kind: 'take-snapshot';
}

export interface RaftRoleChange {
  readonly kind: 'role';
  readonly role: RaftRole;
  readonly term: number;
  readonly leader: MemberId | undefined;
}

export type RaftAction = RaftSend | RaftCommit | RaftRestore | RaftTakeSnapshot | RaftRoleChange;

export type RaftActions = RaftAction[];
