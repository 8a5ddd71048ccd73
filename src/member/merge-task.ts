/** The pieces in which a process brings what it had: of each structure what stands in one partition. */
import type { PartitionId } from '../base/ids.ts';
import type { Estate } from '../partition/replica-state.ts';
import type { StructureRow } from '../partition/router-port.ts';
import type { Offer, Store } from '../partition/store.ts';
import type { CustomMerge } from './custom-merge.ts';
import type { MergeInheritance, Place } from './inheritance.ts';

export interface MergeTask extends Place {
  readonly row: StructureRow;
  readonly partition: PartitionId;
  readonly estate: Estate;
  readonly store: Store;
  /** Before this it is not tried again. */
  notBefore: number;
  /** What is offered next may have arrived already. */
  isUncertain: boolean;
  /** What was offered and not taken yet. */
  offer: Offer | undefined;
  custom: CustomMerge | undefined;
}

/** Where an identity before this one had begun one, it goes on from there. */
export function tasksOf(
  { state, progress }: MergeInheritance,
  estates: ReadonlyMap<PartitionId, Estate>,
): MergeTask[] {
  const tasks: MergeTask[] = [];
  for (const row of state.structures.values()) {
    for (const [partition, estate] of estates) {
      const store = estate.content.stores.get(row.id);
      if (store === undefined) continue;
      const before = progress?.places.get(placeName({ row, partition }));
      const { at, isBusy: isUncertain } = before ?? { at: 0, isBusy: false };
      const [isBusy, notBefore, offer, custom] = [false, 0, undefined, undefined];
      tasks.push({
        row,
        partition,
        estate,
        store,
        at,
        isUncertain,
        isBusy,
        notBefore,
        offer,
        custom,
      });
    }
  }
  return tasks;
}

/** Partitions of which something was brought, or may have been. */
export function touchedIn(tasks: readonly MergeTask[]): Set<PartitionId> {
  const touched = tasks.filter(({ at, isUncertain }) => at !== 0 || isUncertain);
  return new Set(touched.map(({ partition }) => partition));
}

export function placesOf(tasks: readonly MergeTask[]): ReadonlyMap<string, Readonly<Place>> {
  return new Map(tasks.map((task) => [placeName(task), { at: task.at, isBusy: task.isBusy }]));
}

function placeName({ row, partition }: Pick<MergeTask, 'row' | 'partition'>): string {
  return `${partition} ${row.id}`;
}
