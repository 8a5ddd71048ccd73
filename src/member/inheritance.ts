/** What one identity of a process leaves to the next (PROTOCOL.md 2.8). */
import type { MemberId } from '../base/ids.ts';
import { type Fork, forkedState } from '../partition/fork.ts';
import { type MetaState, type NewMember, rowOf } from '../partition/meta-state.ts';
import type { Legacy, PartitionHost } from '../partition/partition-host.ts';

/** It goes on alone, in a lineage of its own, with all that it held in sync. */
export interface Inheritance {
  readonly kind: 'fork';
  readonly from: MemberId;
  /** The table as it was last known. */
  readonly state: MetaState;
  readonly legacy: Legacy;
  readonly gridTime: number;
}

/** The state with which the heir's lineage begins; what is taken along is in the host by then. */
export function claim(
  inheritance: Inheritance,
  heir: NewMember,
  lineage: string,
  host: PartitionHost,
): MetaState {
  const { from, legacy } = inheritance;
  const fork: Fork = {
    id: lineage,
    from,
    to: heir,
    held: (partition) => legacy.estates.get(partition)?.version,
  };
  const state = forkedState(inheritance.state, fork);
  const rank = state.lineage.branches.at(-1)?.rank ?? 0;
  for (const [partition, { content }] of legacy.estates) {
    if (rowOf(state, partition)?.primary === heir.id) host.inherit(partition, content, rank);
    else content.release();
  }
  return state;
}
