/** What a member is made of once the options were checked: plain values, defaults filled in. */
import type { Address } from '../base/ids.ts';
import type { Limits } from '../base/limits.ts';
import type { Timings } from '../base/timings.ts';
import type { ClusterSettings, SplitBrain } from '../partition/meta-state.ts';

export interface MemberSettings {
  readonly cluster: string;
  readonly name: string;
  readonly zone: string;
  /** False for a lite member. */
  readonly data: boolean;
  /** Its share of the copies is in proportion to it. */
  readonly weight: number;
  readonly seeds: readonly Address[];
  /** Whether this process may form a cluster by itself when nobody else answers. */
  readonly mayFormAlone: boolean;
  /** Whether there may be other seeds later. @default false */
  readonly seedsMayChange?: boolean;
  /** Whether it forms a cluster only where `permitForming` lets it. @default false */
  readonly needsPermit?: boolean;
  readonly expect: number;
  readonly backups: number;
  readonly minInSync: number;
  readonly partitions: number;
  readonly onPartitionLost: 'fail' | 'recreate';
  readonly splitBrain: SplitBrain;
  readonly timings: Timings;
  readonly limits: Limits;
}

/** What all members of a cluster have in common, fixed when it is formed. */
export function clusterSettingsOf(settings: MemberSettings): ClusterSettings {
  const { cluster, partitions, backups, minInSync, onPartitionLost, splitBrain } = settings;
  return { cluster, partitions, backups, minInSync, onPartitionLost, splitBrain };
}
