/**
 * How one row of the table may change: each function gives the new row, the same row with nothing
 * but its version to raise, or undefined where the request is outdated.
 */
import type { MemberId, Term } from '../base/ids.ts';
import {
  type Alteration,
  type Assignment,
  isEligible,
  isServing,
  type MetaState,
  type PartitionRow,
  rowOf,
} from './meta-state.ts';

/** A primary's wish for its in-sync set: a compare-and-set on (term, version). */
export function applyAlteration(state: MetaState, change: Alteration): PartitionRow | undefined {
  const row = rowOf(state, change.partition);
  if (row === undefined || row.term !== change.term || row.version !== change.version) {
    return undefined;
  }
  if (row.primary !== change.from || !isServing(state.members.get(change.from))) return undefined;
  if (!isAllowed(state, row, change.inSync)) return row;
  const learner =
    row.learner !== undefined && change.inSync.includes(row.learner) ? undefined : row.learner;
  const transferTo =
    row.transferTo !== undefined && change.inSync.includes(row.transferTo)
      ? row.transferTo
      : undefined;
  // Who comes back after it was pruned has its content from a copy.
  const born = row.born.filter((id) => change.inSync.includes(id));
  return { ...row, inSync: change.inSync, learner, transferTo, born };
}

function isAllowed(state: MetaState, row: PartitionRow, inSync: readonly MemberId[]): boolean {
  if (row.primary === undefined || !inSync.includes(row.primary)) return false;
  for (const id of inSync) {
    if (row.inSync.includes(id)) continue;
    // Only the appointed learner grows the set, and only while it serves.
    if (id !== row.learner || !isServing(state.members.get(id))) return false;
  }
  return true;
}

/** The controller's wish: who copies next, and to whom the primary is to pass its role. */
export function applyAssignment(state: MetaState, change: Assignment): PartitionRow | undefined {
  const row = rowOf(state, change.partition);
  if (row === undefined || row.version !== change.version || row.primary === undefined) {
    return undefined;
  }
  const { learner, transferTo } = change;
  if (learner !== undefined) {
    const member = state.members.get(learner);
    if (member === undefined || !isEligible(member) || row.inSync.includes(learner))
      return undefined;
  }
  if (transferTo !== undefined && !isTarget(state, row, transferTo)) return undefined;
  return { ...row, learner, transferTo };
}

function isTarget(state: MetaState, row: PartitionRow, id: MemberId): boolean {
  return id !== row.primary && row.inSync.includes(id) && state.members.get(id)?.status === 'up';
}

/** A drained primary passes its role on; it gives up its lease for the partition by asking. */
export function applyHandover(
  state: MetaState,
  request: {
    readonly from: MemberId;
    readonly partition: Alteration['partition'];
    readonly term: Term;
    readonly version: Alteration['version'];
    readonly to: MemberId;
  },
): PartitionRow | undefined {
  const row = rowOf(state, request.partition);
  if (row === undefined || row.term !== request.term || row.version !== request.version) {
    return undefined;
  }
  if (row.primary !== request.from || !isServing(state.members.get(request.from))) return undefined;
  if (!isTarget(state, row, request.to)) return row;
  const term = (row.term + 1) as Term;
  return { ...row, primary: request.to, term, transferTo: undefined };
}
