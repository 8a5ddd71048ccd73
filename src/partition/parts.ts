/**
 * What is known of copies that were brought into a lineage: so whoever comes later, by whichever way, knows what of
 * its own history is there already (docs/decisions/0018-merges.md).
 */
import type { PartitionId } from '../base/ids.ts';
import { endOf, type Line, type Lineage, lineOf, type Part } from './lineage.ts';
import { rankOf } from './meta-state.ts';
import { byPartition, ofPartition } from './of-partition.ts';
import { type Parting, partingOf } from './parting.ts';

/** Parts of a partition that are remembered, the latest: what is beyond may be brought again. */
const partsMax = 16;

export function partsOf({ parts }: Lineage, partition: PartitionId): readonly Part[] {
  return ofPartition(parts, partition);
}

/** With what was brought besides; of the same history one is known, which goes as far as either. */
export function withParts(lineage: Lineage, more: readonly Part[]): Lineage {
  if (more.length === 0) return lineage;
  const parts = new Map(lineage.parts.map((part) => [nameOf(part), part]));
  for (const part of more) {
    const name = nameOf(part);
    const known = parts.get(name) ?? part;
    const upTo = Math.max(known.upTo, part.upTo);
    const isWhole = known.isWhole || part.isWhole;
    parts.delete(name);
    parts.set(name, { ...part, upTo, isWhole });
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

/** Up to which version a lineage has what was brought to another. */
export function reachIn(lineage: Lineage, part: Part): number {
  const { partition, line, upTo } = part;
  let reach = partingOf(lineOf(lineage, partition), line)?.commonUpTo ?? 0;
  for (const one of partsOf(lineage, partition)) {
    if (one.isWhole && endOf(one.line) === endOf(line)) return upTo;
    reach = Math.max(reach, partingFrom(one, line)?.commonUpTo ?? 0);
  }
  return Math.min(reach, upTo);
}

function nameOf({ partition, line }: Part): string {
  return `${partition} ${endOf(line)}`;
}

function latest(parts: readonly Part[]): Part[] {
  return [...byPartition(parts).values()].flatMap((all) => all.slice(-partsMax));
}
