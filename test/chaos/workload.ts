/** What callers do during a run, and the calm at its end: everything is read, emptied and awaited. */
import type { Random } from '../../src/base/random.ts';
import type { GridClient } from '../../src/grid.ts';
import type { Caller } from './calls.ts';
import { Draws, mapName, queues, topics } from './draws.ts';
import type { History } from './history.ts';
import { Lanes } from './lanes.ts';
import { type Listening, Subscriber } from './subscriber.ts';
import { pause, until } from './waiting.ts';

/** How many lanes a caller has for each thing. */
export interface Share {
  readonly map: number;
  readonly glance: number;
  readonly push: number;
  readonly take: number;
  readonly publish: number;
}

export type Participant = Caller & Listening;

const awayMs = 200;
const calmMs = 30_000;

export class Workload {
  readonly draws: Draws;
  readonly lanes: Lanes;
  readonly #history: History;
  #subscribers: Subscriber[] = [];

  constructor(history: History, random: Random, pauseMs: number) {
    this.#history = history;
    this.draws = new Draws(random);
    this.lanes = new Lanes(history, random, pauseMs);
  }

  /** Has the structures that differ from the default made. */
  async define(grid: GridClient): Promise<void> {
    for (const { name, options } of queues) await grid.queue(name, options).size();
    for (const { name, options } of topics) await grid.topic(name, options).size();
  }

  /** It subscribes to every topic, and calls until it is gone. */
  async begin(caller: Participant, share: Share): Promise<void> {
    for (const { name } of topics) {
      const subscriber = new Subscriber(this.#history, caller, name);
      this.#subscribers.push(subscriber);
      await subscriber.open('now');
    }
    const { draws, lanes } = this;
    const add = (count: number, draw: Parameters<Lanes['add']>[1]) => {
      for (let lane = 0; lane < count; lane++) lanes.add(caller, draw);
    };
    add(share.map, () => draws.mapCall());
    add(share.glance, () => draws.glance());
    add(share.push, () => draws.push());
    add(share.take, () => draws.take());
    add(share.publish, () => draws.publish());
  }

  /** Subscriptions of callers that are gone are over. */
  async forgetGone(): Promise<void> {
    const gone = this.#subscribers.filter(({ isThere }) => !isThere);
    this.#subscribers = this.#subscribers.filter(({ isThere }) => isThere);
    await Promise.all(gone.map((subscriber) => subscriber.close()));
  }

  /** One subscriber of each topic ends; after a while the first goes on where it was, the other from 1 on. */
  async renew(random: Random): Promise<void> {
    const some = topics.map(({ name }) =>
      random.pick(this.#subscribers.filter(({ topic }) => topic === name)),
    );
    await Promise.all(some.map((subscriber) => subscriber.close()));
    await pause(awayMs);
    const [ofAll, ofFew] = some as [Subscriber, Subscriber];
    await ofAll.resume();
    // What it asks for is forgotten: it has to be told so.
    await ofFew.open(1);
  }

  /** Stops all callers; then reads every key, empties every queue, and waits for every message. */
  async end(caller: Participant): Promise<void> {
    await this.lanes.stop();
    for (const key of this.draws.keys) {
      await this.#surely(caller, { on: 'map', name: mapName, input: { call: 'get', key } });
    }
    for (const { name } of queues) await this.#drain(caller, name);
    for (const { name } of topics) await this.#hearAll(caller, name);
    this.#history.note({ type: 'complete' });
  }

  async #drain(caller: Caller, name: string): Promise<void> {
    for (;;) {
      const item = await this.#surely(caller, { on: 'queue', name, call: 'tryTake' });
      if (item === undefined) return;
    }
  }

  /** When all is quiet a call that fails is a violation. */
  async #surely(caller: Caller, call: Parameters<Lanes['call']>[1]): Promise<unknown> {
    const answer = await this.lanes.call(caller, call);
    if (answer.how === 'ok') return answer.value;
    throw new Error(`expected an answer in the calm at the end, found ${answer.code}`);
  }

  /** What one more message is numbered, all have to come to hear of. */
  async #hearAll(caller: Participant, name: string): Promise<void> {
    const message = `the last message of ${name}`;
    const last = (await this.#surely(caller, { on: 'topic', name, message })) as number;
    const all = new Subscriber(this.#history, caller, name);
    await all.open('earliest');
    const listeners = [...this.#subscribers.filter(({ topic }) => topic === name), all];
    const late = () => listeners.filter((listener) => listener.last < last).length;
    await until(
      () => late() === 0,
      () => `${late()} subscribers of ${name} to hear of message ${last}`,
      calmMs,
    );
  }
}
