/**
 * How the table changes when lineages merge (PROTOCOL.md 2.8, rules 0.5 and 0.11): the winner takes the
 * other in, and notes what its members bring; the loser ends.
 *
 * Rules
 * 1. The winner's versions go on above all of both before anything of the loser is brought in.
 * 2. What is brought in is counted, by structure: what was kept, and what was discarded. A member that does
 *    not bring what it had is counted too.
 * 3. Of each partition one member brings what it has at a time, of whichever lineage, and the next what that had not.
 */
import type { MemberId, PartitionId } from '../base/ids.ts';
import type { MergedStructure } from '../grid-merge.ts';
import { highestRank } from './fork.ts';
import type { Lineage, Part } from './lineage.ts';
import { isAway, type MetaState, type PartitionRow, rowOf } from './meta-state.ts';
import { withParts } from './parts.ts';

/** A partition that a member has brought, here or to a lineage that was taken in. What is here `Part` says. */
export interface Brought {
  readonly partition: PartitionId;
  readonly by: MemberId;
  /** The last version that came: others of its lineage may have a copy of the same. */
  readonly upTo: number;
  /** Where the line of its content ends. */
  readonly end: string;
}

/** A partition that a member has taken upon itself to bring: until it has, nobody else does. */
export interface Undertaking {
  readonly partition: PartitionId;
  readonly by: MemberId;
  /** Who it is in the lineage that stays. Once that one has gone it holds no longer. */
  readonly holder: MemberId;
}

/** A lineage that was taken in, and what came of it. */
export interface Merge {
  readonly lineage: string;
  /** The rank that all partitions of the winner have had since. */
  readonly rank: number;
  /** The former members that still have to bring what they had. */
  readonly open: readonly MemberId[];
  /** Those that have, or will not: a late word of their lineage does not open them again. */
  readonly closed: readonly MemberId[];
  /** How many will not. */
  readonly missing: number;
  readonly report: readonly MergedStructure[];
  /** What was brought by whom. */
  readonly brought: readonly Brought[];
  readonly undertaken: readonly Undertaking[];
}

/** Where the members of a lineage go that ends. */
export interface Yield {
  readonly to: string;
  readonly addresses: readonly string[];
}

export interface Absorb {
  readonly type: 'absorb';
  readonly lineage: string;
  /** What it took in itself before. */
  readonly merged: readonly string[];
  /** Whether it ends with that; else only some of its members come, since nobody leads it where they are. */
  readonly isWhole: boolean;
  /** The highest rank in it. */
  readonly rank: number;
  /** Its members that hold something. */
  readonly contributors: readonly MemberId[];
}

/** A former member is about to bring these; of each of them one is at a time. */
export interface Undertake {
  readonly type: 'undertake';
  readonly lineage: string;
  readonly contributor: MemberId;
  readonly holder: MemberId;
  readonly partitions: readonly PartitionId[];
}

export interface Merged {
  readonly type: 'merged';
  readonly lineage: string;
  readonly contributor: MemberId;
  readonly report: readonly MergedStructure[];
  readonly brought: readonly Brought[];
  /** What of it was brought to here: its copies, and what others had brought to them before. */
  readonly parts: readonly Part[];
  /** Whether nothing more comes; what others wait for is told before. */
  readonly isLast: boolean;
  /** False where it is given up. */
  readonly isWhole: boolean;
}

/** Lineages that are remembered after they were merged. */
const mergedMax = 64;
/** Merges whose reports are kept. */
const mergesMax = 16;

/** What came of a lineage that was taken in; undefined where none of that name was. */
export function mergeOf({ merges }: Pick<MetaState, 'merges'>, lineage: string): Merge | undefined {
  return merges.find((merge) => merge.lineage === lineage);
}

/** What the table says of histories. */
export interface Histories {
  readonly lineage: Lineage;
  readonly merges: readonly Merge[];
}

export interface Absorbed extends Histories {
  readonly rank: number;
}

/** The winner's lineage and merges with another one taken in; its rows get the rank. */
export function absorbed(state: MetaState, command: Absorb): Absorbed {
  const { lineage, contributors } = command;
  const rank = Math.max(highestRank(state), command.rank) + 1;
  const before = mergeOf(state, lineage);
  const { missing = 0, report = [], brought = [], undertaken = [] } = before ?? {};
  const all = new Set([...(before?.open ?? []), ...contributors]);
  // What those had who began this lineage is here: they may not have been missed yet where they came from.
  const survivors = state.lineage.branches.map(({ survivor }) => survivor);
  const here = contributors.filter((id) => survivors.includes(id));
  const closed = [...new Set([...(before?.closed ?? []), ...here])];
  const open = [...all].filter((id) => !closed.includes(id));
  const others = state.merges.filter((merge) => merge.lineage !== lineage);
  const merge: Merge = {
    lineage,
    rank,
    open,
    closed,
    missing,
    report,
    brought,
    undertaken,
  };
  const merges = [...others, merge].slice(-mergesMax);
  const ended = command.isWhole ? [...command.merged, lineage] : [];
  const names = new Set([...state.lineage.merged, ...ended]);
  const merged = [...names].slice(-mergedMax);
  return { lineage: { ...state.lineage, merged }, merges, rank };
}

export function withRank(row: PartitionRow, rank: number): PartitionRow {
  return { ...row, rank: Math.max(rank, row.rank) };
}

/** What somebody else has taken upon itself who is still here is left to that one. */
export function undertaken(state: MetaState, command: Undertake): readonly Merge[] {
  const { lineage, contributor: by, holder, partitions } = command;
  const merge = mergeOf(state, lineage);
  if (merge === undefined || !state.members.has(holder)) return state.merges;
  const isAtIt = (other: Undertaking) => other.by !== by && !isAway(state, other.holder);
  const others = state.merges.flatMap((one) => one.undertaken.filter(isAtIt));
  // A word that is committed late does not take on what was done since.
  const done = merge.brought.filter((copy) => copy.by === by);
  const taken = new Set([...others, ...done].map(({ partition }) => partition));
  const mine = new Set(partitions.filter((partition) => !taken.has(partition)));
  const more = Array.from(mine, (partition) => ({ partition, by, holder }));
  const rest = withoutUndertakings(state, mine);
  return withMerge({ merges: rest }, lineage, (one) => ({
    ...one,
    undertaken: [...one.undertaken, ...more],
  }));
}

/** Nobody is at what goes on here with another content. */
export function withoutUndertakings(
  { merges }: Pick<MetaState, 'merges'>,
  partitions: ReadonlySet<PartitionId>,
): readonly Merge[] {
  return merges.map((merge) => {
    const undertaken = merge.undertaken.filter(({ partition }) => !partitions.has(partition));
    return undertaken.length === merge.undertaken.length ? merge : { ...merge, undertaken };
  });
}

/** What is told a second time changes nothing; who comes after it was given up is not counted any more. */
export function reported(state: MetaState, command: Merged): Histories {
  const { lineage, contributor, report, isLast, isWhole } = command;
  const merges = withMerge(state, lineage, (merge) => {
    const isOpen = merge.open.includes(contributor);
    const isEnd = isOpen && isLast;
    const ofIts = ({ by }: Brought | Undertaking) => by === contributor;
    const known = new Set(merge.brought.filter(ofIts).map(({ partition }) => partition));
    const told = new Set(command.brought.map(({ partition }) => partition));
    const isDone = (one: Undertaking) =>
      ofIts(one) && ((isLast && isWhole) || told.has(one.partition));
    return {
      ...merge,
      open: isEnd ? merge.open.filter((id) => id !== contributor) : merge.open,
      closed: isEnd ? [...merge.closed, contributor] : merge.closed,
      missing: merge.missing + (isOpen && !isWhole ? 1 : 0),
      report: isOpen ? summed(merge.report, report) : merge.report,
      brought: [...merge.brought, ...command.brought.filter((one) => !known.has(one.partition))],
      undertaken: merge.undertaken.filter((one) => !isDone(one)),
    };
  });
  return { lineage: withParts(state.lineage, command.parts), merges };
}

function withMerge(
  { merges }: Pick<MetaState, 'merges'>,
  lineage: string,
  change: (merge: Merge) => Merge,
): readonly Merge[] {
  return merges.map((merge) => (merge.lineage === lineage ? change(merge) : merge));
}

/** Lost partitions that come back for what a former member of a merged lineage has of them. */
export function revivable(
  state: MetaState,
  lineage: string,
  partitions: readonly PartitionId[],
): PartitionId[] {
  const isOpen = state.merges.some((merge) => merge.lineage === lineage && merge.open.length > 0);
  if (!isOpen) return [];
  return partitions.filter((partition) => {
    const row = rowOf(state, partition);
    return row !== undefined && row.primary === undefined;
  });
}

function summed(
  before: readonly MergedStructure[],
  more: readonly MergedStructure[],
): readonly MergedStructure[] {
  const sums = new Map(before.map((row) => [`${row.type} ${row.name}`, row]));
  for (const row of more) {
    const sum = sums.get(`${row.type} ${row.name}`);
    const kept = row.kept + (sum?.kept ?? 0);
    const discarded = row.discarded + (sum?.discarded ?? 0);
    sums.set(`${row.type} ${row.name}`, { type: row.type, name: row.name, kept, discarded });
  }
  return [...sums.values()];
}
