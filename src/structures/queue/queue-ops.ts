/**
 * The ops of a queue and their results, as bytes. Only the queue's handle and its store read them.
 *
 * An op begins with its code; reads have codes below `writesFrom`. An item stands last in an op: its
 * head (queue-records.ts), then the encoded value. A wait is named by a token, which the store makes
 * and which the handle only hands back.
 */
import { copyBytes, pooledBytes } from '../../base/byte-pool.ts';
import { GridError } from '../../base/errors.ts';
import { ByteReader, ByteWriter, putVarint, varintBytes } from '../../wire/bytes.ts';

/** A code is never given twice. */
export const queueOps = {
  size: 1,
  peek: 2,
  ask: 3,
  push: 32,
  tryPush: 33,
  take: 34,
  tryTake: 35,
  clear: 36,
  settle: 37,
  cancel: 38,
  merge: 39,
  mergeKept: 40,
} as const;

export const writesFrom = 32;

/** How far an op that may wait has come: the first byte of the results of push, take, ask and cancel. */
export const progress = {
  /** It waits on. */
  waiting: 0,
  /** Pushed, or taken: the item follows. */
  done: 1,
  /** It has begun to wait: the token follows. */
  begun: 2,
  /** It waits no longer, and nothing was done. */
  over: 3,
  /** The wait belongs to another life of the caller, or to one that is gone: what became of it cannot be known. */
  lost: 4,
} as const;

export const nothing = new Uint8Array(0);
export const no = Uint8Array.of(0);
export const yes = Uint8Array.of(1);

/** An item without delay or priority. */
const plainHead = 0;

/** `timeoutMs` is how long the push may wait for room. */
export function pushOp(value: Uint8Array, timeoutMs: number): Uint8Array {
  const at = 1 + varintBytes(timeoutMs);
  const op = pooledBytes(at + 1 + value.length);
  op[0] = queueOps.push;
  putVarint(op, 1, timeoutMs);
  op[at] = plainHead;
  copyBytes(value, op, at + 1);
  return op;
}

export function tryPushOp(value: Uint8Array): Uint8Array {
  const op = pooledBytes(2 + value.length);
  op[0] = queueOps.tryPush;
  op[1] = plainHead;
  copyBytes(value, op, 2);
  return op;
}

/** `timeoutMs` is how long the take may wait for an item. */
export function takeOp(timeoutMs: number): Uint8Array {
  const op = new Uint8Array(1 + varintBytes(timeoutMs));
  op[0] = queueOps.take;
  putVarint(op, 1, timeoutMs);
  return op;
}

/** ask, cancel. */
export function tokenOp(code: number, token: Uint8Array): Uint8Array {
  const op = new Uint8Array(1 + token.length);
  op[0] = code;
  op.set(token, 1);
  return op;
}

/** The results of these waits have come: nothing is to be kept for them. */
export function settleOp(tokens: readonly Uint8Array[]): Uint8Array {
  const writer = new ByteWriter();
  writer.byte(queueOps.settle);
  for (const token of tokens) writer.block(token);
  return writer.take();
}

/** size, peek, tryTake, clear. */
export function bareOp(code: number): Uint8Array {
  return Uint8Array.of(code);
}

export function readCount(result: Uint8Array): number {
  return new ByteReader(result).varint();
}

export function unknownOp(what: string): GridError {
  return new GridError(
    'GRID_BAD_VALUE',
    `A queue's op has ${what} that this member does not know; use one version of shoal throughout`,
  );
}
