/** Which crashes a simulation may bring about: those that the backups cover. */
import type { GridWorld } from './grid-world.ts';

/**
 * Whether the backups cover one more crash: whoever crashed before is a member again, each row keeps a copy in
 * sync on a process that is up, and the voters a majority. A harness that kills more proves nothing.
 */
export function mayCrash(grid: GridWorld, name: string): boolean {
  const newest = grid.newest;
  const client = grid.clients.find((process) => process.name === name);
  if (client !== undefined) return client.isUp;
  const victim = grid.processes.find((process) => process.name === name);
  if (newest === undefined || victim === undefined || !victim.isUp) return false;
  const { members } = newest.state;
  if (members.size !== grid.processes.length) return false;
  if (grid.processes.some((process) => !process.isUp || !members.has(process.id))) return false;
  const up = new Set(
    grid.processes
      .filter((process) => process.isUp && !process.isPaused && process.name !== name)
      .map((process) => process.id),
  );
  // A change of the voters counts from when any member has it in its log.
  for (const { meta } of grid.members) {
    const voters = meta.raft?.config.voters ?? [];
    const votes = voters.filter((id) => up.has(id)).length;
    if (voters.length > 0 && votes <= voters.length / 2) return false;
  }
  return (
    !isChanging(grid) &&
    newest.state.groups.every((rows) =>
      rows?.every((row) => row.inSync.length > 1 && row.inSync.some((id) => up.has(id))),
    )
  );
}

/**
 * Whether a set in sync may shrink at any moment by a proposal that is on its way: then the copies that the
 * table shows cover nothing. A promotion may propose as well.
 */
function isChanging(grid: GridWorld): boolean {
  return grid.members.some((member) =>
    [...member.host.replicas()].some(
      ({ replica }) => replica.role === 'promotion' || replica.primary?.hasProposed === true,
    ),
  );
}
