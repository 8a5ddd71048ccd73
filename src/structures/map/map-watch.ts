/**
 * How a partition of a map answers who asks for its changes: what is new since a cursor, else the asker
 * waits. An answer stands for the whole structure, so that it is given only when all that it tells of is
 * committed.
 */
import { murmur3 } from '../../base/hash.ts';
import {
  anyWrite,
  type RunContext,
  type RunResult,
  wholeStructure,
} from '../../partition/store.ts';
import { checkedKey } from './map-op-reader.ts';
import { nothing } from './map-ops.ts';
import type { MapRecords } from './map-records.ts';
import { type ChangeRing, waitKeyOf } from './map-ring.ts';
import { readWatchOp, type WatchQuery, watchKinds, watchResult } from './map-watch-ops.ts';

export function watch(records: MapRecords, op: Uint8Array, context: RunContext): RunResult {
  const query = readWatchOp(op);
  if (query.kind !== watchKinds.all) checkedKey(query.key);
  const hash = murmur3(query.key);
  const ring = records.watched(context);
  const end = { sequence: Math.max(1, context.sequence), index: 0 };
  if (query.sequence === 0) return answer(watchResult(false, end, nothing));
  const isGap = ring.isBehind(query, hash) && mayHaveMissed(records, query, hash);
  const { changes, next, isEmpty } = ring.read(query, hash, end);
  if (isGap || !isEmpty) return answer(watchResult(isGap, next, changes));
  return {
    // How far it is may rest on what is not committed yet: who hears nothing stays where it was.
    result: watchResult(false, query, nothing),
    changes: nothing,
    touched: wholeStructure,
    waitsFor: waitKey(ring, query, hash),
  };
}

/** A key that is there and older than the cursor has not been changed since. */
function mayHaveMissed(records: MapRecords, query: WatchQuery, hash: number): boolean {
  if (query.kind !== watchKinds.key) return true;
  const ref = records.table.find(hash, query.key);
  return ref === 0 || records.table.version(ref) >= query.sequence;
}

function waitKey(ring: ChangeRing, { kind }: WatchQuery, hash: number): number {
  return kind === watchKinds.key && ring.waitFor(hash) ? waitKeyOf(hash) : anyWrite;
}

function answer(result: Uint8Array): RunResult {
  return { result, changes: nothing, touched: wholeStructure };
}
