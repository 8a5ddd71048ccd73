/** What each of the compared clients can do, with its connections in this process. */
import type { OverEither } from './redis-place.ts';

export interface MapPort {
  /** The value, or what the client gives where the key is absent. */
  get(key: string): Promise<unknown>;
  set(key: string, value: unknown): Promise<unknown>;
  /** All at once, to begin with. */
  fill(keys: readonly string[], valueAt: (index: number) => unknown): Promise<void>;
}

/** Publisher and subscriber have connections of their own. */
export interface TopicPort {
  publish(text: string): Promise<unknown>;
}

/** Producer and consumer have connections of their own. */
export interface QueuePort {
  push(text: string): Promise<unknown>;
  /** Waits while there is nothing. */
  take(): Promise<string>;
}

export interface MapDriver {
  /** `strings` are stored as they are; `objects` in the client's way of storing them. */
  map(values: ValueKind): MapPort;
  close(): Promise<void>;
  /** Of a member. */
  readonly address?: string;
}

export interface Driver extends MapDriver {
  topic(name: string, listener: (text: string) => void): Promise<TopicPort>;
  queue(name: string): Promise<QueuePort>;
}

export type ValueKind = 'strings' | 'objects';

/** Where the compared systems listen. */
export interface Addresses {
  readonly redisPort: number;
  /** The path of its unix socket. */
  readonly redisSocket?: string;
  /** `host:port` of each member. */
  readonly members: readonly string[];
  /** Local sockets of the bare stores, one or two. */
  readonly bare?: readonly string[];
}

/** From a process that holds no data. Those of Redis dial TCP on loopback, and its unix socket. */
export const driverNames = [
  'shoal-client',
  'shoal-lite',
  'ioredis-auto',
  'ioredis-plain',
  'node-redis',
  'ioredis-auto-unix',
  'ioredis-plain-unix',
  'node-redis-unix',
] as const;
export type DriverName =
  | (typeof driverNames)[number]
  /** The member itself. */
  | 'shoal-owner'
  /** Sets that leave 64 at a time and are waited for together. */
  | 'shoal-client-batch'
  | 'shoal-lite-batch'
  /** Sets that a replica of Redis has confirmed: on a connection each, or so many in one pipeline. */
  | OverEither<'ioredis-wait-each' | 'ioredis-wait-pipeline'>
  /** What Node gives at most: no peer of anybody. */
  | 'bare-map'
  | 'bare-store'
  | 'bare-pair'
  | 'bare-pair-batch';

export const isShoal = (name: string): boolean => name.startsWith('shoal');
export const isBare = (name: string): boolean => name.startsWith('bare');
/** Whether Shoal is compared with it. */
export const isPeer = (name: string): boolean => !isShoal(name) && !isBare(name);
/** Whether what it holds is gone with its process. */
export const holdsOwn = (name: DriverName): boolean =>
  name === 'shoal-owner' || name === 'bare-map';

/** How many entries go out together while a map is filled. */
export const fillChunk = 1_000;

/** Calls `fill` for one chunk of keys after the other. */
export async function inChunks(
  keys: readonly string[],
  fill: (chunk: readonly string[], from: number) => Promise<unknown>,
): Promise<void> {
  for (let from = 0; from < keys.length; from += fillChunk) {
    await fill(keys.slice(from, from + fillChunk), from);
  }
}
