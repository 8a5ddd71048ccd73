/** Redis through node-redis, which always pipelines what is asked within one turn. */
import { createClient } from 'redis';
import type { Addresses, Driver } from './driver.ts';
import { textMap } from './text-map.ts';

async function connected({ redisPort }: Addresses) {
  const client = createClient({ socket: { host: '127.0.0.1', port: redisPort } });
  await client.connect();
  return client;
}

type Client = Awaited<ReturnType<typeof connected>>;

export async function openNodeRedis(addresses: Addresses): Promise<Driver> {
  const first = await connected(addresses);
  const opened: Client[] = [first];
  const another = async () => {
    const client = await connected(addresses);
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
