/**
 * How deletes of another history of a map come into this one: that says which of its keys it has, and what
 * this one has from before the two went apart and the other has not any more was deleted there.
 *
 * Keys are told by marks of 53 bits. Two keys of one mark would let a delete be forgotten, never make one.
 * Where a record ever had a deadline nothing is told: what is gone there may have expired.
 */
import { murmur3 } from '../../base/hash.ts';
import type { MergePolicyName } from '../../grid-merge.ts';
import { rangeEnd } from '../../partition/arena/hash-index.ts';
import type { Offer, RunContext, Since } from '../../partition/store.ts';
import { ByteReader, ByteWriter } from '../../wire/bytes.ts';
import { checkFloor, type MergeCount } from '../merging.ts';
import { mapOps, scanEnd, unknownOp } from './map-ops.ts';
import type { MapRecords } from './map-records.ts';

const secondSeed = 0x5eed;
/** Of the second hash so many bits are in a mark. */
const secondBits = 21;
const bytesPerMark = 8;

/** The keys from a hash on, those of about `bytes` bytes. */
export function offerKept(records: MapRecords, from: number, bytes: number, since: Since): Offer {
  const marks: number[] = [];
  let to = from;
  while (to < scanEnd && marks.length * bytesPerMark < bytes) {
    const end = rangeEnd(to);
    records.table.eachBetween(to, end, (ref, hash) => {
      marks.push(markOf(hash, records.table.key(ref)));
    });
    to = end;
  }
  const writer = new ByteWriter();
  writer.byte(mapOps.mergeKept);
  writer.varint(since.floor);
  writer.varint(since.version);
  writer.varint(from);
  writer.varint(to);
  for (const mark of marks) writer.varint(mark);
  return { next: to, op: writer.take(), count: 0, isRepeatable: true };
}

/** Deletes what both had and `offerKept` does not name. */
export function mergeKept(
  records: MapRecords,
  op: Uint8Array,
  policy: MergePolicyName,
  context: RunContext,
): MergeCount {
  const reader = new ByteReader(op, 1);
  checkFloor(reader.varint(), context);
  const common = reader.varint();
  const [from, to] = [reader.varint(), reader.varint()];
  if (from > to || to > scanEnd) throw unknownOp('a range of hashes');
  const marks = new Set<number>();
  while (!reader.isAtEnd) marks.add(reader.varint());
  const gone = goneIn(records, from, to, common, marks);
  if (policy === 'discard') return { kept: 0, discarded: gone.length };
  for (const { hash, key } of gone) records.remove(hash, key, context);
  return { kept: gone.length, discarded: 0 };
}

function goneIn(
  { table }: MapRecords,
  from: number,
  to: number,
  common: number,
  marks: ReadonlySet<number>,
) {
  const gone: { readonly hash: number; readonly key: Uint8Array }[] = [];
  table.eachBetween(from, to, (ref, hash) => {
    if (table.version(ref) > common) return;
    const key = table.key(ref);
    if (!marks.has(markOf(hash, key))) gone.push({ hash, key: key.slice() });
  });
  return gone;
}

function markOf(hash: number, key: Uint8Array): number {
  return hash * 2 ** secondBits + (murmur3(key, secondSeed) >>> (32 - secondBits));
}
