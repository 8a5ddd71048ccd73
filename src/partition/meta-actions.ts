/** What a member's part of the meta group says and wants done. */
import type { MemberId, PartitionId } from '../base/ids.ts';
import type { RaftMessage } from '../wire/consensus-messages.ts';
import type {
  MetaAlter,
  MetaHandover,
  MetaHeartbeat,
  MetaHeartbeatAck,
  MetaPropose,
  MetaProposed,
  MetaRemoved,
} from '../wire/meta-messages.ts';
import type { HealMessage } from './healer.ts';
import type { Yield } from './merges.ts';

export type MetaMessage =
  | MetaHeartbeat
  | MetaHeartbeatAck
  | MetaPropose
  | MetaProposed
  | MetaAlter
  | MetaHandover
  | MetaRemoved
  | HealMessage;

export type MetaAction =
  | {
      readonly kind: 'send';
      readonly to: MemberId;
      readonly message: MetaMessage | RaftMessage;
    }
  /** Rows changed; `all` after a snapshot. */
  | { readonly kind: 'table'; readonly partitions: ReadonlySet<PartitionId> | 'all' }
  | { readonly kind: 'leader'; readonly leader: MemberId | undefined }
  /** The others have gone on without this member. */
  | { readonly kind: 'removed' }
  /** Those who decide are gone: this member is to go on alone. */
  | { readonly kind: 'fork' }
  /** This member's lineage was merged into another: it is to go there. */
  | { readonly kind: 'yield'; readonly yields: Yield }
  /** Another cluster of the name holds something too. */
  | { readonly kind: 'apart'; readonly lineage: string };
