/**
 * What a queue is made of in its partition: items, and the waits of callers. Every record is named by
 * the sequence of the write that brought it, so age is order, and no counter has to be kept or copied.
 *
 * An item's value is a head and the encoded value. The head is a byte of flags; the flags are for what an
 * item may have beside its value (attempts, the time from which it is visible, priority), each of which
 * stands behind the head as a varint where its flag is set. None of them is in use yet.
 * A wait's value is its caller, then the item that it holds, where it holds one.
 *
 * Invariants
 * 1. Changes say which record is what at its number, so applying them over older content is right.
 * 2. A wait keeps its number while it goes from waiting to ended, so it is in one record only.
 */
import { murmur3 } from '../../base/hash.ts';
import { endOfPiece, pieceWriter } from '../../partition/arena/copy-bounds.ts';
import { type RecordMeta, RecordTable } from '../../partition/arena/record-table.ts';
import { ByteReader, ByteWriter, putVarint } from '../../wire/bytes.ts';
import { ArrivalOrder } from './arrival-order.ts';
import { unknownOp } from './queue-ops.ts';

/** What a record is: its flags in the table, and the code of the change that puts it. */
export const kinds = {
  item: 1,
  /** A take that waits for an item. */
  taker: 2,
  /** A push that waits for room, and holds its item. */
  pusher: 3,
  /** A take that waited and got its item, which it holds until the caller has it. */
  granted: 4,
  /** A push that waited and got room, until the caller knows. */
  admitted: 5,
} as const;

/** A code is never given twice; the kinds are codes too. */
const changeCodes = { deleteItem: 16, deleteWait: 17, clearItems: 18 } as const;

const keyBytesMax = 8;
const words = 2 ** 32;

export class QueueRecords {
  readonly items = new RecordTable();
  readonly waits = new RecordTable();
  readonly itemOrder = new ArrivalOrder((number) => this.item(number) !== 0);
  readonly takers = new ArrivalOrder((number) => this.isWait(kinds.taker, number));
  readonly pushers = new ArrivalOrder((number) => this.isWait(kinds.pusher, number));
  /** The changes of the run at hand. */
  readonly #changes = new ByteWriter();
  readonly #scratch = new Uint8Array(keyBytesMax);

  /** The item's record as a ref; 0 where there is none. */
  item(number: number): number {
    const key = this.#key(number);
    return this.items.find(murmur3(key), key);
  }

  /** The wait's record as a ref; 0 where there is none. */
  wait(number: number): number {
    const key = this.#key(number);
    return this.waits.find(murmur3(key), key);
  }

  isWait(kind: number, number: number): boolean {
    const ref = this.wait(number);
    return ref !== 0 && this.waits.flags(ref) === kind;
  }

  /** How many bytes of changes the run at hand has made. */
  get changed(): number {
    return this.#changes.length;
  }

  /** Good until the next run. */
  takeChanges(): Uint8Array {
    return this.#changes.takeView();
  }

  put(kind: number, number: number, value: Uint8Array, meta: RecordMeta): void {
    this.#write(kind, number, value, meta);
    writePut(this.#changes, kind, number, value, meta);
  }

  deleteItem(number: number): void {
    this.#changes.byte(changeCodes.deleteItem);
    this.#changes.varint(number);
    this.#dropItem(number);
  }

  deleteWait(number: number): void {
    this.#changes.byte(changeCodes.deleteWait);
    this.#changes.varint(number);
    this.#dropWait(number);
  }

  clearItems(): void {
    if (this.items.entries === 0) return;
    this.#changes.byte(changeCodes.clearItems);
    this.#dropItems();
  }

  apply(changes: Uint8Array): void {
    const reader = new ByteReader(changes);
    while (!reader.isAtEnd) this.#applyOne(reader);
  }

  /** What was taken by the same changes does not come back: they do not say what it was. */
  takeBack(changes: Uint8Array): void {
    const puts = putsIn(changes);
    // A push that had waited since before goes on as one that was let in.
    const admitted = new Set(
      puts.flatMap(({ kind, number }) => (kind === kinds.admitted ? number : [])),
    );
    for (const { kind, number } of puts) {
      if (kind === kinds.item && !admitted.has(number)) this.#dropItem(number);
      if (kind !== kinds.pusher) continue;
      this.#dropItem(number);
      this.#dropWait(number);
    }
  }

  copy(from: number, bytes: number): { readonly to: number; readonly content: Uint8Array } {
    const tables = [this.items, this.waits];
    const writer = pieceWriter(tables, bytes);
    const to = endOfPiece(tables, from, bytes);
    for (const table of tables) {
      table.eachBetween(from, to, (ref) => writeRecord(writer, table, ref));
    }
    return { to, content: writer.takeView() };
  }

  restore(from: number, to: number, content: Uint8Array, entries: number): void {
    this.items.clearBetween(from, to);
    this.waits.clearBetween(from, to);
    this.items.reserve(entries);
    this.apply(content);
    this.itemOrder.removed(this.items.entries);
    this.#waitEnded();
  }

  digest(): number {
    return (folded(this.items.digest()) + Math.imul(folded(this.waits.digest()), 31)) >>> 0;
  }

  release(): void {
    this.#dropItems();
    this.waits.release();
    this.takers.clear();
    this.pushers.clear();
  }

  #applyOne(reader: ByteReader): void {
    const code = reader.byte();
    if (code >= kinds.item && code <= kinds.admitted) {
      const number = reader.varint();
      const meta = readMeta(reader);
      this.#write(code, number, reader.block(), meta);
    } else if (code === changeCodes.deleteItem) {
      this.#dropItem(reader.varint());
    } else if (code === changeCodes.deleteWait) {
      this.#dropWait(reader.varint());
    } else if (code === changeCodes.clearItems) {
      this.#dropItems();
    } else {
      throw unknownOp('a change');
    }
  }

  #write(kind: number, number: number, value: Uint8Array, meta: RecordMeta): void {
    const key = this.#key(number);
    const table = kind === kinds.item ? this.items : this.waits;
    table.put(murmur3(key), key, value, meta, kind);
    if (kind === kinds.item) this.itemOrder.add(number);
    else if (kind === kinds.taker) this.takers.add(number);
    else if (kind === kinds.pusher) this.pushers.add(number);
    else this.#waitEnded();
  }

  #dropItem(number: number): void {
    const key = this.#key(number);
    this.items.delete(murmur3(key), key);
    this.itemOrder.removed(this.items.entries);
  }

  #dropWait(number: number): void {
    const key = this.#key(number);
    this.waits.delete(murmur3(key), key);
    this.#waitEnded();
  }

  #dropItems(): void {
    this.items.release();
    this.itemOrder.clear();
  }

  #waitEnded(): void {
    this.takers.removed(this.waits.entries);
    this.pushers.removed(this.waits.entries);
  }

  /** Good until the next call of it; a table copies the keys that it keeps. */
  #key(number: number): Uint8Array {
    return this.#scratch.subarray(0, putVarint(this.#scratch, 0, number));
  }
}

function putsIn(changes: Uint8Array): { readonly kind: number; readonly number: number }[] {
  const puts: { readonly kind: number; readonly number: number }[] = [];
  const reader = new ByteReader(changes);
  while (!reader.isAtEnd) {
    const kind = reader.byte();
    if (kind === changeCodes.clearItems) continue;
    const number = reader.varint();
    if (kind > kinds.admitted) continue;
    readMeta(reader);
    reader.block();
    puts.push({ kind, number });
  }
  return puts;
}

/** The number under which a record stands. */
export function numberOf(table: RecordTable, ref: number): number {
  return new ByteReader(table.key(ref)).varint();
}

/** The digest of a table has 53 bits. */
function folded(digest: number): number {
  return (digest % words) ^ Math.floor(digest / words);
}

function writePut(
  writer: ByteWriter,
  kind: number,
  number: number,
  value: Uint8Array,
  meta: RecordMeta,
): void {
  writer.byte(kind);
  writer.varint(number);
  writer.varint(meta.version);
  writer.varint(meta.deadline);
  writer.varint(meta.created);
  writer.varint(meta.updated - meta.created);
  writer.block(value);
}

/** The put that makes a record what it is now. */
function writeRecord(writer: ByteWriter, table: RecordTable, ref: number): void {
  const meta = {
    version: table.version(ref),
    deadline: table.deadline(ref),
    created: table.created(ref),
    updated: table.updated(ref),
  };
  writePut(writer, table.flags(ref), numberOf(table, ref), table.value(ref), meta);
}

function readMeta(reader: ByteReader): RecordMeta {
  const version = reader.varint();
  const deadline = reader.varint();
  const created = reader.varint();
  return { version, deadline, created, updated: created + reader.varint() };
}
