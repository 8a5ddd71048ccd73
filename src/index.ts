/** The public entry of `shoal`: what is exported here is the contract, everything else may change. */
import { adminOf } from './admin/http.ts';
import type { Grid as GridContract, JoinOptions } from './grid.ts';
import { GridMember } from './member/grid-member.ts';

export { GridError, type GridErrorCode, type Outcome } from './base/errors.ts';
export type {
  CallOptions,
  Duration,
  GridEvent,
  GridMap,
  GridQueue,
  JoinOptions,
  Key,
  LocalMap,
  MapChange,
  MapEntry,
  MapOptions,
  Member,
  QueueOptions,
  SetOptions,
  StructureSummary,
  TlsOptions,
} from './grid.ts';
export type {
  GridTopic,
  MessageContext,
  OverflowPolicy,
  SubscribeOptions,
  Subscription,
  TopicGap,
  TopicListener,
  TopicOptions,
} from './grid-topic.ts';

/** The grid as one process sees it. */
export type Grid = GridContract;

export const Grid = {
  /** Makes this process a member; resolves when it serves. */
  join(options: JoinOptions = {}): Promise<Grid> {
    return GridMember.join(options, adminOf);
  },
} as const;
