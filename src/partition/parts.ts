/**
 * What is known of copies that were brought into a lineage: so whoever comes later, by whichever way, knows what of
 * its own history is there already (docs/decisions/0018-merges.md).
 */
import type { PartitionId } from '../base/ids.ts';
import { endOf, type Line, type Lineage, lineOf, type Part } from './lineage.ts';
import { rankOf } from './meta-state.ts';
import { type Parting, partingOf } from './parting.ts';

/** Parts of a partition that are remembered, the latest: what is beyond may be brought again. */
const partsMax = 16;

export function partsOf({ parts }: Lineage, partition: PartitionId): Part[] {
  return parts.filter((part) => part.partition === partition);
}

/** With what was brought besides; of the same history and merge one is known, which goes as far as either. */
export function withParts(lineage: Lineage, more: readonly Part[]): Lineage {
  if (more.length === 0) return lineage;
  const parts = new Map(lineage.parts.map((part) => [nameOf(part), part]));
  for (const part of more) {
    const known = parts.get(nameOf(part)) ?? part;
    const upTo = Math.max(known.upTo, part.upTo);
    const isWhole = known.isWhole || part.isWhole;
    parts.delete(nameOf(part));
    parts.set(nameOf(part), { ...part, upTo, isWhole });
  }
  return { ...lineage, parts: latest([...parts.values()]) };
}

/** Where another history went apart from that of a part, as far as this was brought. */
export function partingFrom({ line, upTo, isWhole }: Part, other: Line): Parting | undefined {
  const parting = partingOf(line, other);
  if (parting === undefined || parting.mine !== undefined) return parting;
  const { mine, theirs, commonUpTo } = parting;
  // Its primary brought all that was committed: what a fork took along beyond that nobody was told of. Where the
  // copy was older, what came after it is to come.
  if (isWhole && rankOf(upTo) >= rankOf(commonUpTo)) return parting;
  return { mine, theirs, commonUpTo: Math.min(commonUpTo, upTo) };
}

/** Whether a lineage has all of what was brought to another. */
export function isAllIn(lineage: Lineage, part: Part): boolean {
  const { partition, line, upTo } = part;
  const own = partingOf(lineOf(lineage, partition), line);
  if (own !== undefined && own.theirs === undefined && own.commonUpTo >= upTo) return true;
  return partsOf(lineage, partition).some((one) => {
    if (one.isWhole && endOf(one.line) === endOf(line)) return true;
    const parting = partingFrom(one, line);
    return parting !== undefined && parting.theirs === undefined && parting.commonUpTo >= upTo;
  });
}

function nameOf({ partition, line, rank }: Part): string {
  return `${partition} ${endOf(line)} ${rank}`;
}

function latest(parts: readonly Part[]): Part[] {
  const counts = new Map<PartitionId, number>();
  const kept: Part[] = [];
  for (const part of parts.toReversed()) {
    const count = (counts.get(part.partition) ?? 0) + 1;
    counts.set(part.partition, count);
    if (count <= partsMax) kept.push(part);
  }
  return kept.reverse();
}
