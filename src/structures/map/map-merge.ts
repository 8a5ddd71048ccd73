/**
 * How records of another history of a map come into this one (PROTOCOL.md 2.8): the other side offers what
 * it has changed since the two went apart, and the policy of the map decides record by record.
 */
import { murmur3 } from '../../base/hash.ts';
import type { MergePolicyName } from '../../grid-merge.ts';
import { rangeEnd } from '../../partition/arena/hash-index.ts';
import type { Offer, RunContext, Since } from '../../partition/store.ts';
import { ByteReader, ByteWriter, sameBytes } from '../../wire/bytes.ts';
import { checkFloor, type MergeCount } from '../merging.ts';
import { mergeKept, offerKept } from './map-kept.ts';
import { checkedKey, checkedValue } from './map-op-reader.ts';
import { mapOps, scanEnd } from './map-ops.ts';
import type { MapRecords } from './map-records.ts';
import { inOrder } from './map-scan.ts';

/** What decides where both sides have written a record since they went apart; the first is the default. */
export const mergePolicies = [
  /** What is here stays. */
  'putIfAbsent',
  /** What was written last, by grid time: that was one clock until the two went apart. */
  'latestUpdate',
  /** What was used more often since its primary became one. */
  'higherHits',
  /** Nothing is brought in. */
  'discard',
  /** What is brought in replaces what is here. */
  'passThrough',
] as const satisfies readonly MergePolicyName[];

/** Instead of a version: what comes both had and this side has lost, so that no policy is asked. */
const allLost = Number.MAX_SAFE_INTEGER;

/** One record of the other history. */
export interface Incoming {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly deadline: number;
  readonly created: number;
  readonly updated: number;
  readonly hits: number;
}

/** By what a record is taken in or not. */
interface Rules {
  readonly policy: MergePolicyName;
  /** From this version on all was written since the two met. */
  readonly floor: number;
  /** Up to this version all is from before they went apart. */
  readonly common: number;
}

/** The policy by which the store decides; a name of a user's own is decided by who brings the records. */
export function storePolicy(options: unknown): MergePolicyName {
  const given = typeof options === 'object' && options !== null ? options : {};
  const { merge } = given as { readonly merge?: unknown };
  return mergePolicies.find((name) => name === merge) ?? 'putIfAbsent';
}

/** Whether the store itself can decide. */
function isStorePolicy({ merge }: Readonly<Record<string, unknown>>): boolean {
  return merge === undefined || mergePolicies.some((name) => name === merge);
}

/**
 * What the map brings from a place on: first the keys that it has, then the records that it has changed, then
 * those that both had and the other has lost.
 */
export function offer(records: MapRecords, from: number, bytes: number, since: Since): Offer {
  const isExact = since.isComplete && !records.hadDeadlines;
  if (from < scanEnd && isExact) return offerKept(records, from, bytes, since);
  const isLast = from >= 2 * scanEnd || since.lostUpTo === 0;
  const start = from < 2 * scanEnd ? scanEnd : 2 * scanEnd;
  const part = start === scanEnd ? changedPart(since) : lostPart(since);
  const { next, op, count } = offerPart(records, Math.max(0, from - start), bytes, part);
  const end = isLast ? undefined : 2 * scanEnd;
  return { next: next === undefined ? end : next + start, op, count, isRepeatable: true };
}

/** Whether the op brings records that a policy of the user's own has to decide on. */
export function isForPolicy(op: Uint8Array, options: Readonly<Record<string, unknown>>): boolean {
  return op[0] === mapOps.merge && !isStorePolicy(options) && !isOfLost(op);
}

function isOfLost(op: Uint8Array): boolean {
  const reader = new ByteReader(op, 1);
  reader.varint();
  return reader.varint() === allLost;
}

/** Records of a range of versions, and what is said of all of them. */
interface Part {
  readonly floor: number;
  readonly common: number;
  readonly after: number;
  readonly upTo: number;
}

function changedPart({ floor, version, after, lostUpTo }: Since): Part {
  return {
    floor,
    common: version,
    after: Math.max(after, lostUpTo),
    upTo: Number.MAX_SAFE_INTEGER,
  };
}

function lostPart({ floor, after, lostUpTo }: Since): Part {
  return { floor, common: allLost, after, upTo: lostUpTo };
}

/** Those from a hash on, of about `bytes` bytes, and all of a hash together. */
function offerPart(records: MapRecords, from: number, bytes: number, part: Part) {
  const isOf = (version: number) => version > part.after && version <= part.upTo;
  const writer = new ByteWriter();
  writer.byte(mapOps.merge);
  writer.varint(part.floor);
  writer.varint(part.common);
  const empty = writer.length;
  let count = 0;
  let next = from;
  while (next < scanEnd && writer.length < bytes) {
    const end = rangeEnd(next);
    const found = inOrder(records, next, end, (ref) => isOf(records.table.version(ref)));
    next = end;
    let last = -1;
    for (const { hash, ref } of found) {
      if (writer.length >= bytes && hash !== last) {
        next = hash;
        break;
      }
      writeIncoming(writer, records, hash, ref);
      count++;
      last = hash;
    }
  }
  const op = writer.length === empty ? undefined : writer.take();
  return { next: next < scanEnd ? next : undefined, op, count };
}

/** Brings in nothing, and only where the primary knows of the merge. */
export function mergeOfNothing(floor: number): Uint8Array {
  const writer = new ByteWriter();
  writer.byte(mapOps.merge);
  writer.varint(floor);
  writer.varint(0);
  return writer.take();
}

/** Brings in what `offer` gave. What has expired meanwhile is not counted. */
export function merge(
  records: MapRecords,
  op: Uint8Array,
  policy: MergePolicyName,
  context: RunContext,
): MergeCount {
  if (op[0] === mapOps.mergeKept) return mergeKept(records, op, policy, context);
  const { floor, common, incoming } = readMergeOp(op);
  checkFloor(floor, context);
  let kept = 0;
  let discarded = 0;
  for (const record of incoming) {
    if (record.deadline !== 0 && record.deadline <= records.now(context)) continue;
    if (mergeOne(records, record, { policy, floor, common }, context)) kept++;
    else discarded++;
  }
  return { kept, discarded };
}

export function readMergeOp(op: Uint8Array) {
  const reader = new ByteReader(op, 1);
  const floor = reader.varint();
  const common = reader.varint();
  const incoming: Incoming[] = [];
  while (!reader.isAtEnd) {
    const key = checkedKey(reader.block());
    const value = checkedValue(reader.block());
    const deadline = reader.varint();
    const created = reader.varint();
    const updated = reader.varint();
    incoming.push({ key, value, deadline, created, updated, hits: reader.varint() });
  }
  return { floor, common, incoming };
}

/** Whether it is here afterwards. */
function mergeOne(
  records: MapRecords,
  incoming: Incoming,
  rules: Rules,
  context: RunContext,
): boolean {
  const hash = murmur3(incoming.key);
  const hits = records.hitsOf(hash);
  const ref = records.live(hash, incoming.key, context);
  if (ref !== 0 && sameBytes(records.table.value(ref), incoming.value)) return true;
  if (!isTaken(records, ref, hits, incoming, rules)) return false;
  records.bring(hash, incoming.key, incoming.value, incoming, context);
  return true;
}

function isTaken(
  { table }: MapRecords,
  ref: number,
  hits: number,
  incoming: Incoming,
  { policy, floor, common }: Rules,
): boolean {
  if (common === allLost) return ref === 0;
  if (policy === 'discard') return false;
  if (ref === 0) return true;
  const version = table.version(ref);
  // What was written since the two met is newer than both; what was not since they parted is older.
  if (version >= floor) return false;
  return version <= common || wins(policy, incoming, table.updated(ref), hits);
}

/** Whether it replaces what this side has written since the two went apart. */
function wins(policy: MergePolicyName, incoming: Incoming, updated: number, hits: number): boolean {
  switch (policy) {
    case 'putIfAbsent':
    case 'discard':
      return false;
    case 'latestUpdate':
      return incoming.updated > updated;
    case 'higherHits':
      return incoming.hits > hits;
    case 'passThrough':
      return true;
  }
}

function writeIncoming(writer: ByteWriter, records: MapRecords, hash: number, ref: number): void {
  const { table } = records;
  writer.block(table.key(ref));
  writer.block(table.value(ref));
  writer.varint(table.deadline(ref));
  writer.varint(table.created(ref));
  writer.varint(table.updated(ref));
  writer.varint(records.hitsOf(hash));
}
