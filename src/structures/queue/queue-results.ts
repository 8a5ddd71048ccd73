/** What the runs of a queue's ops end with. */
import { copyBytes, pooledBytes, pooledCopy } from '../../base/byte-pool.ts';
import { GridError } from '../../base/errors.ts';
import { type RunContext, type RunResult, wholeStructure } from '../../partition/store.ts';
import { ByteWriter } from '../../wire/bytes.ts';
import { nothing, progress, unknownOp } from './queue-ops.ts';

/** A head and a byte of value. */
const itemBytesMin = 2;

/** Of a run that changed nothing. */
export function seen(result: Uint8Array): RunResult {
  return { result, changes: nothing, touched: wholeStructure };
}

export function counted(count: number): Uint8Array {
  const writer = new ByteWriter();
  writer.varint(count);
  return writer.take();
}

/** `done`, and the value. */
export function given(value: Uint8Array): Uint8Array {
  const result = pooledBytes(1 + value.length);
  result[0] = progress.done;
  copyBytes(value, result, 1);
  return result;
}

/** A copy of the encoded value in an item: what stands behind its head. */
export const valueIn = (item: Uint8Array) => pooledCopy(item.subarray(1));

export function metaOf(version: number, deadline: number, context: RunContext) {
  const now = Math.floor(context.gridTime);
  return { version, deadline, created: now, updated: now };
}

export function checkedItem(item: Uint8Array): Uint8Array {
  if (item.length < itemBytesMin) {
    throw new GridError('GRID_BAD_VALUE', 'An op has an item of a byte at least, found none');
  }
  if (item[0] !== 0) throw unknownOp('flags');
  return item;
}
