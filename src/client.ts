/** The entry `shoal/client`: the light client alone. Bundles for browsers get client-browser.ts, which exports the same. */
export { GridError, type GridErrorCode, type Outcome } from './base/errors.ts';
export type { Logger } from './base/logger.ts';
export { connect } from './client/node-client.ts';
export type {
  CallOptions,
  ConnectOptions,
  Duration,
  GridClient,
  GridEvent,
  GridMap,
  GridQueue,
  Key,
  MapChange,
  MapEntry,
  MapOptions,
  Member,
  QueueOptions,
  SetOptions,
  StructureSummary,
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
