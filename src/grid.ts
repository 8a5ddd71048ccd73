/** The contract with users, as API.md has it of the parts that exist: types only, open to all layers. */
import type { Observable } from 'rxjs';
import type { CallOptions } from './base/call-options.ts';
import type { Duration } from './base/duration.ts';
import type { Logger } from './base/logger.ts';
import type { Preset } from './base/timings.ts';
import type { GridEvent } from './grid-event.ts';
import type { MergePolicy, MergePolicyName } from './grid-merge.ts';
import type { GridTopic, TopicOptions } from './grid-topic.ts';
import type { Key } from './wire/key.ts';

export type { CallOptions, Duration, GridEvent, Key };

/** One process of the grid, as `grid.self` and `grid.members` show it. */
export interface Member {
  /** Made anew at every start of the process. */
  readonly id: string;
  readonly name: string;
  /** `host:port`. */
  readonly address: string;
  readonly zone: string | undefined;
  readonly state: 'joining' | 'up' | 'suspected' | 'leaving';
}

/** Options of a map; a later caller with other options gets `GRID_BAD_OPTION` naming both. */
export interface MapOptions {
  /** Copies beside the primary, 0 to 3. @default 1 */
  readonly backups?: number;
  /** How long an entry lives that was set without a `ttl` of its own. @default for ever */
  readonly ttl?: Duration;
  /** As `SetOptions.jitter`, where a call does not say. @default 0 */
  readonly jitter?: number;
  /**
   * What becomes of a key when a split heals and both sides have written it: `putIfAbsent` keeps what the
   * side has that stays, `latestUpdate` what was written last, `higherHits` what was used more, `passThrough`
   * what comes in. `discard` brings in nothing at all. Or the name of one of `mergePolicies`.
   * @default 'putIfAbsent'
   */
  readonly merge?: MergePolicyName | (string & {});
}

/** Options of the calls that set a value. */
export interface SetOptions extends CallOptions {
  /** How long the entry lives, over 0; it is never seen after that. @default the map's */
  readonly ttl?: Duration;
  /**
   * The share of the time to live, 0 to 1, that chance may take off, so that what was set together does
   * not go together. @default the map's
   */
  readonly jitter?: number;
}

export interface TlsOptions {
  readonly key: string;
  readonly cert: string;
  readonly ca?: string;
  readonly requireClientCert?: boolean;
}

/** How a user shows who they are, with 16 characters at least: a token alone, or the name with a password. */
export type UserOptions = { readonly token: string } | { readonly password: string };

/** Options of `Grid.join`. A wrong one is a `GRID_BAD_OPTION` that names it. */
export interface JoinOptions {
  /** Members and clients of another name are refused. @default 'shoal' */
  readonly cluster?: string;
  /** A member's human name. @default host and pid */
  readonly name?: string;
  /**
   * Where to listen; port 0 is any free port. A host beyond loopback needs `secret`, or `tls` with
   * client certificates, or `insecure`. @default { host: '127.0.0.1', port: 7400 }; without `seeds` too, the
   * next ports where that is taken, and whoever of this cluster is at one of them
   */
  readonly listen?: { readonly host?: string; readonly port?: number };
  /** The `host:port` under which others reach this member. @default from `listen` */
  readonly advertise?: string;
  /** Addresses, DNS names, files and services (docs/operating.md). @default [], or those of this machine */
  readonly seeds?: readonly string[];
  /** How many members the first formation waits for. @default 1 */
  readonly expect?: number;
  /** Copies beside the primary, 0 to 3. @default 1 */
  readonly backups?: number;
  /** Copies that have to be in sync for a write to be taken. @default 1 */
  readonly minInSync?: number;
  /** Fixed when the cluster is born. @default 271 */
  readonly partitions?: number;
  /** What becomes of a partition all of whose copies are gone. @default 'fail' */
  readonly onPartitionLost?: 'fail' | 'recreate';
  /**
   * What a side does that has lost the majority: `consistency` waits; `auto` goes on alone after 10 s in a grid
   * of one or two members and waits in a larger one; `availability` goes on alone always. @default 'auto'
   */
  readonly splitBrain?: 'auto' | 'consistency' | 'availability';
  /** False for a lite member, which holds nothing. @default true */
  readonly data?: boolean;
  /** Backups go to other zones where there are any. @default none */
  readonly zone?: string;
  /** Its share of the copies and of the work is in proportion to it, 0.01 to 100. @default 1 */
  readonly weight?: number;
  /**
   * How long after a member was lost copies and primaries stay where they are, but for what is missing: so a
   * process that comes straight back does not cause two reshuffles. Said by each member, used by the one that leads.
   * @default '30s' (a third of it in preset `local`, four times in `wan`)
   */
  readonly rebalanceDelay?: Duration;
  /** All timings at once. @default 'lan' */
  readonly preset?: Preset;
  /** Members prove that they know it, without sending it. @default none */
  readonly secret?: string;
  readonly tls?: TlsOptions;
  /** Listens beyond loopback without a secret, with a warning. @default false */
  readonly insecure?: boolean;
  /**
   * Who may connect as a client, by name. Needed for clients where there is a `secret`.
   * @default everybody who reaches the port, or nobody where there is a `secret`
   */
  readonly users?: Readonly<Record<string, UserOptions>>;
  /** Origins of web pages that may connect as clients, such as 'https://app.example'. @default [] */
  readonly origins?: readonly string[];
  /** Options of maps by name or by pattern (`*`). @default none */
  readonly maps?: Readonly<Record<string, MapOptions>>;
  /** Merge policies by name, the same on every member; `merge` of a map names them. @default none */
  readonly mergePolicies?: Readonly<Record<string, MergePolicy>>;
  /** Options of queues by name or by pattern (`*`). @default none */
  readonly queues?: Readonly<Record<string, QueueOptions>>;
  /** Options of topics by name or by pattern (`*`). @default none */
  readonly topics?: Readonly<Record<string, TopicOptions>>;
  /** @default a pino at level `warn` */
  readonly logger?: Logger;
  /** How long joining may take, over 0 and at most 24 days. @default '10s' */
  readonly timeout?: Duration;
  /** Ends the joining when it aborts. */
  readonly signal?: AbortSignal;
}

/** A value with what the grid knows about it. Times are grid time, milliseconds since 1970. */
export interface MapEntry<K, V> {
  readonly key: K;
  readonly value: V;
  /** Grows with every write of the key; it begins somewhere above 0, which stands for an absent key. */
  readonly version: number;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** Undefined where it never expires. */
  readonly expiresAt: number | undefined;
}

/**
 * What happened to a map. Branch on `type`. Those of one partition come in order, each once, after they
 * were committed; `version` is that of the write, and grows from one to the next: what one call has changed in a
 * partition shares it, as do the two changes of a key that is twice in a `setMany`. `previous` is left out where
 * there was nothing before, or the change would pass 64 KiB with it.
 */
export type MapChange<K, V> =
  | {
      readonly type: 'set';
      readonly key: K;
      readonly value: V;
      readonly previous?: V;
      readonly version: number;
    }
  | {
      readonly type: 'delete' | 'expire';
      readonly key: K;
      readonly previous?: V;
      readonly version: number;
    }
  /** What one partition held was cleared: there is one for each that held something. */
  | { readonly type: 'clear'; readonly version: number }
  /**
   * Something was or may have been missed: the changes of a partition come faster than they are taken, it has
   * another primary, this process was away, or the watch began before a primary knew of the map, or was one.
   */
  | { readonly type: 'gap' };

/** What this member holds as primary: read here and now, without asking anybody. */
export interface LocalMap<K, V> {
  keys(): IterableIterator<K>;
  entries(): IterableIterator<[K, V]>;
  /** Undefined also where another member holds the key. It may be stale. */
  peek(key: K): V | undefined;
}

/**
 * A map that every member shares. Keys: string, number, bigint, boolean, `Uint8Array`, arrays of these,
 * or `{ key, affinity }`. Values: whatever structured clone keeps; what comes out is the caller's own. What
 * comes out otherwise than it went in: -0 as 0, the holes of an array as undefined, an instance of a class as a
 * plain object with its fields, a Buffer as a `Uint8Array`; left out are properties of an array beside its items,
 * and that a buffer was shared. Refused are texts and names with half of a surrogate pair, boxed primitives, and
 * an Error whose cause leads back to it.
 *
 * Every call may reject with `GRID_BAD_KEY`, `GRID_BAD_VALUE`, `GRID_BAD_OPTION` and `GRID_TOO_LARGE`
 * before anything is sent, and with `GRID_TIMEOUT` (10 s where `timeout` does not say otherwise),
 * `GRID_OVERLOADED`, `GRID_NO_QUORUM`, `GRID_PARTITION_LOST`, `GRID_INDETERMINATE` and `GRID_CLOSED`. Only
 * an error with outcome `unknown` may have had an effect.
 */
export interface GridMap<K extends Key = Key, V = unknown> {
  readonly name: string;
  get(key: K, options?: CallOptions): Promise<V | undefined>;
  has(key: K, options?: CallOptions): Promise<boolean>;
  /** Without a `ttl` here, the entry lives as the map's options say, whatever it had before. */
  set(key: K, value: V, options?: SetOptions): Promise<void>;
  /** Whether it was there. */
  delete(key: K, options?: CallOptions): Promise<boolean>;
  /** Sets, and gives the value before. */
  swap(key: K, value: V, options?: SetOptions): Promise<V | undefined>;
  /** Deletes, and gives the value before. */
  take(key: K, options?: CallOptions): Promise<V | undefined>;
  /** Sets where the key is absent. Whether it did. */
  setIfAbsent(key: K, value: V, options?: SetOptions): Promise<boolean>;
  /** Sets where the key is present. Whether it did. */
  replace(key: K, value: V, options?: SetOptions): Promise<boolean>;
  /** The value that is there afterwards. */
  getOrInsert(key: K, value: V, options?: SetOptions): Promise<V>;
  /**
   * Sets where the stored value is encoded as `expected` is (objects with the same fields in the same
   * order); `undefined` expects an absent key, or a stored `undefined`. As `next` it is stored, and deletes
   * nothing. Whether it did.
   */
  compareAndSet(key: K, expected: V | undefined, next: V, options?: CallOptions): Promise<boolean>;
  getEntry(key: K, options?: CallOptions): Promise<MapEntry<K, V> | undefined>;
  /** Sets where the version is this one; 0 stands for an absent key. Whether it did. */
  setIfVersion(key: K, value: V, version: number, options?: CallOptions): Promise<boolean>;
  /** Deletes where the version is this one. Whether it did, or 0 was given and the key is absent. */
  deleteIfVersion(key: K, version: number, options?: CallOptions): Promise<boolean>;
  /**
   * Changes a value by a function, which runs again where somebody else was quicker: it has no other
   * effects. `undefined` deletes. Gives the new value; the entry goes on to expire when it would have.
   * `GRID_OVERLOADED` after 1,000 conflicts.
   */
  update(
    key: K,
    change: (value: V | undefined) => V | undefined | Promise<V | undefined>,
    options?: CallOptions,
  ): Promise<V | undefined>;
  /**
   * Adds to a number, from 0 where the key is absent, exactly once. Gives the new number; the entry
   * goes on to expire when it would have.
   * `GRID_BAD_VALUE` where the value is no number, or would be past 2^53 - 1.
   */
  increment(key: K, by?: number, options?: CallOptions): Promise<number>;
  /**
   * Has the entry expire so long from now, instead of when it would have; 0 deletes it. Whether it was
   * there. The version stays.
   */
  expire(key: K, ttl: Duration, options?: CallOptions): Promise<boolean>;
  /** Milliseconds until it expires, 1 at least; -1 where it never does, -2 where the key is absent. */
  ttl(key: K, options?: CallOptions): Promise<number>;
  /** Has the entry live for ever. Whether it would have expired. The version stays. */
  persist(key: K, options?: CallOptions): Promise<boolean>;
  /** The keys that are there, in the order given. */
  getMany(keys: Iterable<K>, options?: CallOptions): Promise<Map<K, V>>;
  /** Atomic in each partition, not across; an error's `keys` are those that were not, or perhaps, set. */
  setMany(entries: Iterable<readonly [K, V]>, options?: SetOptions): Promise<void>;
  /** How many were there. As `setMany` in case of an error. */
  deleteMany(keys: Iterable<K>, options?: CallOptions): Promise<number>;
  /** A sum over the partitions, each at its own moment. */
  size(options?: CallOptions): Promise<number>;
  /** A page at a time, never the whole map in memory. `timeout` is that of a page. */
  keys(options?: CallOptions): AsyncIterableIterator<K>;
  values(options?: CallOptions): AsyncIterableIterator<V>;
  entries(options?: CallOptions): AsyncIterableIterator<[K, V]>;
  [Symbol.asyncIterator](): AsyncIterableIterator<[K, V]>;
  /** Atomic in each partition, not across. */
  clear(options?: CallOptions): Promise<void>;
  /**
   * What happens to the map from the subscription on. It goes on where this process comes back under another
   * identity. It ends with the map, when this process leaves the grid, or with a `GridError` that says why.
   */
  readonly changes: Observable<MapChange<K, V>>;
  /** What happens to one key, or to the text keys that begin with a text. */
  watch(target: K | { readonly prefix: string }): Observable<MapChange<K, V>>;
  /** Ends this map; the next call by this name begins a new one. */
  destroy(options?: CallOptions): Promise<void>;
  readonly local: LocalMap<K, V>;
}

/** Options of a queue; a later caller with other options gets `GRID_BAD_OPTION` naming both. */
export interface QueueOptions {
  /** How many items it holds; at it `push` waits and `tryPush` gives false. @default as memory allows, to 1 GiB */
  readonly capacity?: number;
  /** Copies beside the primary, 0 to 3. @default 1 */
  readonly backups?: number;
}

/**
 * A queue that every member shares: first in, first out, as its primary sees it, and each item given to one
 * taker. Items are values as those of a map.
 *
 * Errors are those of a map's calls. A call that waits ends at its time or signal, at the latest 5 s
 * later: with outcome `not-applied`, where it is certain that it took or pushed nothing; with its result, where
 * it was given one just then; with outcome `unknown`, where the grid did not answer, or the queue was destroyed
 * or this process removed meanwhile: the call may have been given an item, or room, just before.
 * A take is at most once: an item on its way to a process that dies is gone.
 */
export interface GridQueue<T = unknown> extends AsyncIterable<T> {
  readonly name: string;
  /** Waits while the queue is full; `GRID_QUEUE_FULL` where it stays so. */
  push(item: T, options?: CallOptions): Promise<void>;
  /** Whether there was room. */
  tryPush(item: T, options?: CallOptions): Promise<boolean>;
  /** Waits while the queue is empty; who waits longest is served first. `GRID_TIMEOUT` where it stays so. */
  take(options?: CallOptions): Promise<T>;
  /** Undefined where the queue is empty. */
  tryTake(options?: CallOptions): Promise<T | undefined>;
  /** The item that is next, left where it is. */
  peek(options?: CallOptions): Promise<T | undefined>;
  size(options?: CallOptions): Promise<number>;
  /** Drops all items. Pushes that wait for room get in. */
  clear(options?: CallOptions): Promise<void>;
  /** Ends this queue, and with `GRID_CLOSED` the calls that wait at it; the next call begins a new one. */
  destroy(options?: CallOptions): Promise<void>;
  /** Takes one item after the other, and waits for more; ends with the loop. */
  [Symbol.asyncIterator](): AsyncIterableIterator<T>;
}

/** A structure of the grid. */
export interface StructureSummary {
  readonly name: string;
  /** `map`, `queue`, `topic`, `lock`. */
  readonly type: string;
  readonly backups: number;
  /** Entries or messages, each partition counted at its own moment. */
  readonly size: number;
}

/** Options of `Grid.connect`. A wrong one is a `GRID_BAD_OPTION` that names it. */
export interface ConnectOptions {
  /** Members of another name refuse this client. @default 'shoal' */
  readonly cluster?: string;
  /** Straight to the primary of each key, or all through one member. @default 'direct' */
  readonly routing?: 'direct' | 'gateway';
  /** Needed where members have a `secret`: this, or `user` and `password`. @default none */
  readonly token?: string;
  readonly user?: string;
  readonly password?: string;
  /** Told of gaps and errors of listeners where nobody else is. @default warnings and errors on the console */
  readonly logger?: Logger;
  /** How long connecting may take, over 0 and at most 24 days. @default '10s' */
  readonly timeout?: Duration;
  /** Ends the connecting when it aborts. */
  readonly signal?: AbortSignal;
}

/** The grid as one process sees it, as a member. Idempotent to leave; `await using` leaves. */
export interface Grid extends AsyncDisposable {
  readonly self: Member;
  /** A snapshot, oldest first. */
  readonly members: readonly Member[];
  readonly events: Observable<GridEvent>;
  /** Free and synchronous; the map comes to be when it is first used. */
  map<K extends Key = Key, V = unknown>(name: string, options?: MapOptions): GridMap<K, V>;
  /** Free and synchronous; the queue comes to be when it is first used. */
  queue<T = unknown>(name: string, options?: QueueOptions): GridQueue<T>;
  /** Free and synchronous; the topic comes to be when it is first used. */
  topic<M = unknown>(name: string, options?: TopicOptions): GridTopic<M>;
  structures(options?: CallOptions): Promise<readonly StructureSummary[]>;
  /** Resolves when every partition has all its copies in sync and nothing is moving. */
  safe(options?: CallOptions): Promise<void>;
  /** Partitions all of whose copies are gone come back, empty. */
  acceptLoss(options?: CallOptions): Promise<void>;
  /**
   * Your word that a majority of the voters is gone for good: this member goes on with what it holds, and who is
   * left comes to it. `GRID_REFUSED` where a majority is there. See "Majorities" in docs/guarantees.md.
   */
  goOnAlone(options?: CallOptions): Promise<void>;
  /**
   * Hands everything over, within the timeout, and says goodbye. Past the timeout, or when the signal aborts,
   * it goes with what is left and rejects with `GRID_TIMEOUT`; aborted before the call, it stays.
   */
  leave(options?: CallOptions): Promise<void>;
  /** Resolves when this process is out of the grid, by `leave` or because it cannot go on. */
  readonly closed: Promise<void>;
}

/**
 * The grid as a light client sees it: as a member's `Grid`, without a member. What it was told of may be
 * older than what members know. `map.local` is empty: a client holds nothing.
 */
export interface GridClient
  extends AsyncDisposable,
    Pick<
      Grid,
      | 'members'
      | 'events'
      | 'map'
      | 'queue'
      | 'topic'
      | 'structures'
      | 'safe'
      | 'acceptLoss'
      | 'closed'
    > {
  /** Ends open calls with `GRID_CLOSED`. Idempotent. */
  close(): Promise<void>;
}
