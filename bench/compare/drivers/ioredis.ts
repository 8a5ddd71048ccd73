/** Redis through ioredis, with automatic pipelining and without, over TCP and over its unix socket. */
import { Redis } from 'ioredis';
import type { Addresses, Driver, QueuePort } from './driver.ts';
import { type OverEither, redisPlace } from './redis-place.ts';
import { textMap } from './text-map.ts';

export async function openIoredis(
  kind: OverEither<'ioredis-auto' | 'ioredis-plain'>,
  addresses: Addresses,
): Promise<Driver> {
  const enableAutoPipelining = kind.startsWith('ioredis-auto');
  const opened: Redis[] = [];
  const open = async (options = {}): Promise<Redis> => {
    const place = { ...redisPlace(kind, addresses), lazyConnect: true };
    const redis = new Redis({ ...place, enableAutoPipelining, ...options });
    opened.push(redis);
    await redis.connect();
    return redis;
  };
  const first = await open();
  return {
    map: (values) =>
      textMap(
        {
          get: (key) => first.get(key),
          set: (key, text) => first.set(key, text),
          mset: (pairs) => first.mset(pairs),
        },
        values,
      ),
    async topic(name, listener) {
      const subscriber = await open();
      subscriber.on('message', (_channel: string, text: string) => listener(text));
      await subscriber.subscribe(name);
      return { publish: (text) => first.publish(name, text) };
    },
    // In an automatic pipeline a take that waits would hold up the replies of those before it.
    queue: async (name) =>
      queueOf(first, await open({ autoPipeliningIgnoredCommands: ['brpop'] }), name),
    async close() {
      for (const redis of opened) redis.disconnect();
    },
  };
}

function queueOf(producer: Redis, consumer: Redis, name: string): QueuePort {
  return {
    push: (text) => producer.lpush(name, text),
    take: () => consumer.brpop(name, 0).then((reply) => reply?.[1] ?? ''),
  };
}
