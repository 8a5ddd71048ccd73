/** Iterating over a map: a partition at a time, a page at a time, never the whole map in memory. */
import type { CallOptions } from '../../base/call-options.ts';
import { GridError } from '../../base/errors.ts';
import { partitionOf } from '../../base/hash.ts';
import type { Key, LocalMap } from '../../grid.ts';
import type { StructureRow } from '../../partition/router-port.ts';
import { encodeKey } from '../../wire/key.ts';
import type { StructureHandle } from '../structure-handle.ts';
import { keyOp, mapOps, readPage, type ScanKind, scanEnd, scanOp } from './map-ops.ts';
import { keyOut, valueOrNothing, valueOut } from './map-results.ts';

export async function* scanned<Item>(
  handle: StructureHandle,
  kind: ScanKind,
  options: CallOptions | undefined,
): AsyncGenerator<Item, void, undefined> {
  const row = await handle.ready(options);
  for (let partition = 0; partition < handle.router.partitions; partition++) {
    let from = 0;
    while (from < scanEnd) {
      checkIsSame(handle, row);
      const op = scanOp(kind, from);
      const page = await handle.call(partition, op, false, options, readPage);
      yield* itemsOf<Item>(kind, page.blocks);
      from = page.next;
    }
  }
}

/** An iteration never goes on in another map that took the name meanwhile. */
function checkIsSame(handle: StructureHandle, row: StructureRow): void {
  if (handle.known?.id === row.id) return;
  throw new GridError(
    'GRID_CLOSED',
    `The map '${handle.name}' was destroyed while it was iterated over; begin anew`,
  );
}

export function localMap<K extends Key, V>(handle: StructureHandle): LocalMap<K, V> {
  return {
    keys: () => scannedHere<K>(handle, 'keys'),
    entries: () => scannedHere<[K, V]>(handle, 'entries'),
    peek(key) {
      const { bytes, hash } = encodeKey(key, handle.limits);
      const row = handle.known;
      if (row === undefined) return undefined;
      const partition = partitionOf(hash, handle.router.partitions);
      const result = handle.router.readLocal(row, partition, keyOp(mapOps.get, bytes));
      return result === undefined ? undefined : valueOrNothing<V>(result);
    },
  };
}

function* scannedHere<Item>(
  handle: StructureHandle,
  kind: ScanKind,
): Generator<Item, void, undefined> {
  const row = handle.known;
  if (row === undefined) return;
  for (const partition of handle.router.localPartitions(row)) {
    yield* scannedPartition<Item>(handle, row, kind, partition);
  }
}

/** Ends early where the partition moves away meanwhile. */
function* scannedPartition<Item>(
  handle: StructureHandle,
  row: StructureRow,
  kind: ScanKind,
  partition: number,
): Generator<Item, void, undefined> {
  let from = 0;
  while (from < scanEnd) {
    const result = handle.router.readLocal(row, partition, scanOp(kind, from));
    if (result === undefined) return;
    const page = readPage(result);
    yield* itemsOf<Item>(kind, page.blocks);
    from = page.next;
  }
}

function* itemsOf<Item>(
  kind: ScanKind,
  blocks: readonly Uint8Array[],
): Generator<Item, void, undefined> {
  const step = kind === 'entries' ? 2 : 1;
  for (let at = 0; at < blocks.length; at += step) {
    const first = blocks[at] as Uint8Array;
    // The kind says what an item is; the two are matched where a scan begins.
    if (kind === 'keys') yield keyOut<Item>(first);
    else if (kind === 'values') yield valueOut<Item>(first);
    else yield [keyOut(first), valueOut(blocks[at + 1] as Uint8Array)] as Item;
  }
}
