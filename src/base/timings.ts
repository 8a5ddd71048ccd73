/**
 * Every timing that the protocols use, in one place, by preset (PROTOCOL.md 0, "Timings").
 * Milliseconds throughout.
 */

export interface Timings {
  /** How long a member may serve after its last acknowledged lease heartbeat was sent. */
  readonly leaseMs: number;
  readonly leaseHeartbeatMs: number;
  /** Added to a lease before anybody acts on its end. */
  readonly leaseMarginMs: number;
  /** How long a member whose lease is over hopes for a new one before it refuses its callers' calls. */
  readonly refuseAfterMs: number;
  /** How long a lease has to be over before that alone suffices to suspend a member. */
  readonly suspendAfterMs: number;
  readonly raftHeartbeatMs: number;
  readonly electionMinMs: number;
  readonly electionMaxMs: number;
  readonly probeIntervalMs: number;
  readonly probeTimeoutMs: number;
  readonly suspicionMinMs: number;
  readonly suspicionMaxMs: number;
  readonly gossipIntervalMs: number;
  readonly gossipToTheDeadMs: number;
  readonly pushPullMs: number;
  /** How often a seed or a member that is gone is tried again, for ever. */
  readonly healMs: number;
  /** How long writes wait for a backup that is alive and silent. */
  readonly writeStallMaxMs: number;
  /** How long an unanswered replication message waits before it is sent again. */
  readonly resendMs: number;
  /** How long a survivor waits for the only voter, or in mode `availability` for a majority, before it goes on alone. */
  readonly forkAfterMs: number;
  /** How long a voter may be suspended before another takes its seat. */
  readonly replaceVoterMs: number;
  /** How long a member may be suspended before it is removed, where rule 0.2 allows it. */
  readonly removeAfterMs: number;
  /** How long a copy may get nowhere before another member is tried. */
  readonly copyStallMaxMs: number;
  /**
   * How long after a member was lost copies stay where they are, but for those that are missing: a process
   * that comes straight back takes the place of the lost one, and all moves once.
   */
  readonly rebalanceDelayMs: number;
  /** How long all members have to speak a newer version of the protocol before there is no way back from it. */
  readonly upgradeDelayMs: number;
}

/** How long a read that waits for something is held at the primary before it is answered empty. */
export const pollMs = 5_000;

/** Bound of the relative error of a monotonic clock's rate. */
export const clockDrift = 0.02;

const lan: Timings = {
  leaseMs: 1_500,
  leaseHeartbeatMs: 250,
  leaseMarginMs: 200,
  refuseAfterMs: 900,
  suspendAfterMs: 2_000,
  raftHeartbeatMs: 150,
  electionMinMs: 600,
  electionMaxMs: 1_000,
  probeIntervalMs: 500,
  probeTimeoutMs: 250,
  suspicionMinMs: 1_000,
  suspicionMaxMs: 6_000,
  gossipIntervalMs: 200,
  gossipToTheDeadMs: 30_000,
  pushPullMs: 30_000,
  healMs: 10_000,
  writeStallMaxMs: 2_000,
  resendMs: 200,
  forkAfterMs: 10_000,
  replaceVoterMs: 10_000,
  removeAfterMs: 60_000,
  copyStallMaxMs: 10_000,
  rebalanceDelayMs: 30_000,
  upgradeDelayMs: 30_000,
};

function scaled(timings: Timings, factor: number): Timings {
  const entries = Object.entries(timings).map(([name, ms]) => [name, Math.round(ms * factor)]);
  return Object.fromEntries(entries) as unknown as Timings;
}

export type Preset = 'local' | 'lan' | 'wan';

export const presets: Readonly<Record<Preset, Timings>> = {
  local: scaled(lan, 1 / 3),
  lan,
  wan: scaled(lan, 4),
};
