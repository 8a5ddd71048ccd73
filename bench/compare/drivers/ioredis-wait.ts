/**
 * Sets in Redis that a replica has confirmed, in the two ways that are quick: 64 connections with one set
 * and `WAIT 1` each, or one connection with a pipeline of 64 sets and one `WAIT 1` behind them.
 */
import { Redis } from 'ioredis';
import { inBatches, type TextSet, together } from './batches.ts';
import type { Addresses, MapDriver } from './driver.ts';
import { type OverEither, redisPlace } from './redis-place.ts';
import { textMap } from './text-map.ts';

/** Milliseconds that `WAIT` waits at most. */
const waitMaxMs = 5_000;

export async function openWait(
  kind: OverEither<'ioredis-wait-each' | 'ioredis-wait-pipeline'>,
  addresses: Addresses,
): Promise<MapDriver> {
  const isEach = kind.startsWith('ioredis-wait-each');
  const place = redisPlace(kind, addresses);
  const connections = Array.from(
    { length: isEach ? together : 1 },
    () => new Redis({ ...place, lazyConnect: true }),
  );
  await Promise.all(connections.map((redis) => redis.connect()));
  const [first] = connections;
  if (first === undefined) throw new Error('expected one connection at least');
  const set = isEach ? onFreeOne(connections) : inBatches((batch) => sendAll(first, batch));
  const mset = (pairs: string[]) => first.mset(pairs);
  return {
    map: (values) => textMap({ get: (key) => first.get(key), set, mset }, values),
    async close() {
      for (const redis of connections) redis.disconnect();
    },
  };
}

type SetText = (key: string, text: string) => Promise<void>;

function checkConfirmed(replicas: unknown): void {
  if (Number(replicas) < 1) throw new Error('expected a replica to confirm, none did in time');
}

/** As many are outstanding as there are connections. */
function onFreeOne(connections: readonly Redis[]): SetText {
  const free = [...connections];
  return async (key, text) => {
    const redis = free.pop();
    if (redis === undefined) throw new Error(`expected at most ${connections.length} outstanding`);
    // Both leave at once; the reply to the second tells of both.
    const isSet = redis.set(key, text);
    checkConfirmed(await redis.wait(1, waitMaxMs));
    await isSet;
    free.push(redis);
  };
}

async function sendAll(redis: Redis, batch: readonly TextSet[]): Promise<void> {
  const pipeline = redis.pipeline();
  for (const { key, text } of batch) pipeline.set(key, text);
  pipeline.wait(1, waitMaxMs);
  const replies = (await pipeline.exec()) ?? [];
  for (const [error] of replies) if (error !== null) throw error;
  checkConfirmed(replies.at(-1)?.[1]);
}
