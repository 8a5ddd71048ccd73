/** Sets up the Raft core of the meta group. */
import type { Random } from '../base/random.ts';
import type { Timings } from '../base/timings.ts';
import { RaftCore, type RaftStart } from '../consensus/raft-core.ts';
import { defaultRaftLimits } from '../consensus/raft-options.ts';
import type { NewMember } from './meta-state.ts';

export function createRaft(
  { member, random, timings }: { member: NewMember; random: Random; timings: Timings },
  start: RaftStart,
): RaftCore {
  const { raftHeartbeatMs: heartbeatMs, electionMinMs, electionMaxMs } = timings;
  const self = member.id;
  const limits = defaultRaftLimits;
  return new RaftCore(
    { self, random, heartbeatMs, electionMinMs, electionMaxMs, ...limits },
    start,
  );
}
