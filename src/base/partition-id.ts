/** The number of a partition in the table, for whoever looks for its primary. */
import type { PartitionId } from './ids.ts';

export function partitionIdOf(backups: number, index: number, partitions: number): PartitionId {
  return (backups * partitions + index) as PartitionId;
}
