/** A simulated grid in words, for whoever reads a failed run. */
import type { Member } from '../../src/member/member.ts';
import { isMoving } from '../../src/partition/meta-state.ts';
import type { GridWorld } from './grid-world.ts';

/** What a reader of a failed run wants to know first of each process. */
export function describeGrid(grid: GridWorld): string {
  return grid.processes
    .map((process) =>
      process.isUp ? describeMember(process.name, process.program.member) : `${process.name} down`,
    )
    .join('\n  ');
}

function describeMember(name: string, member: Member): string {
  const { raft } = member.meta;
  const moving = member.state.groups.flatMap((rows) => rows ?? []).filter(isMoving);
  const replicas = [...member.host.replicas()].map(
    ({ partition, replica: { role, state } }) => `${partition} ${role} of term ${state.term}`,
  );
  return JSON.stringify({
    name,
    isReady: member.isReady,
    lacks: member.unsafeReason,
    role: raft?.role,
    term: raft?.term,
    voters: raft?.config.voters,
    log: `${raft?.commit} of ${raft?.lastIndex}, config at ${raft?.configIndex}`,
    members: [...member.state.members.values()].map(({ id, status }) => `${id} ${status}`),
    moving,
    replicas,
  });
}
