/** Redis through node-redis, which always pipelines what is asked within one turn. */
import { createClient } from 'redis';
import type { Addresses, Driver } from './driver.ts';
import { type OverEither, redisPlace } from './redis-place.ts';
import { textMap } from './text-map.ts';

type Kind = OverEither<'node-redis'>;

async function connected(kind: Kind, addresses: Addresses) {
  const client = createClient({ socket: { ...redisPlace(kind, addresses), tls: false } });
  await client.connect();
  return client;
}

type Client = Awaited<ReturnType<typeof connected>>;

export async function openNodeRedis(kind: Kind, addresses: Addresses): Promise<Driver> {
  const first = await connected(kind, addresses);
  const opened: Client[] = [first];
  const another = async () => {
    const client = await connected(kind, addresses);
    opened.push(client);
    return client;
  };
  return {
    map: (values) =>
      textMap(
        {
          get: (key) => first.get(key),
          set: (key, text) => first.set(key, text),
          mset: (pairs) => first.mSet(pairs),
        },
        values,
      ),
    async topic(name, listener) {
      await (await another()).subscribe(name, listener);
      return { publish: (text) => first.publish(name, text) };
    },
    async queue(name) {
      const consumer = await another();
      return {
        push: (text) => first.lPush(name, text),
        take: () => consumer.brPop(name, 0).then((reply) => reply?.element ?? ''),
      };
    },
    async close() {
      for (const client of opened) client.destroy();
    },
  };
}
