/**
 * How items of another history of a queue come into this one (PROTOCOL.md 2.8): what was pushed there since
 * the two went apart, and not taken there, is appended in its order; what both had and was taken there is
 * given here no more.
 *
 * An item is named by the number of the write that brought it. Those that come in one op get numbers from
 * the end of the ranks before the merge, which no write ever reaches: so they stand behind all that was here,
 * and before all that is pushed from then on. Where two members of one history bring what they have of it, the
 * second's stand behind the first's.
 */
import { generationSpan } from '../../partition/meta-state.ts';
import type { Offer, RunContext, Since } from '../../partition/store.ts';
import { ByteReader, ByteWriter } from '../../wire/bytes.ts';
import { checkFloor, type MergeCount } from '../merging.ts';
import { queueOps } from './queue-ops.ts';
import { kinds, numberOf, type QueueRecords } from './queue-records.ts';
import { checkedItem, metaOf } from './queue-results.ts';

/** The numbers below the floor of a merge that are for what it brings. */
const broughtMax = generationSpan / 2;

/** Numbers that are told in one op. */
const keptMax = 16_384;

export const nothingOffered: Offer = {
  next: undefined,
  op: undefined,
  count: 0,
  isRepeatable: true,
};

/** What a queue brings: first which items it still has of those that both had, then its own. */
export class QueueMerge {
  readonly #records: QueueRecords;
  /** By age. */
  readonly #kept: readonly number[];
  readonly #own: readonly number[];

  constructor(records: QueueRecords, { version, after }: Since) {
    this.#records = records;
    const numbers: number[] = [];
    records.items.each((ref) => void numbers.push(numberOf(records.items, ref)));
    numbers.sort((one, other) => one - other);
    this.#kept = numbers.filter((number) => number <= Math.min(version, after));
    this.#own = numbers.filter((number) => number > after);
  }

  offer(from: number, bytes: number, since: Since): Offer {
    const parts = since.isComplete ? Math.floor(this.#kept.length / keptMax) + 1 : 0;
    if (from < parts) return this.#offerKept(from, parts, since);
    const { next, op, count } = this.#offerOwn(from - parts, bytes, since);
    return { next: next && next + parts, op, count, isRepeatable: false };
  }

  /** A stretch of numbers, and those in it that are still there. */
  #offerKept(part: number, parts: number, { version, floor }: Since): Offer {
    const numbers = this.#kept.slice(part * keptMax, (part + 1) * keptMax);
    const after = part === 0 ? 0 : (this.#kept[part * keptMax - 1] ?? 0);
    const upTo = part + 1 === parts ? version : (numbers.at(-1) ?? version);
    const writer = new ByteWriter();
    writer.byte(queueOps.mergeKept);
    writer.varint(floor);
    writer.varint(after);
    writer.varint(upTo);
    for (const number of numbers) writer.varint(number);
    return { next: part + 1, op: writer.take(), count: 0, isRepeatable: true };
  }

  /** About so many bytes of them, from a place on; one at least. */
  #offerOwn(place: number, bytes: number, { floor, after, isBroughtAgain }: Since) {
    const { items } = this.#records;
    let from = place;
    // Another may have brought these meanwhile.
    while (from < this.#own.length && (this.#own[from] as number) <= after) from++;
    const writer = new ByteWriter();
    writer.byte(queueOps.merge);
    writer.varint(floor);
    writer.varint(from);
    writer.byte(isBroughtAgain ? 1 : 0);
    let at = from;
    while (at < this.#own.length && (at === from || writer.length < bytes)) {
      writer.block(items.value(this.#records.item(this.#own[at] as number)));
      at++;
    }
    const next = at < this.#own.length ? at : undefined;
    return { next, op: at === from ? undefined : writer.take(), count: at - from };
  }
}

/** Removes the items that both had and the other has given since. */
export function mergeKept(records: QueueRecords, op: Uint8Array, context: RunContext): MergeCount {
  const reader = new ByteReader(op, 1);
  checkFloor(reader.varint(), context);
  const [after, upTo] = [reader.varint(), reader.varint()];
  const kept = new Set<number>();
  while (!reader.isAtEnd) kept.add(reader.varint());
  const given: number[] = [];
  records.items.each((ref) => {
    const number = numberOf(records.items, ref);
    if (number > after && number <= upTo && !kept.has(number)) given.push(number);
  });
  for (const number of given) records.deleteItem(number);
  return { kept: given.length, discarded: 0 };
}

export function mergeItems(records: QueueRecords, op: Uint8Array, context: RunContext): MergeCount {
  const reader = new ByteReader(op, 1);
  const floor = reader.varint();
  const place = reader.varint();
  checkFloor(floor, context);
  const isAgain = reader.byte() === 1;
  const first = isAgain ? afterBrought(records, floor) : floor - broughtMax + place;
  const items: Uint8Array[] = [];
  while (!reader.isAtEnd) items.push(checkedItem(reader.block()));
  items.forEach((item, index) => {
    const number = first + index;
    records.put(kinds.item, number, item, metaOf(number, 0, context));
  });
  return { kept: items.length, discarded: 0 };
}

/** The number after all that was brought with a merge and is still there. */
function afterBrought({ items }: QueueRecords, floor: number): number {
  let last = floor - broughtMax - 1;
  items.each((ref) => {
    const number = numberOf(items, ref);
    if (number < floor) last = Math.max(last, number);
  });
  return last + 1;
}
