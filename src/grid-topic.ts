/** The contract of topics with users: types only, open to all layers, as grid.ts. */
import type { Observable } from 'rxjs';
import type { CallOptions } from './base/call-options.ts';

/** Options of a topic; a later caller with other options gets `GRID_BAD_OPTION` naming both. */
export interface TopicOptions {
  /** Copies beside the primary, 0 to 3. @default 1 */
  readonly backups?: number;
  /** How many of its last messages the topic keeps for those who come later. @default 1000 */
  readonly retain?: number;
  /** How many bytes of them at most. @default 16 MiB */
  readonly retainBytes?: number;
}

/** What is done with a message for a subscriber whose buffer is full. */
export type OverflowPolicy = 'drop-oldest' | 'drop-newest' | 'close';

/** Messages that a subscriber has missed, told before the message that comes next. */
export interface TopicGap {
  /** The first number that was missed. */
  readonly from: number;
  /** The last; undefined after a restart, where it is not known. */
  readonly to: number | undefined;
  /**
   * `overflow`: the subscriber's buffer was full. `trimmed`: the topic retains them no more.
   * `restarted`: the topic was destroyed and made anew, or lost: numbers count from 1 again.
   */
  readonly reason: 'overflow' | 'trimmed' | 'restarted';
}

/** What a listener is told beside the message. */
export interface MessageContext {
  /** The message's number: counted from 1 without holes, the same for every subscriber. */
  readonly sequence: number;
  /** Grid time, milliseconds since 1970. */
  readonly publishedAt: number;
}

/** A promise that is returned is awaited before the next message comes. */
export type TopicListener<M> = (message: M, context: MessageContext) => unknown;

export interface SubscribeOptions extends CallOptions {
  /**
   * `now`: messages published from now on. `earliest`: from the first that is retained. A number: from
   * the message of that number; give the last one seen plus 1 to resume. One further beyond the end is that of
   * an earlier topic of this name: a gap `restarted` is told, and it goes on as with `earliest`. @default 'now'
   */
  readonly from?: 'now' | 'earliest' | number;
  /** How many messages may wait for this subscriber, 1 to 1,000,000. @default 1000 */
  readonly buffer?: number;
  /** @default 'drop-oldest' */
  readonly onOverflow?: OverflowPolicy;
  /** Told once for each hole. @default a warning to the grid's logger */
  readonly onGap?: (gap: TopicGap) => void;
  /** Told what the listener throws or rejects with; it goes on. @default an error to the grid's logger */
  readonly onError?: (error: unknown, context: MessageContext) => void;
}

/** A subscription in force. */
export interface Subscription extends AsyncDisposable {
  readonly isOpen: boolean;
  /** The number of the last message that the listener was given; 0 before the first. */
  readonly sequence: number;
  /** No message is given after this was called. Idempotent. */
  close(): Promise<void>;
  /** Resolves at the end: undefined after `close`, else the error that ended it. It never rejects. */
  readonly closed: Promise<Error | undefined>;
}

/**
 * Messages that go to every subscriber in one order, after all their copies were made. A subscriber
 * survives the loss of its primary and of its connection without loss or repetition; where messages
 * were lost to it all the same, it is told by a `gap`.
 *
 * `publish` rejects as a map's calls do. A loop over the topic, and `messages`, begin with what is
 * published from then on; a loop has a buffer of 1,000 messages, of which the oldest are dropped.
 */
export interface GridTopic<M = unknown> {
  readonly name: string;
  /** Resolves to the message's number when it has all its copies. */
  publish(message: M, options?: CallOptions): Promise<number>;
  /** Resolves when it is in force. `signal` ends the subscription too. */
  subscribe(listener: TopicListener<M>, options?: SubscribeOptions): Promise<Subscription>;
  /** As a loop over the topic, with options. Leaving the loop ends the subscription. */
  iterate(options?: SubscribeOptions): AsyncIterableIterator<M>;
  [Symbol.asyncIterator](): AsyncIterableIterator<M>;
  /** Each subscription to it is one to the topic. */
  readonly messages: Observable<M>;
  /** How many messages are retained. */
  size(options?: CallOptions): Promise<number>;
  /** Ends this topic; its subscribers are told of a gap and go on with the next of this name. */
  destroy(options?: CallOptions): Promise<void>;
}
