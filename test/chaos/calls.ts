/** What is called in a run, and how it ends: plain values, which also travel to other processes. */
import { GridError } from '../../src/base/errors.ts';
import type { Grid } from '../../src/grid.ts';
import type { Subscription, TopicGap } from '../../src/grid-topic.ts';
import type { From } from '../../src/structures/topic/topic-reader.ts';
import type { MapEntryInput } from '../../src/testing/linearizability/map-entry-model.ts';

export interface MapCall {
  readonly on: 'map';
  readonly name: string;
  readonly input: MapEntryInput;
  /** A read that does not wait for a primary that is away: it sees what there is to be seen soon, or nothing. */
  readonly isGlance?: boolean;
}

export interface QueueCall {
  readonly on: 'queue';
  readonly name: string;
  readonly call: 'push' | 'tryPush' | 'take' | 'tryTake';
  /** What is pushed; every item once. */
  readonly item?: number;
}

export interface PublishCall {
  readonly on: 'topic';
  readonly name: string;
  /** Every one once. */
  readonly message: string;
}

export type Call = MapCall | QueueCall | PublishCall;

export type Answer =
  | { readonly how: 'ok'; readonly value?: unknown }
  /** `failed`: it had no effect. `isInVain`: it waited at a queue that gave it nothing. */
  | { readonly how: 'failed' | 'unknown'; readonly code: string; readonly isInVain?: boolean };

/** Whoever calls: a client, or a member. */
export interface Caller {
  readonly name: string;
  /** False from when it is not to begin anything more. */
  readonly isThere: boolean;
  do(call: Call): Promise<Answer>;
}

export type Callable = Pick<Grid, 'map' | 'queue' | 'topic'>;

/** How long a take waits for an item, and a push for room. */
const waitMs = 600;
const glanceMs = 250;
/** Messages come in bursts after a break. */
const buffer = 100_000;

/** What a subscriber is given. */
export interface Given {
  message(message: unknown, sequence: number): void;
  gap(gap: TopicGap): void;
}

/** Resolves when it is in force. */
export function subscribe(
  grid: Callable,
  topic: string,
  from: From,
  given: Given,
): Promise<Subscription> {
  return grid.topic(topic).subscribe((message, { sequence }) => given.message(message, sequence), {
    from,
    buffer,
    onGap: (gap) => given.gap(gap),
  });
}

/** Carries a call out; only what no grid should throw is thrown on. */
export async function perform(grid: Callable, call: Call): Promise<Answer> {
  try {
    return { how: 'ok', value: await begin(grid, call) };
  } catch (error) {
    if (!GridError.is(error)) throw error;
    const isInVain =
      (call.on === 'queue' && error.message.includes('found it empty')) ||
      (call.on === 'map' && call.isGlance === true);
    const how = error.outcome === 'unknown' ? 'unknown' : 'failed';
    return { how, code: error.code, isInVain };
  }
}

function begin(grid: Callable, call: Call): Promise<unknown> {
  switch (call.on) {
    case 'map':
      return onMap(grid, call);
    case 'queue':
      return onQueue(grid, call);
    case 'topic':
      return grid.topic(call.name).publish(call.message);
  }
}

function onMap(grid: Callable, { name, input, isGlance = false }: MapCall): Promise<unknown> {
  const map = grid.map<string, unknown>(name);
  const key = input.key as string;
  if (isGlance) return map.get(key, { timeout: glanceMs });
  switch (input.call) {
    case 'get':
    case 'has':
    case 'take':
    case 'delete':
      return map[input.call](key);
    case 'set':
    case 'swap':
    case 'setIfAbsent':
    case 'replace':
    case 'getOrInsert':
      return map[input.call](key, input.value);
    case 'compareAndSet':
      return map.compareAndSet(key, input.expected, input.next);
    case 'increment':
      return map.increment(key, input.by);
  }
}

function onQueue(grid: Callable, { name, call, item }: QueueCall): Promise<unknown> {
  const queue = grid.queue<number>(name);
  switch (call) {
    case 'push':
      return queue.push(item as number, { timeout: waitMs });
    case 'tryPush':
      return queue.tryPush(item as number);
    case 'take':
      return queue.take({ timeout: waitMs });
    case 'tryTake':
      return queue.tryTake();
  }
}
