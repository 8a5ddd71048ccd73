/**
 * Sets in Redis that a replica has confirmed, in the two ways that are quick: 64 connections with one set
 * and `WAIT 1` each, or one connection with a pipeline of 64 sets and one `WAIT 1` behind them.
 */
import { Redis } from 'ioredis';
import type { Addresses, MapDriver } from './driver.ts';
import { textMap } from './text-map.ts';

const together = 64;
/** Milliseconds that `WAIT` waits at most. */
const waitMaxMs = 5_000;

export async function openWait(
  kind: 'ioredis-wait-each' | 'ioredis-wait-pipeline',
  { redisPort }: Addresses,
): Promise<MapDriver> {
  const connections = Array.from(
    { length: kind === 'ioredis-wait-each' ? together : 1 },
    () => new Redis({ host: '127.0.0.1', port: redisPort, lazyConnect: true }),
  );
  await Promise.all(connections.map((redis) => redis.connect()));
  const [first] = connections;
  if (first === undefined) throw new Error('expected one connection at least');
  const set = kind === 'ioredis-wait-each' ? onFreeOne(connections) : inPipelines(first);
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

interface Waiting {
  readonly key: string;
  readonly text: string;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/**
 * Collects 64 sets before they leave, which in a closed loop of 64 is all of them; fewer leave where no
 * more come within a turn, as at the end of a run.
 */
function inPipelines(redis: Redis): SetText {
  let waiting: Waiting[] = [];
  let isUnderWay = false;
  const flush = (): void => {
    if (isUnderWay || waiting.length === 0) return;
    const batch = waiting;
    waiting = [];
    isUnderWay = true;
    const outcome = sendAll(redis, batch).finally(() => {
      isUnderWay = false;
      setImmediate(flush);
    });
    outcome.then(
      () => {
        for (const each of batch) each.resolve();
      },
      (error: Error) => {
        for (const each of batch) each.reject(error);
      },
    );
  };
  return (key, text) =>
    new Promise((resolve, reject) => {
      waiting.push({ key, text, resolve, reject });
      if (waiting.length === together) flush();
      else if (waiting.length === 1) setImmediate(flush);
    });
}

async function sendAll(redis: Redis, batch: readonly Waiting[]): Promise<void> {
  const pipeline = redis.pipeline();
  for (const { key, text } of batch) pipeline.set(key, text);
  pipeline.wait(1, waitMaxMs);
  const replies = (await pipeline.exec()) ?? [];
  for (const [error] of replies) if (error !== null) throw error;
  checkConfirmed(replies.at(-1)?.[1]);
}
