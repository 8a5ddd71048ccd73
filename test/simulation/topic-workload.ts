/** Publishers and subscribers of one topic in every process, and what each of them saw. */
import type { GridError } from '../../src/base/errors.ts';
import { partitionOf } from '../../src/base/hash.ts';
import type { StructureId } from '../../src/base/ids.ts';
import { defaultLimits } from '../../src/base/limits.ts';
import type { Random } from '../../src/base/random.ts';
import type { StructureRow } from '../../src/partition/router-port.ts';
import { type Consumer, Subscriber } from '../../src/structures/topic/subscriber.ts';
import type { TopicMessage } from '../../src/structures/topic/topic-message.ts';
import { publishOp, readNumber } from '../../src/structures/topic/topic-ops.ts';
import { type From, TopicReader } from '../../src/structures/topic/topic-reader.ts';
import { TopicSource, topicHash } from '../../src/structures/topic/topic-source.ts';
import type { SimProcess } from '../../src/testing/sim-process.ts';
import { encodeValue } from '../../src/wire/value.ts';
import { lastOf, type PublishRecord, type SubscriptionRecord } from '../histories/topic-checker.ts';
import type { BufferBounds } from './buffer-bounds.ts';
import type { Destruction } from './destruction.ts';
import type { Caller, GridWorld } from './grid-world.ts';

export const topicName = 'news';
/** The one that is destroyed. */
export const rumoursName = 'rumours';

export interface TopicWorkloadOptions {
  readonly name: string;
  readonly publishers: number;
  /** What the topic is made with. */
  readonly definition: Readonly<Record<string, unknown>>;
  /** Undefined for a topic that stays. */
  readonly destruction: Destruction | undefined;
  readonly bounds: Pick<BufferBounds, 'checkSubscriber'>;
}

/** How often newcomers are looked for. */
const newcomersMs = 500;
/** No incarnation of a topic has so many messages. */
const numbersMax = 2 ** 20;

interface Life {
  readonly starts: number;
  readonly reader: TopicReader;
}

export class TopicWorkload {
  readonly publishes: PublishRecord[] = [];
  readonly subscriptions: SubscriptionRecord[] = [];
  /** The incarnation of the topic to which each value was published. */
  readonly incarnations = new Map<unknown, StructureId>();
  readonly #grid: GridWorld;
  readonly #random: Random;
  readonly #options: TopicWorkloadOptions;
  readonly #lives = new Map<string, Life>();
  readonly #pauseMs: number;
  #moment = 0;
  #values = 0;
  #isStopped = false;

  constructor(grid: GridWorld, random: Random, options: TopicWorkloadOptions) {
    this.#grid = grid;
    this.#random = random;
    this.#options = options;
    this.#pauseMs = random.pick([150, 300, 600]);
  }

  get open(): number {
    return this.publishes.filter(({ end }) => end === undefined).length;
  }

  start(): void {
    const { publishers, destruction } = this.#options;
    destruction?.start();
    for (let publisher = 0; publisher < publishers; publisher++) this.#publishLater();
    this.#subscribeNewcomers(new Set());
  }

  stop(): void {
    this.#isStopped = true;
  }

  stopDestroying(): void {
    this.#options.destruction?.calling.stop();
  }

  get violations(): readonly string[] {
    return this.#options.destruction?.violations ?? [];
  }

  /** Whether whoever is there has heard of the last that was acknowledged. */
  get isHeard(): boolean {
    const last = this.#last;
    if (last === undefined) return true;
    const incarnation = this.incarnations.get(last.value);
    return this.subscriptions.every((record) => {
      if (record.isOver) return true;
      const message = record.seen.findLast((seen) => seen.kind === 'message');
      const isThere = message !== undefined && this.incarnations.get(message.value) === incarnation;
      // One that only came when all was over has nothing to see.
      const isLate = (record.inForceAt ?? Number.POSITIVE_INFINITY) > last.begunAt;
      return isLate || (isThere && lastOf(record) >= (last.number ?? 0));
    });
  }

  /** One more subscription, from the first message on: what the topic holds at the end. */
  readAll(process: SimProcess<Caller>): SubscriptionRecord {
    const record = this.#record(process, 'earliest');
    this.#begin(process, record, 100_000, () => 0);
    return record;
  }

  /** The last of the incarnation that is there now. */
  get #last(): PublishRecord | undefined {
    let last: PublishRecord | undefined;
    const place = ({ value, number = 0 }: PublishRecord) =>
      (this.incarnations.get(value) ?? 0) * numbersMax + number;
    for (const publish of this.publishes) {
      if (publish.end !== 'ok') continue;
      if (last === undefined || place(publish) > place(last)) last = publish;
    }
    return last;
  }

  #publishLater(): void {
    const pause = this.#pauseMs * (0.2 + 1.6 * this.#random.next());
    this.#grid.world.after(pause, () => {
      if (this.#isStopped) return;
      const process = this.#random.pick(this.#grid.callers);
      const burst = this.#random.below(8) === 0 ? 10 : 1;
      for (let count = 0; count < burst; count++) this.#publish(process);
      this.#publishLater();
    });
  }

  #publish(process: SimProcess<Caller>): void {
    if (!process.isUp) return;
    const { starts } = process;
    const value = `${process.name} ${++this.#values}`;
    process.run((caller) => {
      const { router } = caller;
      const structure = this.#structureFor(caller);
      if (structure === undefined) return;
      this.incarnations.set(value, structure.id);
      const record: PublishRecord = {
        value,
        begunAt: this.#moment++,
        end: undefined,
        number: undefined,
      };
      this.publishes.push(record);
      router.submit({
        structure,
        partition: partitionOf(topicHash(this.#options.name), router.partitions),
        op: publishOp(encodeValue(value, defaultLimits)),
        isWrite: true,
        timeoutMs: 4_000,
        signal: undefined,
        resolve: (result) => {
          record.end = 'ok';
          record.number = readNumber(result);
        },
        reject: (error: GridError) => {
          record.end = error.outcome === 'not-applied' ? 'failed' : 'unknown';
        },
      });
      // Whoever published in a process that died never hears of it.
      const watch = () => {
        if (record.end !== undefined) return;
        if (!process.isUp || process.starts !== starts) record.end = 'unknown';
        else this.#grid.world.after(100, watch);
      };
      this.#grid.world.after(100, watch);
    });
  }

  /** Two subscribers for whoever is there, also where it came later. */
  #subscribeNewcomers(known: Set<SimProcess<Caller>>): void {
    if (this.#isStopped) return;
    for (const process of this.#grid.callers) {
      if (known.has(process)) continue;
      known.add(process);
      this.#keepSubscribed(process, 0);
      this.#keepSubscribed(process, 1);
    }
    this.#grid.world.after(newcomersMs, () => this.#subscribeNewcomers(known));
  }

  /** A subscriber that goes on where it was, in this life of its process and in the next ones. */
  #keepSubscribed(process: SimProcess<Caller>, index: number): void {
    let current: SubscriptionRecord | undefined;
    let starts = 0;
    const look = () => {
      if (this.#isStopped) return;
      const isGone = current === undefined || !process.isUp || process.starts !== starts;
      if (isGone && current !== undefined) current.isOver = true;
      if (isGone && process.isUp && this.#rowOf(process.program) !== undefined) {
        starts = process.starts;
        const record = this.#record(process, this.#from(current));
        current = record;
        const buffer = this.#random.pick([1, 5, 1_000]);
        const slowMs = index === 0 ? 0 : this.#random.pick([0, 5, 50]);
        this.#begin(process, record, buffer, () => slowMs * this.#random.next());
      }
      this.#grid.world.after(50, look);
    };
    look();
  }

  /** Where it was, or one of the other beginnings. */
  #from(before: SubscriptionRecord | undefined): From {
    const last = before?.seen.findLast((seen) => seen.kind === 'message');
    const fresh = this.#random.pick(['now', 'earliest'] as const);
    // The numbers of a topic that was destroyed say nothing of the next one.
    const isNumbered = last?.kind === 'message' && this.#options.destruction === undefined;
    if (!isNumbered || this.#random.below(3) === 0) return fresh;
    return last.sequence + 1;
  }

  #record(process: SimProcess<Caller>, from: From): SubscriptionRecord {
    const record: SubscriptionRecord = {
      subscriber: process.name,
      from,
      seen: [],
      inForceAt: undefined,
      isOver: false,
    };
    this.subscriptions.push(record);
    return record;
  }

  #begin(
    process: SimProcess<Caller>,
    record: SubscriptionRecord,
    buffer: number,
    pauseMs: () => number,
  ): void {
    process.run((caller) => {
      const { clock } = caller;
      const { reader } = this.#lifeOf(process, caller);
      const consumer: Consumer = {
        message: (message: TopicMessage) => {
          const value = message.value();
          record.seen.push({ kind: 'message', sequence: message.sequence, value });
          // At the end everybody hurries.
          const pause = this.#isStopped ? 0 : pauseMs();
          if (pause === 0) return true;
          clock.setTimer(pause, () => {
            this.#options.bounds.checkSubscriber(record.subscriber, subscriber.waiting, buffer);
            subscriber.ready();
          });
          return false;
        },
        gap: (gap) => void record.seen.push({ kind: 'gap', gap }),
        ended: () => {
          record.isOver = true;
        },
      };
      const subscriber = new Subscriber({
        consumer,
        buffer,
        onOverflow: this.#random.pick(['drop-oldest', 'drop-newest'] as const),
        onDetach: (detached) => reader.detach(detached),
      });
      this.#place(process, reader, subscriber, record);
    });
  }

  /** Asks until it is in force. */
  #place(
    process: SimProcess<Caller>,
    reader: TopicReader,
    subscriber: Subscriber,
    record: SubscriptionRecord,
  ): void {
    const { program, starts } = process;
    const again = () =>
      this.#grid.world.after(50, () => {
        if (!process.isUp || process.starts !== starts) return;
        process.run(() => this.#place(process, reader, subscriber, record));
      });
    const row = this.#structureFor(program);
    if (row === undefined) {
      again();
      return;
    }
    const call = { row, timeoutMs: 2_000, signal: undefined };
    reader.subscribe(subscriber, record.from, call, (error) => {
      if (error !== undefined) {
        again();
        return;
      }
      record.inForceAt = this.#moment++;
      subscriber.ready();
    });
  }

  /** What a call would use now; one that is destroyed is made anew. */
  #structureFor(caller: Caller): StructureRow | undefined {
    return this.#options.destruction?.rowFor(caller) ?? this.#rowOf(caller);
  }

  #rowOf({ router }: Caller): StructureRow | undefined {
    return router.structure('topic', this.#options.name);
  }

  /** One reader for each life of a process. */
  #lifeOf(process: SimProcess<Caller>, { router, clock }: Caller): Life {
    const present = this.#lives.get(process.name);
    if (present?.starts === process.starts) return present;
    const { name, definition } = this.#options;
    const source = new TopicSource({ router, name, definition });
    const life = { starts: process.starts, reader: new TopicReader(source, clock) };
    this.#lives.set(process.name, life);
    return life;
  }
}
