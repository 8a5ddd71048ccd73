/** Leases, commands to the meta group and the forming of a cluster (PROTOCOL.md 2.2, 2.3, 2.5). */
import type { MemberId, PartitionId, Term, Version } from '../base/ids.ts';

export interface MetaHeartbeat {
  readonly kind: 'meta.heartbeat';
  /** The sender's monotonic clock; the lease counts from here. */
  readonly sentAt: number;
  /** How far the sender has applied the meta log. */
  readonly applied: number;
  /** Grid time, as the sender has it; far too early where it was never told. */
  readonly gridTime: number;
}

export interface MetaHeartbeatAck {
  readonly kind: 'meta.heartbeat-ack';
  readonly sentAt: number;
  /** Grid time: the meta leader's clock, milliseconds. */
  readonly gridTime: number;
}

/** Asks the meta leader to commit a command. A member that does not lead says who does. */
export interface MetaPropose {
  readonly kind: 'meta.propose';
  readonly request: number;
  readonly command: Uint8Array;
  /** For which lineage it is meant; empty where the sender belongs to none yet. */
  readonly lineage: string;
}

export interface MetaProposed {
  readonly kind: 'meta.proposed';
  readonly request: number;
  /**
   * `committed`: applied at `index`, and `refusal` is empty or says why it changed nothing. `dropped`:
   * come again. `unformed`: the receiver is in no cluster yet either. `other-lineage`: it is of another.
   */
  readonly outcome: 'committed' | 'not-leader' | 'dropped' | 'unformed' | 'other-lineage';
  readonly index: number;
  readonly refusal: string;
  /** The leader's id and address where known, else empty. */
  readonly leader: string;
  readonly leaderAddress: string;
  /** Of the receiver; empty where it belongs to none yet. */
  readonly lineage: string;
}

/** Before a cluster exists: who is there, and whom the sender would have found it. */
export interface MetaPledge {
  readonly kind: 'meta.pledge';
  readonly candidate: MemberId;
}

/** What a primary proposes for its row's in-sync set: a compare-and-set on (term, version). */
export interface InSyncChange {
  readonly partition: PartitionId;
  readonly term: Term;
  readonly version: Version;
  readonly inSync: readonly MemberId[];
}

export interface MetaAlter {
  readonly kind: 'meta.alter';
  readonly changes: readonly InSyncChange[];
}

/** A primary that has drained asks to pass its role on to a peer in sync. */
export interface MetaHandover {
  readonly kind: 'meta.handover';
  readonly partition: PartitionId;
  readonly term: Term;
  readonly version: Version;
  readonly to: MemberId;
}

/** How a lineage stands, told to members of others by its leader, or by a member that nobody leads. */
export interface MetaStanding {
  readonly kind: 'meta.standing';
  /** The id of the cluster's first lineage. */
  readonly cluster: string;
  readonly lineage: string;
  /** How many forks lie behind it. */
  readonly forks: number;
  /** Data members that serve. */
  readonly members: number;
  readonly partitions: number;
  /** Partitions of which no copy is left in it. */
  readonly lost: number;
  /** Whether no structure is defined. */
  readonly isEmpty: boolean;
  readonly isLed: boolean;
  /** Who can decide for it. */
  readonly speaker: MemberId;
}

/** The sender's lineage loses against the receiver's: asks to be taken in. */
export interface MetaYield {
  readonly kind: 'meta.yield';
  readonly standing: Omit<MetaStanding, 'kind'>;
  /** What it took in itself. */
  readonly merged: readonly string[];
  /** The highest rank in it. */
  readonly rank: number;
  /** Members that hold something that they will bring. */
  readonly contributors: readonly MemberId[];
}

/** The lineage that asked was taken in: its members may come. */
export interface MetaWelcome {
  readonly kind: 'meta.welcome';
  /** Who is welcome. */
  readonly lineage: string;
  /** Where. */
  readonly into: string;
  readonly addresses: readonly string[];
}

/** The meta leader no longer knows the sender of a heartbeat: it was removed, or has not joined yet. */
export interface MetaRemoved {
  readonly kind: 'meta.removed';
  readonly sentAt: number;
  /** Of the leader: what another one says of members does not concern this one's. */
  readonly lineage: string;
}
