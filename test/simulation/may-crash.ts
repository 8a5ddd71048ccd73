/**
 * Which crashes a simulation may bring about: those that the backups cover. A harness that kills more proves
 * nothing.
 */
import type { MemberId, PartitionId } from '../../src/base/ids.ts';
import { type MetaState, rowOf } from '../../src/partition/meta-state.ts';
import { nextVoterChange } from '../../src/partition/voters.ts';
import type { RaftConfig } from '../../src/wire/consensus-messages.ts';
import type { GridWorld } from './grid-world.ts';

/**
 * Whether whoever crashed before is known to be gone, each row keeps a copy in sync on a process that is up, and
 * the voters a majority.
 */
export function mayCrash(grid: GridWorld, name: string): boolean {
  const client = grid.clients.find((process) => process.name === name);
  if (client !== undefined) return client.isUp;
  const state = grid.newest?.state;
  const victim = grid.processes.find((process) => process.name === name);
  if (state === undefined || victim?.isUp !== true || !areAllAlive(grid, state)) return false;
  const staying = grid.processes.filter((process) => !process.isPaused && process !== victim);
  const up = new Set(staying.map(({ id }) => id));
  if (isChanging(grid, state)) return false;
  return keepMajorities(grid, state, up, victim.id) && keepCopies(state, up);
}

function areAllAlive(grid: GridWorld, { members }: MetaState): boolean {
  if (grid.processes.some(({ isUp }) => !isUp)) return false;
  const living = new Set(grid.processes.map(({ id }) => id));
  return [...members.keys()].every((id) => living.has(id));
}

/**
 * A change of the voters counts from when any member has it in its log, and the next may be begun already. A victim
 * that was about to leave has a vote still when it is dead, while others give up theirs.
 */
function keepMajorities(
  grid: GridWorld,
  state: MetaState,
  up: ReadonlySet<MemberId>,
  victim: MemberId,
): boolean {
  const leavers = new Set([...grid.leavers].filter(({ isUp }) => isUp).map(({ id }) => id));
  leavers.delete(victim);
  return grid.members.every(({ meta }) => {
    const config = meta.raft?.config;
    if (config === undefined || config.voters.length === 0) return true;
    // Who leaves gives up its vote as soon as it holds nothing: that may be under way already, unheard of by most.
    const stays = (id: MemberId) => state.members.get(id)?.status === 'up' && !leavers.has(id);
    const staying = config.voters.filter(stays);
    const sets = [config.voters, staying, ...votersSoon(state, config)];
    return sets.every((voters) => hasMajority(voters, up));
  });
}

function hasMajority(voters: readonly MemberId[], up: ReadonlySet<MemberId>): boolean {
  return voters.filter((id) => up.has(id)).length > voters.length / 2;
}

/**
 * Who may vote after the next change of the voters, as a leader that suspects nobody would make it. Which of too
 * many gives up its vote depends on who leads by then.
 */
function votersSoon(state: MetaState, config: RaftConfig): (readonly MemberId[])[] {
  const vitals = { leader: '' as MemberId, isLongGone: () => false, isFresh: () => true };
  const change = nextVoterChange(state, config, vitals);
  if (change?.kind === 'promote') return [[...config.voters, change.member]];
  if (change?.kind !== 'demote') return [];
  return config.voters.map((one) => config.voters.filter((id) => id !== one));
}

function keepCopies({ groups }: MetaState, up: ReadonlySet<MemberId>): boolean {
  const rows = groups.flatMap((group) => group ?? []);
  return rows.every(({ inSync }) => inSync.length > 1 && inSync.some((id) => up.has(id)));
}

/**
 * Whether a set in sync may shrink at any moment by a proposal that is on its way: then the copies that the
 * table shows cover nothing. A promotion may propose as well. Proposals of a row that has a later version by now
 * come to nothing, whether their proposer knows that or not.
 */
function isChanging(grid: GridWorld, state: MetaState): boolean {
  const versionOf = (partition: PartitionId) => rowOf(state, partition)?.version ?? 0;
  // Also where its proposer has begun anew since: what it proposed may still be in somebody's log.
  if ([...grid.shrinks].some(([partition, version]) => version >= versionOf(partition)))
    return true;
  return grid.members.some((member) =>
    [...member.host.replicas()].some(({ partition, replica }) => {
      const mayPropose = replica.role === 'promotion' || replica.primary?.hasProposed === true;
      return mayPropose && (replica.state.row?.version ?? 0) >= versionOf(partition);
    }),
  );
}
