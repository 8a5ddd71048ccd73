/** What of a list of the table is of a partition: each list is looked through once, as it never changes. */
import type { PartitionId } from '../base/ids.ts';

interface OfPartition {
  readonly partition: PartitionId;
}

const indexes = new WeakMap<readonly OfPartition[], ReadonlyMap<PartitionId, OfPartition[]>>();
const none: readonly never[] = [];

export function ofPartition<One extends OfPartition>(
  list: readonly One[],
  partition: PartitionId,
): readonly One[] {
  let index = indexes.get(list) as ReadonlyMap<PartitionId, One[]> | undefined;
  if (index === undefined) {
    index = byPartition(list);
    indexes.set(list, index);
  }
  return index.get(partition) ?? none;
}

export function byPartition<One extends OfPartition>(
  list: readonly One[],
): ReadonlyMap<PartitionId, One[]> {
  const index = new Map<PartitionId, One[]>();
  for (const one of list) {
    const others = index.get(one.partition);
    if (others === undefined) index.set(one.partition, [one]);
    else others.push(one);
  }
  return index;
}
