/**
 * The records of a queue, all of them in the partition of its name, and what its ops do to them.
 *
 * A take of an empty queue and a push to a full one leave a wait behind, which is replicated like any
 * record. A push gives its item to the oldest take that waits, a take gives its room to the oldest push
 * that waits; the wait then holds the result until its caller has it. The caller asks by `ask`, a read
 * that waits at the primary, so a lost answer takes nothing: asked again, it gives the same.
 *
 * Invariants
 * 1. Items leave in the order of their numbers, each to one caller.
 * 2. While a push waits, no later push gets in before it.
 * 3. A wait ends once: granted, cancelled or expired. Nothing is granted at or after its deadline, nor to a
 *    caller known to be gone.
 * 4. An op that is refused has changed nothing.
 */
import { GridError } from '../../base/errors.ts';
import { hashCount } from '../../base/hash.ts';
import type { StructureId } from '../../base/ids.ts';
import {
  type Offer,
  type RunContext,
  type RunResult,
  type Since,
  type Store,
  type StructureType,
  wholeStructure,
} from '../../partition/store.ts';
import { ByteReader, sameBytes } from '../../wire/bytes.ts';
import { mergeResult } from '../merging.ts';
import { mergeItems, mergeKept, nothingOffered, QueueMerge } from './queue-merge.ts';
import { no, nothing, progress, queueOps, unknownOp, writesFrom, yes } from './queue-ops.ts';
import { kinds, numberOf, QueueRecords } from './queue-records.ts';
import { checkedItem, counted, given, metaOf, seen, valueIn } from './queue-results.ts';
import {
  begunResult,
  callerBytes,
  deadlineOf,
  isAbandoned,
  isAwaited,
  readToken,
  waitOf,
  waitValue,
} from './queue-waits.ts';

export interface QueueBounds {
  /** Items; past it a queue is full. */
  readonly capacity: number;
  /** Bytes of items; past it a queue is full too. */
  readonly bytesMax: number;
  /** Waits of a queue, and what they hold together; past either `GRID_OVERLOADED`. */
  readonly waitsMax: number;
  readonly waitBytesMax: number;
}

const mib = 1_048_576;
const defaultBounds: QueueBounds = {
  capacity: Number.POSITIVE_INFINITY,
  bytesMax: 1_024 * mib,
  waitsMax: 65_536,
  waitBytesMax: 64 * mib,
};
/** What one run brings together of items and waits; housekeeping does the rest. */
const matchesMax = 1_024;
const matchBytesMax = mib;
/** How often all waits are looked through for those that nobody waits for, and in what slices. */
const sweepMs = 1_000;
const sweepHashes = hashCount / 8;
const stillWaiting = Uint8Array.of(progress.waiting);
const over = Uint8Array.of(progress.over);
const lost = Uint8Array.of(progress.lost);

export const queueType: StructureType = {
  name: 'queue',
  createStore(_structure: StructureId, options: unknown) {
    const { capacity = defaultBounds.capacity } = (options ?? {}) as { readonly capacity?: number };
    return new QueueStore({ ...defaultBounds, capacity });
  },
};

export class QueueStore implements Store {
  readonly #bounds: QueueBounds;
  readonly #records = new QueueRecords();
  #wakes: number[] = [];
  /** While it is merged into another. */
  #brought: QueueMerge | undefined;
  #nextSweep = 0;
  /** The hash at which the sweep goes on. */
  #sweepAt = 0;

  constructor(bounds: QueueBounds = defaultBounds) {
    this.#bounds = bounds;
  }

  get entries(): number {
    return this.#records.items.entries + this.#records.waits.entries;
  }

  get bytes(): number {
    return this.#records.items.bytes + this.#records.waits.bytes;
  }

  isWrite(op: Uint8Array): boolean {
    return (op[0] ?? 0) >= writesFrom;
  }

  run(op: Uint8Array, context: RunContext): RunResult {
    switch (op[0]) {
      case queueOps.push:
      case queueOps.tryPush:
        return this.#push(op, context);
      case queueOps.take:
      case queueOps.tryTake:
        return this.#take(op, context);
      case queueOps.ask:
        return this.#ask(op, context);
      case queueOps.settle:
        return this.#settle(op, context);
      case queueOps.cancel:
        return this.#cancel(op, context);
      case queueOps.peek:
        return seen(this.#itemAt(this.#records.itemOrder.first()));
      case queueOps.size:
        return seen(counted(this.#records.items.entries));
      case queueOps.clear:
        this.#records.clearItems();
        return this.#done(nothing, context);
      case queueOps.merge:
        return this.#done(mergeResult(mergeItems(this.#records, op, context)), context);
      case queueOps.mergeKept:
        return this.#done(mergeResult(mergeKept(this.#records, op, context)), context);
      default:
        throw unknownOp('a code');
    }
  }

  apply(changes: Uint8Array): void {
    this.#records.apply(changes);
  }

  takeBack(changes: Uint8Array): void {
    this.#records.takeBack(changes);
  }

  isDue(gridTime: number): boolean {
    const { waits, items, takers } = this.#records;
    if (waits.entries === 0) return false;
    return gridTime >= this.#nextSweep || this.#admits || (items.entries > 0 && takers.first() > 0);
  }

  housekeep(context: RunContext): RunResult {
    if (context.gridTime >= this.#nextSweep) this.#sweep(context);
    return this.#done(nothing, context);
  }

  copy(from: number, bytes: number): { readonly to: number; readonly content: Uint8Array } {
    return this.#records.copy(from, bytes);
  }

  restore(from: number, to: number, content: Uint8Array, entries: number): void {
    this.#records.restore(from, to, content, entries);
  }

  offer(from: number, bytes: number, since: Since): Offer {
    if (from === 0) this.#brought = new QueueMerge(this.#records, since);
    return this.#brought?.offer(from, bytes, since) ?? nothingOffered;
  }

  digest(): number {
    return this.#records.digest();
  }

  release(): void {
    this.#records.release();
  }

  #push(op: Uint8Array, context: RunContext): RunResult {
    const reader = new ByteReader(op, 1);
    const timeoutMs = op[0] === queueOps.push ? reader.varint() : 0;
    const item = checkedItem(reader.rest());
    const records = this.#records;
    const { sequence } = context;
    const taker = records.items.entries === 0 ? this.#nextTaker(context) : 0;
    if (taker > 0) {
      this.#grant(taker, sequence, item, context);
    } else if (!this.#isFull && records.pushers.first() === 0) {
      records.put(kinds.item, sequence, item, metaOf(sequence, 0, context));
    } else if (op[0] === queueOps.tryPush) {
      return seen(no);
    } else {
      return this.#wait(kinds.pusher, item, timeoutMs, context);
    }
    return this.#done(yes, context);
  }

  #take(op: Uint8Array, context: RunContext): RunResult {
    const reader = new ByteReader(op, 1);
    const isTry = op[0] === queueOps.tryTake;
    const timeoutMs = isTry ? 0 : reader.varint();
    reader.end();
    const number = this.#records.itemOrder.first();
    if (number === 0) {
      return isTry ? seen(nothing) : this.#wait(kinds.taker, nothing, timeoutMs, context);
    }
    const item = this.#itemAt(number);
    this.#records.deleteItem(number);
    return this.#done(isTry ? item : given(item), context);
  }

  /** Begins to wait. */
  #wait(kind: number, item: Uint8Array, timeoutMs: number, context: RunContext): RunResult {
    this.#checkRoomToWait(item.length);
    const { sequence } = context;
    const caller = callerBytes(context);
    const meta = metaOf(sequence, deadlineOf(timeoutMs, context), context);
    this.#records.put(kind, sequence, waitValue(caller, item), meta);
    return this.#done(begunResult(sequence, caller), context);
  }

  #ask(op: Uint8Array, context: RunContext): RunResult {
    const caller = callerBytes(context);
    const { number, isOwn } = readToken(op, 1, caller);
    if (!isOwn) return seen(lost);
    const ref = this.#waitBy(number, caller);
    if (ref === 0) return missing(context);
    const { waits } = this.#records;
    const kind = waits.flags(ref);
    if (kind === kinds.granted || kind === kinds.admitted) {
      return seen(given(valueIn(waitOf(waits, ref).item)));
    }
    return {
      result: stillWaiting,
      changes: nothing,
      touched: wholeStructure,
      waitsFor: number,
    };
  }

  /** The callers have what these waits hold. */
  #settle(op: Uint8Array, context: RunContext): RunResult {
    const reader = new ByteReader(op, 1);
    const caller = callerBytes(context);
    const numbers: number[] = [];
    while (!reader.isAtEnd) {
      const { number, isOwn } = readToken(reader.block(), 0, caller);
      if (isOwn) numbers.push(number);
    }
    for (const number of numbers) if (this.#isEnded(number, caller)) this.#endWait(number);
    return this.#done(nothing, context);
  }

  /** Ends a wait, or gives what it already holds. */
  #cancel(op: Uint8Array, context: RunContext): RunResult {
    const caller = callerBytes(context);
    const { number, isOwn } = readToken(op, 1, caller);
    if (!isOwn) return seen(lost);
    const ref = this.#waitBy(number, caller);
    if (ref === 0) return missing(context);
    const result = this.#isEnded(number, caller)
      ? given(valueIn(waitOf(this.#records.waits, ref).item))
      : over;
    this.#endWait(number);
    return this.#done(result, context);
  }

  /** What follows from a change: waits are given what they wait for. Ends the run. */
  #done(result: Uint8Array, context: RunContext): RunResult {
    const records = this.#records;
    for (let count = 0; count < matchesMax && records.changed < matchBytesMax; count++) {
      if (!this.#admitOne(context) && !this.#grantOne(context)) break;
    }
    const wakes = this.#wakes;
    const changes = records.takeChanges();
    if (wakes.length === 0) return { result, changes, touched: wholeStructure };
    this.#wakes = [];
    return { result, changes, touched: wholeStructure, wakes };
  }

  /** Gives the oldest item to the oldest take that waits. */
  #grantOne(context: RunContext): boolean {
    const records = this.#records;
    if (records.items.entries === 0 || records.takers.first() === 0) return false;
    const taker = this.#nextTaker(context);
    if (taker === 0) return false;
    const number = records.itemOrder.first();
    this.#grant(taker, number, records.items.value(records.item(number)), context);
    records.deleteItem(number);
    return true;
  }

  /** Gives room to the oldest push that waits. */
  #admitOne(context: RunContext): boolean {
    if (!this.#admits) return false;
    const records = this.#records;
    const number = records.pushers.find((pusher) => this.#isAwaited(pusher, context));
    if (number === 0) return false;
    const { caller, item } = waitOf(records.waits, records.wait(number));
    const value = waitValue(caller, nothing);
    records.put(kinds.item, number, item, metaOf(number, 0, context));
    records.put(kinds.admitted, number, value, metaOf(number, 0, context));
    this.#wakes.push(number);
    return true;
  }

  #grant(taker: number, itemNumber: number, item: Uint8Array, context: RunContext): void {
    const { waits } = this.#records;
    const { caller } = waitOf(waits, this.#records.wait(taker));
    const value = waitValue(caller, item);
    // The item's own number stays known: by it the item could be put back in its place.
    this.#records.put(kinds.granted, taker, value, metaOf(itemNumber, 0, context));
    this.#wakes.push(taker);
  }

  #nextTaker(context: RunContext): number {
    return this.#records.takers.find((taker) => this.#isAwaited(taker, context));
  }

  #isAwaited(number: number, context: RunContext): boolean {
    return isAwaited(this.#records.waits, this.#records.wait(number), context);
  }

  /** The wait of this caller by its number, as a ref; 0 where there is none. */
  #waitBy(number: number, caller: Uint8Array): number {
    const ref = this.#records.wait(number);
    return ref !== 0 && sameBytes(waitOf(this.#records.waits, ref).caller, caller) ? ref : 0;
  }

  /** Whether the wait holds a result for this caller. */
  #isEnded(number: number, caller: Uint8Array): boolean {
    const ref = this.#waitBy(number, caller);
    return ref !== 0 && this.#records.waits.flags(ref) >= kinds.granted;
  }

  #endWait(number: number): void {
    this.#records.deleteWait(number);
    this.#wakes.push(number);
  }

  /** A slice of the look at all waits. */
  #sweep(context: RunContext): void {
    const { waits } = this.#records;
    const ended: number[] = [];
    const to = this.#sweepAt + sweepHashes;
    waits.eachBetween(this.#sweepAt, to, (ref) => {
      const isWaiting = waits.flags(ref) < kinds.granted;
      if (isAbandoned(waits, ref, isWaiting, context)) ended.push(numberOf(waits, ref));
    });
    for (const number of ended) this.#endWait(number);
    this.#sweepAt = to === hashCount || waits.entries === 0 ? 0 : to;
    if (this.#sweepAt === 0) this.#nextSweep = context.gridTime + sweepMs;
  }

  get #isFull(): boolean {
    const { items } = this.#records;
    return items.entries >= this.#bounds.capacity || items.bytes >= this.#bounds.bytesMax;
  }

  /** Whether a push waits, and there is room. */
  get #admits(): boolean {
    return !this.#isFull && this.#records.pushers.first() > 0;
  }

  /** The encoded value of an item, without its head; nothing for number 0. */
  #itemAt(number: number): Uint8Array {
    const { items } = this.#records;
    return number === 0 ? nothing : valueIn(items.value(this.#records.item(number)));
  }

  #checkRoomToWait(itemBytes: number): void {
    const { waits } = this.#records;
    const { waitsMax, waitBytesMax } = this.#bounds;
    if (waits.entries < waitsMax && waits.bytes + itemBytes <= waitBytesMax) return;
    throw new GridError(
      'GRID_OVERLOADED',
      `At most ${waitsMax} calls wait at a queue, with at most ${waitBytesMax} bytes, found ` +
        `${waits.entries} with ${waits.bytes}; use fewer consumers, or push more slowly`,
    );
  }
}

/** No wait is there by that number: it is over. Of a caller that is gone nobody kept what it was given. */
function missing({ caller, isGone }: RunContext): RunResult {
  return seen(isGone(caller) ? lost : over);
}
