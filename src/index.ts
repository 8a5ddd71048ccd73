/** The public entry of `shoal`: what is exported here is the contract, everything else may change. */
import { adminOf } from './admin/http.ts';
import { connect } from './client/node-client.ts';
import type { ConnectOptions, GridClient, Grid as GridContract, JoinOptions } from './grid.ts';
import { GridMember } from './member/grid-member.ts';

export { GridError, type GridErrorCode, type Outcome } from './base/errors.ts';
export type {
  CallOptions,
  ConnectOptions,
  Duration,
  GridClient,
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
  UserOptions,
} from './grid.ts';
export type { MergedStructure, MergePolicy, MergePolicyName } from './grid-merge.ts';
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
  /** Connects as a light client, which holds nothing; `ws://host:port` of one member or of several. */
  connect(urls: string | readonly string[], options: ConnectOptions = {}): Promise<GridClient> {
    return connect(urls, options);
  },
} as const;
