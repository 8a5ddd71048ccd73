/**
 * How one row of the table may change: each function gives the new row, the same row with nothing
 * but its version to raise, or undefined where the request is outdated.
 */
import type { MemberId, Term, Version } from '../base/ids.ts';
import {
  type Alteration,
  type Assignment,
  type Command,
  copiesWanted,
  groupOf,
  isEligible,
  isServing,
  type MemberRow,
  type MetaState,
  type NewMember,
  type PartitionRow,
  rowOf,
} from './meta-state.ts';

/** A member as it comes in. */
export function memberRow(
  { id, name, address, zone, data, weight, protocol, formerly }: NewMember,
  status: MemberRow['status'],
  applied: number,
): MemberRow {
  const [joinedAt, servingSince] = [applied, applied];
  return {
    id,
    name,
    address,
    zone,
    data,
    weight,
    protocol,
    formerly,
    status,
    joinedAt,
    servingSince,
  };
}

/** A primary's wish for its in-sync set: a compare-and-set on (term, version). */
export function applyAlteration(state: MetaState, change: Alteration): PartitionRow | undefined {
  const row = rowOf(state, change.partition);
  if (row === undefined || row.term !== change.term || row.version !== change.version) {
    return undefined;
  }
  if (row.primary !== change.from || !isServing(state.members.get(change.from))) return undefined;
  if (!isAllowed(state, row, change)) return row;
  const learner =
    row.learner !== undefined && change.inSync.includes(row.learner) ? undefined : row.learner;
  const retiring = stillIn(row.retiring, change.inSync);
  const transferTo = stillIn(row.transferTo, change.inSync);
  // Who comes back after it was pruned has its content from a copy.
  const born = row.born.filter((id) => change.inSync.includes(id));
  // The set as it is: the primary gets nowhere with its learner, and another may be tried.
  const isGivenUp = born.length === row.born.length && isSameSet(row.inSync, change.inSync);
  if (isGivenUp) return { ...row, learner: undefined, retiring: undefined };
  return { ...row, inSync: change.inSync, learner, retiring, transferTo, born };
}

function stillIn(id: MemberId | undefined, inSync: readonly MemberId[]): MemberId | undefined {
  return id !== undefined && inSync.includes(id) ? id : undefined;
}

/** Whether a primary proposes no other set than there is. */
export function isSameSet(inSync: readonly MemberId[], proposed: readonly MemberId[]): boolean {
  return inSync.length === proposed.length && inSync.every((id) => proposed.includes(id));
}

function isAllowed(state: MetaState, row: PartitionRow, change: Alteration): boolean {
  const { inSync } = change;
  if (row.primary === undefined || !inSync.includes(row.primary)) return false;
  for (const id of inSync) {
    if (row.inSync.includes(id)) continue;
    // Only the appointed learner grows the set, and only while it serves.
    if (id !== row.learner || !isServing(state.members.get(id))) return false;
  }
  return !isRetiredTooSoon(state, row, change);
}

/** Who retires and serves stays for as long as fewer than are wanted serve without it. */
function isRetiredTooSoon(
  state: MetaState,
  { retiring, inSync: before }: PartitionRow,
  { partition, inSync }: Alteration,
): boolean {
  if (retiring === undefined || inSync.includes(retiring)) return false;
  if (inSync.length < before.length - 1 || !isServing(state.members.get(retiring))) return false;
  const serving = inSync.filter((id) => isServing(state.members.get(id)));
  return serving.length < copiesWanted(state, groupOf(partition, state.settings?.partitions ?? 1));
}

/** The controller's wish: who copies next, and to whom the primary is to pass its role. */
export function applyAssignment(state: MetaState, change: Assignment): PartitionRow | undefined {
  const row = rowOf(state, change.partition);
  if (row === undefined || row.version !== change.version || row.primary === undefined) {
    return undefined;
  }
  const { learner, retiring, transferTo } = change;
  if (learner !== undefined) {
    const member = state.members.get(learner);
    if (member === undefined || !isEligible(member) || row.inSync.includes(learner))
      return undefined;
  }
  if (retiring !== undefined && !row.inSync.includes(retiring)) return undefined;
  if (transferTo !== undefined && !isTarget(state, row, transferTo)) return undefined;
  return { ...row, learner, retiring, transferTo };
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

/** Whether a command changes rows, and nothing else that could ask for another primary. */
export function changesRowsAlone({ type }: Command): boolean {
  return type === 'alter' || type === 'assign' || type === 'handover';
}

/** Of how many partitions each member is primary. */
export function primariesOf({ groups }: MetaState): Map<MemberId, number> {
  const load = new Map<MemberId, number>();
  for (const { primary } of groups.flatMap((rows) => rows ?? [])) {
    if (primary !== undefined) load.set(primary, (load.get(primary) ?? 0) + 1);
  }
  return load;
}

/** The candidate with the fewest of something; the first of equals. */
export function lightest(
  candidates: readonly MemberId[],
  load: ReadonlyMap<MemberId, number>,
): MemberId | undefined {
  let best: MemberId | undefined;
  for (const id of candidates) {
    if (best === undefined || (load.get(id) ?? 0) < (load.get(best) ?? 0)) best = id;
  }
  return best;
}

/** A row whose content is about to begin, above a rank. */
export function unbornRow(rank: number): PartitionRow {
  return {
    version: 0 as Version,
    term: 0 as Term,
    primary: undefined,
    inSync: [],
    learner: undefined,
    retiring: undefined,
    transferTo: undefined,
    generation: 0,
    rank,
    born: [],
  };
}

/** A row with which these go on in the next term, the first as primary, above a rank; `born`: who begins it empty. */
export function begunRow(
  { version, term }: PartitionRow,
  inSync: readonly MemberId[],
  rank: number,
  born: readonly MemberId[],
): PartitionRow {
  return {
    version,
    term: (term + 1) as Term,
    primary: inSync[0],
    inSync,
    learner: undefined,
    retiring: undefined,
    transferTo: undefined,
    generation: rank,
    rank,
    born,
  };
}

/** A row of which no copy is left; whether it is born again is for the state machine to say. */
export function lostRow(row: PartitionRow): PartitionRow {
  return {
    version: (row.version + 1) as Version,
    term: row.term,
    primary: undefined,
    inSync: [],
    learner: undefined,
    retiring: undefined,
    transferTo: undefined,
    generation: row.generation,
    rank: row.rank,
    born: [],
  };
}
