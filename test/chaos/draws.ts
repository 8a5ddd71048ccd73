/** What callers call: registers, counters, items, messages. Values are never used twice. */
import type { Random } from '../../src/base/random.ts';
import type { MapEntryInput } from '../../src/testing/linearizability/map-entry-model.ts';
import type { Call, MapCall, PublishCall, QueueCall } from './calls.ts';
import type { Used } from './fleet.ts';

export const mapName = 'registers';
/** The second has little room, so that pushes wait. */
export const queues = [
  { name: 'orders', options: {} },
  { name: 'parcels', options: { capacity: 8 } },
] as const;
/** The second retains so little that whoever asks for its beginning is told of a gap. */
export const topics = [
  { name: 'news', options: { retain: 100_000 } },
  { name: 'ticks', options: { retain: 5 } },
] as const;

const registersInUse = 12;
const countersInUse = 6;
/** Of each key, so that a compare-and-set has something to expect. */
const recentValues = 3;

export class Draws {
  readonly #random: Random;
  /** Keys are left alone after a while: a history of one key is hard to check where it is long. */
  #round = 0;
  #values = 0;
  readonly #recent = new Map<string, number[]>();
  readonly #keys = new Set<string>();

  constructor(random: Random) {
    this.#random = random;
  }

  /** From now on other keys are in use. */
  nextRound(): void {
    this.#round++;
    this.#recent.clear();
  }

  /** Every key of the map that was ever used. */
  get keys(): readonly string[] {
    return [...this.#keys];
  }

  /** Something that is in use at present. */
  used(random: Random): Used {
    const kind = random.below(3);
    if (kind === 0) return { on: 'queue', key: random.pick(queues).name };
    if (kind === 1) return { on: 'topic', key: random.pick(topics).name };
    return { on: 'map', key: this.#key('register', random.below(registersInUse)) };
  }

  mapCall(): MapCall {
    return { on: 'map', name: mapName, input: this.#input() };
  }

  /** Whoever serves without a right to it is seen by those who ask often and wait for nobody. */
  glance(): MapCall {
    const kind = this.#random.pick(['register', 'counter'] as const);
    const inUse = kind === 'register' ? registersInUse : countersInUse;
    const key = this.#key(kind, this.#random.below(inUse));
    return { on: 'map', name: mapName, input: { call: 'get', key }, isGlance: true };
  }

  push(): QueueCall {
    const { name } = this.#random.pick(queues);
    const call = this.#random.below(3) === 0 ? 'tryPush' : 'push';
    return { on: 'queue', name, call, item: ++this.#values };
  }

  take(): QueueCall {
    const { name } = this.#random.pick(queues);
    const call = this.#random.below(4) === 0 ? 'tryTake' : 'take';
    return { on: 'queue', name, call };
  }

  /** Of any kind, and nothing that waits. */
  write(): Call {
    const key = this.#key('counter', this.#random.below(countersInUse));
    const { name } = this.#random.pick(queues);
    return this.#random.pick<Call>([
      { on: 'map', name: mapName, input: { call: 'increment', key, by: 1 } },
      { on: 'queue', name, call: 'tryPush', item: ++this.#values },
      this.publish(),
    ]);
  }

  publish(): PublishCall {
    const { name } = this.#random.pick(topics);
    return { on: 'topic', name, message: `message ${++this.#values}` };
  }

  #input(): MapEntryInput {
    const kind = this.#random.below(12);
    if (kind < 3)
      return {
        call: 'increment',
        key: this.#key('counter', this.#random.below(countersInUse)),
        by: 1,
      };
    if (kind === 3)
      return { call: 'get', key: this.#key('counter', this.#random.below(countersInUse)) };
    const key = this.#key('register', this.#random.below(registersInUse));
    if (kind < 7) return { call: 'get', key };
    if (kind === 7) return { call: this.#random.pick(['take', 'delete', 'has'] as const), key };
    const expected = this.#random.pick([undefined, ...(this.#recent.get(key) ?? [])]);
    const value = this.#value(key);
    if (kind < 10) return { call: 'compareAndSet', key, expected, next: value };
    const call = this.#random.pick(['set', 'set', 'swap', 'setIfAbsent', 'replace'] as const);
    return { call, key, value };
  }

  #key(kind: 'register' | 'counter', number: number): string {
    const key = `${kind} ${number} of round ${this.#round}`;
    this.#keys.add(key);
    return key;
  }

  #value(key: string): number {
    const value = ++this.#values;
    const recent = this.#recent.get(key) ?? [];
    recent.push(value);
    if (recent.length > recentValues) recent.shift();
    this.#recent.set(key, recent);
    return value;
  }
}
