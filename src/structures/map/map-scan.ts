/** Reads of many records of a map: of those that are named, and pages of a scan in the order of hashes. */
import { murmur3 } from '../../base/hash.ts';
import { rangeEnd } from '../../partition/arena/hash-index.ts';
import type { RunContext } from '../../partition/store.ts';
import { ByteReader, ByteWriter } from '../../wire/bytes.ts';
import { readKeys } from './map-op-reader.ts';
import { scanEnd, scanKinds, unknownOp } from './map-ops.ts';
import type { MapRecords } from './map-records.ts';

/** About the size of a page of a scan; one record is always given. */
const pageBytes = 65_536;
/** What `getMany` gives at once; the handle asks again for the rest. */
const manyBytesMax = 1_048_576;

/** The values of keys, as `getMany` asks for them. */
export function found(records: MapRecords, op: Uint8Array, context: RunContext): Uint8Array {
  const keys = readKeys(op);
  const writer = new ByteWriter();
  for (let i = 0; i < keys.length && writer.length < manyBytesMax; i++) {
    const key = keys[i] as Uint8Array;
    const ref = records.live(murmur3(key), key, context);
    writer.byte(ref === 0 ? 0 : 1);
    if (ref !== 0) writer.block(records.table.value(ref));
  }
  return writer.take();
}

/**
 * A page holds every record whose hash lies in [from, next), whatever happened since the page before,
 * so a scan meets a record that stays once, however the index changes.
 */
export function scanPage(records: MapRecords, op: Uint8Array, context: RunContext): Uint8Array {
  const reader = new ByteReader(op, 1);
  const kind = reader.byte();
  const from = reader.varint();
  reader.end();
  if (kind < scanKinds.keys || kind > scanKinds.entries) throw unknownOp('a kind of scan');
  records.settle(context);
  const now = records.now(context);
  const page = new ByteWriter();
  let next = from;
  while (next < scanEnd && page.length < pageBytes) {
    next = scanRange(records, page, kind, next, now);
  }
  const result = new ByteWriter();
  result.varint(next);
  result.raw(page.take());
  return result.take();
}

/** Writes the records of the rest of a range from a hash on; gives the first hash not written. */
function scanRange(
  records: MapRecords,
  page: ByteWriter,
  kind: number,
  from: number,
  now: number,
): number {
  const { table } = records;
  const end = rangeEnd(from);
  let last = -1;
  for (const { hash, ref } of inOrder(records, from, end, (at) => !records.isExpired(at, now))) {
    // Records of one hash are never divided between two pages.
    if (page.length >= pageBytes && hash !== last) return hash;
    if ((kind & scanKinds.keys) !== 0) page.block(table.key(ref));
    if ((kind & scanKinds.values) !== 0) page.block(table.value(ref));
    last = hash;
  }
  return end;
}

/** Records with hashes from `from` on and below `to`, in the order of these. */
export function inOrder(
  { table }: MapRecords,
  from: number,
  to: number,
  isWanted: (ref: number) => boolean,
) {
  const wanted: { readonly hash: number; readonly ref: number }[] = [];
  table.eachBetween(from, to, (ref, hash) => {
    if (isWanted(ref)) wanted.push({ hash, ref });
  });
  return wanted.sort((one, other) => one.hash - other.hash);
}
