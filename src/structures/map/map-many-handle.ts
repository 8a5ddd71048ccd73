/**
 * Calls on several keys of a map: grouped by partition, one op for each, all on their way at once. An
 * op is atomic in its partition; what fails in one does not stop the others (PROTOCOL.md rule 16).
 */
import { type CallOptions, checkedTimeoutMs } from '../../base/call-options.ts';
import { GridError, type Outcome } from '../../base/errors.ts';
import { partitionOf } from '../../base/hash.ts';
import type { Key, SetOptions } from '../../grid.ts';
import { encodeKey } from '../../wire/key.ts';
import { encodeValue } from '../../wire/value.ts';
import type { StructureHandle } from '../structure-handle.ts';
import type { Life } from './map-life.ts';
import { bareOp, keysOp, mapOps, readCount, readMany, setManyOp, valueOp } from './map-ops.ts';
import { valueOut } from './map-results.ts';
import { checkedSetOptions } from './map-set-options.ts';

/** What a frame holds beside an op. */
const frameMarginBytes = 65_536;
/** What a key or a value takes beside its bytes, in the op and in the changes that it makes. */
const bytesBeside = 24;

/** What one partition is asked. */
interface Group<K> {
  readonly partition: number;
  readonly keys: K[];
  readonly encoded: Uint8Array[];
  readonly values: Uint8Array[];
  bytes: number;
}

export async function getMany<K extends Key, V>(
  handle: StructureHandle,
  keys: Iterable<K>,
  options: CallOptions | undefined,
): Promise<Map<K, V>> {
  checkedTimeoutMs(options);
  const order = [...listed(keys)];
  const { groups, left } = await placed(handle, options, () => grouped(handle, order, undefined));
  const found = new Map<K, Uint8Array | undefined>();
  const read = (group: Group<K>) => readGroup(handle, group, left, found);
  await Promise.all(groups.map(read));
  const values = new Map<K, V>();
  for (const key of order) {
    const value = found.get(key);
    if (value !== undefined) values.set(key, valueOut<V>(value));
  }
  return values;
}

export async function setMany<K extends Key, V>(
  handle: StructureHandle,
  entries: Iterable<readonly [K, V]>,
  options: SetOptions | undefined,
): Promise<void> {
  const { life, call } = checkedSetOptions(options);
  checkedTimeoutMs(call);
  const keys: K[] = [];
  const values: V[] = [];
  for (const entry of listed(entries)) {
    if (!Array.isArray(entry) || entry.length !== 2) {
      const message = `setMany takes pairs [key, value], found ${described(entry)}`;
      throw new GridError('GRID_BAD_VALUE', message);
    }
    keys.push(entry[0]);
    values.push(entry[1]);
  }
  const { groups, left } = await placed(handle, call, () => grouped(handle, keys, values));
  const write = ({ partition, encoded, values: bytes }: Group<K>) => {
    const pairs = encoded.map((key, at) => [key, bytes[at] as Uint8Array] as const);
    return handle.call(partition, setOp(pairs, life), true, left, () => {});
  };
  await everyGroup(groups, true, write);
}

/** Most partitions get one entry where a call has few: that is an op of one key, which costs less. */
function setOp(
  pairs: readonly (readonly [Uint8Array, Uint8Array])[],
  life: Life | undefined,
): Uint8Array {
  const [first] = pairs;
  if (first === undefined || pairs.length > 1) return setManyOp(pairs, life);
  return valueOp(mapOps.set, ...first, life);
}

export async function deleteMany<K extends Key>(
  handle: StructureHandle,
  keys: Iterable<K>,
  options: CallOptions | undefined,
): Promise<number> {
  checkedTimeoutMs(options);
  const order = [...listed(keys)];
  const { groups, left } = await placed(handle, options, () => grouped(handle, order, undefined));
  const counts = await everyGroup(groups, true, ({ partition, encoded }) =>
    handle.call(partition, keysOp(mapOps.deleteMany, encoded), true, left, readCount),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}

/** A sum over the partitions, each at its own moment. */
export async function mapSize(
  handle: StructureHandle,
  options: CallOptions | undefined,
): Promise<number> {
  const sizes = await onAll(handle, bareOp(mapOps.size), false, options, readCount);
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** The same op on every partition. */
export async function onAll<Result>(
  handle: StructureHandle,
  op: Uint8Array,
  isWrite: boolean,
  options: CallOptions | undefined,
  decode: (result: Uint8Array) => Result,
): Promise<Result[]> {
  checkedTimeoutMs(options);
  const all = () =>
    Array.from({ length: handle.router.partitions }, (_, at) => emptyGroup<never>(at));
  const { groups, left } = await placed(handle, options, all);
  return everyGroup(groups, isWrite, ({ partition }) =>
    handle.call(partition, op, isWrite, left, decode),
  );
}

/**
 * The groups, by the partitions that there are for certain, and what is left of the call's time. What is wrong
 * with the arguments is found before anything is asked for.
 */
async function placed<K>(
  handle: StructureHandle,
  options: CallOptions | undefined,
  group: () => Group<K>[],
): Promise<{ readonly groups: Group<K>[]; readonly left: CallOptions | undefined }> {
  const groups = group();
  if (groups.length === 0 || handle.known !== undefined) return { groups, left: options };
  try {
    const left = await handle.prepared(options);
    return { groups: group(), left };
  } catch (error) {
    throw unplacedError(groups, error);
  }
}

/** A partition may answer for some of the keys only, so that no answer is too large; ask on. */
async function readGroup<K>(
  handle: StructureHandle,
  { partition, keys, encoded }: Group<K>,
  options: CallOptions | undefined,
  found: Map<K, Uint8Array | undefined>,
): Promise<void> {
  let done = 0;
  while (done < keys.length) {
    const op = keysOp(mapOps.getMany, encoded.slice(done));
    const values = await handle.call(partition, op, false, options, readMany);
    if (values.length === 0) throw new GridError('GRID_BAD_VALUE', 'A member answered no key');
    for (const value of values) found.set(keys[done++] as K, value);
  }
}

function grouped<K extends Key>(
  handle: StructureHandle,
  keys: readonly K[],
  values: readonly unknown[] | undefined,
): Group<K>[] {
  const { limits, router } = handle;
  const groups = new Map<number, Group<K>>();
  for (const [at, key] of keys.entries()) {
    const { bytes, hash } = encodeKey(key, limits);
    const partition = partitionOf(hash, router.partitions);
    const group = groups.get(partition) ?? emptyGroup<K>(partition);
    groups.set(partition, group);
    group.keys.push(key);
    group.encoded.push(bytes);
    group.bytes += bytes.length + bytesBeside;
    if (values !== undefined) addValue(group, encodeValue(values[at], limits));
  }
  for (const { bytes } of groups.values()) checkBytes(bytes, limits.frameBytesMax);
  return [...groups.values()];
}

function emptyGroup<K>(partition: number): Group<K> {
  return { partition, keys: [], encoded: [], values: [], bytes: 0 };
}

function addValue(group: Group<unknown>, value: Uint8Array): void {
  group.values.push(value);
  group.bytes += value.length + bytesBeside;
}

function checkBytes(bytes: number, frameBytesMax: number): void {
  if (bytes <= frameBytesMax - frameMarginBytes) return;
  throw new GridError(
    'GRID_TOO_LARGE',
    `What one call sends to one partition has to fit into a frame of ${frameBytesMax} bytes, ` +
      `found ${bytes} bytes. Send fewer entries in a call.`,
  );
}

/** Waits for all, whatever becomes of some. */
async function everyGroup<K, Result>(
  groups: readonly Group<K>[],
  isWrite: boolean,
  run: (group: Group<K>) => Promise<Result>,
): Promise<Result[]> {
  const ends = await Promise.allSettled(groups.map(run));
  const failed = groups.filter((_, at) => ends[at]?.status === 'rejected');
  const results: Result[] = [];
  const errors: unknown[] = [];
  for (const end of ends) {
    if (end.status === 'fulfilled') results.push(end.value);
    else errors.push(end.reason);
  }
  if (failed.length > 0) throw partialError(failed, errors, isWrite, results.length);
  return results;
}

/** One error for all: the first one's code, the worst outcome, the keys concerned. */
function partialError<K>(
  failed: readonly Group<K>[],
  errors: readonly unknown[],
  isWrite: boolean,
  done: number,
): unknown {
  const [first] = errors;
  if (!GridError.is(first)) return first;
  const isUnknown = isWrite && (done > 0 || errors.some((error) => outcomeOf(error) === 'unknown'));
  const keys = failed.flatMap((group) => group.keys);
  const those = keys.length > 0 ? ". The keys concerned are in the error's keys." : '';
  const message = `${failed.length} of ${failed.length + done} partitions failed, the first with: ${first.message}${those}`;
  const outcome: Outcome = isUnknown ? 'unknown' : 'not-applied';
  return new GridError(first.code, message, { cause: first, outcome, keys });
}

/** It concerns no partition, and all of the keys. */
function unplacedError<K>(groups: readonly Group<K>[], error: unknown): unknown {
  const keys = groups.flatMap((group) => group.keys);
  if (!GridError.is(error) || keys.length === 0) return error;
  const { code, message, outcome } = error;
  return new GridError(code, message, { cause: error, outcome, keys });
}

function outcomeOf(error: unknown): Outcome {
  return GridError.is(error) ? error.outcome : 'unknown';
}

function described(entry: unknown): string {
  return Array.isArray(entry) ? `an array of ${entry.length}` : `a value of type ${typeof entry}`;
}

function listed<Item>(items: Iterable<Item>): Iterable<Item> {
  const isIterable =
    typeof items === 'object' && items !== null && typeof items[Symbol.iterator] === 'function';
  if (isIterable) return items;
  throw new GridError(
    'GRID_BAD_VALUE',
    `Several keys or entries are given as an array or another iterable, found ${typeof items}`,
  );
}
