/** Shoal as a light client, as a lite member, or as the member that holds the data. */
import { Grid, type GridClient } from 'shoal';
import { inBatches, type TextSet } from './batches.ts';
import {
  type Addresses,
  type Driver,
  inChunks,
  type MapDriver,
  type MapPort,
  type QueuePort,
  type TopicPort,
  type ValueKind,
} from './driver.ts';

/** What both kinds of grid give. */
type AnyGrid = Pick<GridClient, 'map' | 'queue' | 'topic'>;

interface Opened {
  readonly grid: AnyGrid;
  readonly address?: string;
  close(): Promise<void>;
}

async function openClient({ members }: Addresses): Promise<Opened> {
  const grid = await Grid.connect(members.map((address) => `ws://${address}`));
  return { grid, close: () => grid.close() };
}

async function openMember(data: boolean, { members }: Addresses): Promise<Opened> {
  const grid = await Grid.join({ data, listen: { port: 0 }, seeds: members });
  return { grid, address: grid.self.address, close: () => grid.leave() };
}

/** More than the 4,000 messages that may be on their way, as both of them are bounds of what is kept. */
const topicOptions = { retain: 10_000 };
const subscribeOptions = { buffer: 10_000 };

type ShoalKind = 'shoal-client' | 'shoal-lite' | 'shoal-owner';

export async function openShoalBatches(
  kind: 'shoal-client-batch' | 'shoal-lite-batch',
  addresses: Addresses,
): Promise<MapDriver> {
  const of: ShoalKind = kind === 'shoal-client-batch' ? 'shoal-client' : 'shoal-lite';
  const { map, close } = await openShoal(of, addresses);
  return {
    map(values) {
      const port = map(values);
      const send = (batch: readonly TextSet[]) =>
        Promise.all(batch.map(({ key, text }) => port.set(key, text)));
      const set = inBatches(send);
      return { get: port.get, set: (key, value) => set(key, value as string), fill: port.fill };
    },
    close,
  };
}

export async function openShoal(kind: ShoalKind, addresses: Addresses): Promise<Driver> {
  const open = () =>
    kind === 'shoal-client' ? openClient(addresses) : openMember(kind === 'shoal-owner', addresses);
  const first = await open();
  const opened = [first];
  const another = async (): Promise<AnyGrid> => {
    const next = await open();
    opened.push(next);
    return next.grid;
  };
  const { address } = first;
  return {
    ...(address === undefined ? {} : { address }),
    map: (values) => mapOf(first.grid, values),
    topic: async (name, listener) => topicOf(first.grid, await another(), name, listener),
    queue: async (name) => queueOf(first.grid, await another(), name),
    close: async () => {
      for (const each of opened) await each.close();
    },
  };
}

function mapOf(grid: AnyGrid, values: ValueKind): MapPort {
  const map = grid.map<string>(values);
  return {
    get: (key) => map.get(key),
    set: (key, value) => map.set(key, value),
    fill: (keys, valueAt) =>
      inChunks(keys, (chunk, from) =>
        map.setMany(chunk.map((key, index) => [key, valueAt(from + index)] as const)),
      ),
  };
}

async function topicOf(
  publisher: AnyGrid,
  subscriber: AnyGrid,
  name: string,
  listener: (text: string) => void,
): Promise<TopicPort> {
  const topic = publisher.topic<string>(name, topicOptions);
  // A gap shows as messages that never came.
  await subscriber.topic<string>(name, topicOptions).subscribe(listener, subscribeOptions);
  return { publish: (text) => topic.publish(text) };
}

function queueOf(producer: AnyGrid, consumer: AnyGrid, name: string): QueuePort {
  const [pushed, taken] = [producer.queue<string>(name), consumer.queue<string>(name)];
  return { push: (text) => pushed.push(text), take: () => taken.take() };
}
