/**
 * A topic in its partition: gives each message its number, keeps what is retained and, for some
 * seconds, what readers may still be on their way to, and answers their reads.
 *
 * Bounds: `retain` messages of `retainBytes` bytes, and a delivery window beside them of so many
 * messages, bytes and milliseconds as stand below. Past them the oldest are forgotten, and a reader
 * that comes too late is told the first number that is left.
 */
import { murmur3 } from '../../base/hash.ts';
import type { StructureId } from '../../base/ids.ts';
import {
  anyWrite,
  type Offer,
  type RunContext,
  type RunResult,
  type Since,
  type Store,
  type StructureType,
} from '../../partition/store.ts';
import { ByteWriter } from '../../wire/bytes.ts';
import { mergeResult } from '../merging.ts';
import { TopicLog } from './topic-log.ts';
import { mergeMessages, offerMessages } from './topic-merge.ts';
import {
  beginBatch,
  headResult,
  noLine,
  nothing,
  numberResult,
  type ReadOp,
  readReadOp,
  topicOps,
  unknownOp,
  writeMessage,
  writesFrom,
} from './topic-ops.ts';

export const retainDefault = 1_000;
export const retainBytesDefault = 16_777_216;

/** What is kept of the last messages for readers on their way, whatever is retained. */
export const windowMessages = 8_192;
export const windowBytes = 4_194_304;
export const windowMs = 10_000;

/** The most that a read gives, whatever it asks for; one message is always given. */
const batchBytesMax = 1_048_576;
/** How many messages one slice of housekeeping forgets. */
const sliceMax = 1_024;

export const topicType: StructureType = {
  name: 'topic',
  createStore: (structure, options) => new TopicStore(structure, options),
};

export class TopicStore implements Store {
  readonly #log = new TopicLog();
  readonly #writer = new ByteWriter();
  readonly #retain: number;
  readonly #retainBytes: number;
  /** Stands for the topic among what writes of its partition touch. */
  readonly #touched: number;

  constructor(structure: StructureId, options: unknown) {
    this.#retain = numberOption(options, 'retain', retainDefault);
    this.#retainBytes = numberOption(options, 'retainBytes', retainBytesDefault);
    this.#touched = murmur3(numberResult(structure));
  }

  get entries(): number {
    return this.#log.entries;
  }

  get bytes(): number {
    return this.#log.bytes;
  }

  isWrite(op: Uint8Array): boolean {
    return (op[0] ?? 0) >= writesFrom;
  }

  run(op: Uint8Array, context: RunContext): RunResult {
    switch (op[0]) {
      case topicOps.publish:
        return this.#publish(op, context);
      case topicOps.read:
        return this.#read(readReadOp(op), context);
      case topicOps.head:
        return this.#headOf(context);
      case topicOps.merge:
        return this.#merge(op, context);
      case topicOps.size:
        return this.#answer(numberResult(this.#log.head.last + 1 - this.#log.head.retained));
      default:
        throw unknownOp('a code');
    }
  }

  apply(changes: Uint8Array): void {
    this.#log.apply(changes);
  }

  takeBack(changes: Uint8Array): void {
    this.#log.cut(changes);
    this.#trim();
    // Nobody has a copy yet to which this would be news.
    this.#writer.take();
  }

  isDue(gridTime: number): boolean {
    const { kept, retained } = this.#log.head;
    return kept < retained && this.#log.publishedAt(kept) + windowMs <= gridTime;
  }

  /** Forgets messages that only readers on their way could have wanted. */
  housekeep(context: RunContext): RunResult {
    const { kept, retained } = this.#log.head;
    const end = Math.min(retained, kept + sliceMax);
    let to = kept;
    while (to < end && this.#log.publishedAt(to) + windowMs <= context.gridTime) to++;
    if (to > kept) this.#log.trim(this.#writer, to, retained);
    return { result: nothing, changes: this.#writer.take(), touched: this.#touched };
  }

  copy(from: number, bytes: number): { readonly to: number; readonly content: Uint8Array } {
    const to = this.#log.copy(this.#writer, from, bytes);
    return { to, content: this.#writer.take() };
  }

  restore(from: number, to: number, content: Uint8Array, entries: number): void {
    this.#log.restore(from, to, content, entries);
  }

  offer(from: number, bytes: number, since: Since): Offer {
    return offerMessages(this.#log, from, bytes, since);
  }

  digest(): number {
    return this.#log.digest();
  }

  release(): void {
    this.#log.release();
  }

  #publish(op: Uint8Array, context: RunContext): RunResult {
    if (op.length < 2) throw unknownOp('a message of no bytes');
    this.#log.append(this.#writer, op.subarray(1), Math.floor(context.gridTime), lineOf(context));
    this.#trim();
    return {
      result: numberResult(this.#log.head.last),
      changes: this.#writer.takeView(),
      touched: this.#touched,
      wakes: [anyWrite],
    };
  }

  #merge(op: Uint8Array, context: RunContext): RunResult {
    const count = mergeMessages(this.#log, this.#writer, op, lineOf(context), context);
    if (count.kept > 0) this.#trim();
    return {
      result: mergeResult(count),
      changes: this.#writer.take(),
      touched: this.#touched,
      wakes: [anyWrite],
    };
  }

  /** Keeps to the bounds after a message came. */
  #trim(): void {
    const log = this.#log;
    const { last, total } = log.head;
    let { retained, kept } = log.head;
    while (retained <= last) {
      const isWithin =
        last - retained < this.#retain && total - log.bytesBefore(retained) <= this.#retainBytes;
      if (isWithin) break;
      retained++;
    }
    // The last message stays, whatever its size: readers are on their way to it.
    while (kept < retained && kept < last) {
      if (last - kept < windowMessages && total - log.bytesBefore(kept) <= windowBytes) break;
      kept++;
    }
    log.trim(this.#writer, kept, retained);
  }

  #read({ line, after, bytes }: ReadOp, context: RunContext): RunResult {
    const own = lineOf(context);
    const { kept, last } = this.#log.head;
    const isFollowed = line === own || line === noLine;
    const writer = this.#writer;
    if (isFollowed && after >= last) {
      beginBatch(writer, own, after + 1);
      const result = writer.take();
      return { result, changes: nothing, touched: this.#touched, waitsFor: anyWrite };
    }
    const first = isFollowed ? Math.max(kept, after + 1) : kept;
    beginBatch(writer, own, first);
    const bytesMax = Math.min(bytes, batchBytesMax);
    for (let number = first; number <= last; number++) {
      if (number > first && writer.length + this.#log.value(number).length > bytesMax) break;
      writeMessage(writer, this.#log.publishedAt(number), this.#log.value(number));
    }
    return this.#answer(writer.take());
  }

  #headOf(context: RunContext): RunResult {
    const { retained, last } = this.#log.head;
    return this.#answer(headResult({ line: lineOf(context), first: retained, last }));
  }

  #answer(result: Uint8Array): RunResult {
    return { result, changes: nothing, touched: this.#touched };
  }
}

/** A partition that came back empty, or went on alone, is of another generation. */
function lineOf({ generation }: RunContext): number {
  return generation + 1;
}

/** Options were checked where the topic was asked for; what is not understood is taken as absent. */
function numberOption(options: unknown, name: string, otherwise: number): number {
  if (typeof options !== 'object' || options === null) return otherwise;
  const value: unknown = Reflect.get(options, name);
  return typeof value === 'number' && value >= 0 ? value : otherwise;
}
