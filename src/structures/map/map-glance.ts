/** A read of one key that wants nothing but to look: what it takes no run of the store for. */
import { murmur3 } from '../../base/hash.ts';
import type { Glance } from '../../partition/store.ts';
import { mayBeKey } from './map-op-reader.ts';
import { mapOps, no, nothing, yes } from './map-ops.ts';
import type { MapRecords } from './map-records.ts';

/** One for all looks, as each is over before the next. It keeps the slab of the last one until then. */
const seen: { -readonly [Field in keyof Glance]: Glance[Field] } = {
  bytes: nothing,
  from: 0,
  to: 0,
  touched: 0,
};

/** Undefined where only a run can tell; where hits are counted, a look is one. */
export function glance(
  records: MapRecords,
  code: number,
  key: Uint8Array,
  gridTime: number,
): Glance | undefined {
  const isGet = code === mapOps.get;
  if ((!isGet && code !== mapOps.has) || records.countsHits) return undefined;
  // A run says what is wrong with it.
  if (!mayBeKey(key)) return undefined;
  const touched = murmur3(key);
  const ref = records.table.find(touched, key);
  // Its removal is a change, and the answer has to wait for it.
  if (ref !== 0 && records.isExpired(ref, records.timeAt(gridTime))) return undefined;
  seen.touched = touched;
  if (!isGet) return whole(ref === 0 ? no : yes);
  if (ref === 0) return whole(nothing);
  records.table.locate(ref, seen);
  return seen;
}

function whole(bytes: Uint8Array): Glance {
  seen.bytes = bytes;
  seen.from = 0;
  seen.to = bytes.length;
  return seen;
}
