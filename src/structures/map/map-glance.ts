/** A read of one key that wants nothing but to look: what it takes no run of the store for. */
import { murmur3 } from '../../base/hash.ts';
import type { Glance } from '../../partition/store.ts';
import { mapOps, no, nothing, yes } from './map-ops.ts';
import type { MapRecords } from './map-records.ts';

/** Undefined where only a run can tell; where hits are counted, a look is one. */
export function glance(
  records: MapRecords,
  code: number,
  key: Uint8Array,
  gridTime: number,
): Glance | undefined {
  const isGet = code === mapOps.get;
  if ((!isGet && code !== mapOps.has) || records.countsHits) return undefined;
  const touched = murmur3(key);
  const ref = records.table.find(touched, key);
  if (ref === 0) return { result: isGet ? nothing : no, touched };
  // Its removal is a change, and the answer has to wait for it.
  if (records.isExpired(ref, records.timeAt(gridTime))) return undefined;
  return { result: isGet ? records.table.value(ref) : yes, touched };
}
