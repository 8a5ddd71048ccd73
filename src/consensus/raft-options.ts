/** What a member of a Raft group is told at its start. */
import type { MemberId } from '../base/ids.ts';
import type { Random } from '../base/random.ts';

export interface RaftTimings {
  readonly heartbeatMs: number;
  /** Voters refuse to vote for this long after they heard from a leader; leases rest on it. */
  readonly electionMinMs: number;
  readonly electionMaxMs: number;
}

export interface RaftLimits {
  /** A snapshot is asked for after so many committed entries, or so many bytes of them. */
  readonly snapshotEvery: number;
  readonly snapshotBytes: number;
  /** Past it proposals are refused as `overloaded`. */
  readonly uncommittedMax: number;
  /** One append carries at most so much, and at least one entry. */
  readonly batchEntries: number;
  readonly batchBytes: number;
  /** Appends with entries on their way to one peer; past it entries wait and are batched. */
  readonly inFlightMax: number;
  readonly chunkBytes: number;
}

export interface RaftOptions extends RaftTimings, RaftLimits {
  readonly self: MemberId;
  readonly random: Random;
}

const kib = 1_024;

export const defaultRaftLimits: RaftLimits = {
  snapshotEvery: 10_000,
  snapshotBytes: 8 * kib * kib,
  uncommittedMax: 200,
  batchEntries: 256,
  batchBytes: 256 * kib,
  inFlightMax: 64,
  chunkBytes: 64 * kib,
};

/**
 * How often `snapshotEvery` (and `snapshotBytes`) the log may hold while no snapshot is given. Past it
 * a leader refuses proposals and a follower takes no further entries.
 */
export const logSnapshotsMax = 4;

/** A larger group takes no further learners. */
export const groupMembersMax = 1_024;
