/**
 * The callers that wait at a queue, as bytes: whose a wait is, what it holds, and the token by which its
 * caller names it.
 */
import type { RecordTable } from '../../partition/arena/record-table.ts';
import type { RunContext } from '../../partition/store.ts';
import { ByteReader, ByteWriter, sameBytes } from '../../wire/bytes.ts';
import { progress } from './queue-ops.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder();
/** A deadline has six bytes; what lies beyond is for ever, more or less. */
const deadlineMax = 2 ** 48 - 1;
/**
 * How long a caller that a primary does not know is taken for one that has only just come, of whom the
 * table here has not told yet.
 */
const unknownMs = 5_000;
/**
 * How long a result is kept for a caller who is there and does not settle: its call ended without an
 * answer. Whoever has not asked for half of that does not believe that its wait is over (queue-wait.ts).
 */
const forgetMs = 3_600_000;

/** A wait as its record has it. The bytes are views: good until the table changes. */
export interface Wait {
  readonly caller: Uint8Array;
  /** Empty where it holds none. */
  readonly item: Uint8Array;
}

export function waitOf(waits: RecordTable, ref: number): Wait {
  const reader = new ByteReader(waits.value(ref));
  return { caller: reader.block(), item: reader.rest() };
}

export function waitValue(caller: Uint8Array, item: Uint8Array): Uint8Array {
  const writer = new ByteWriter();
  writer.block(caller);
  writer.raw(item);
  return writer.take();
}

export function callerBytes(context: RunContext): Uint8Array {
  return encoder.encode(context.caller);
}

export function deadlineOf(timeoutMs: number, context: RunContext): number {
  return Math.min(deadlineMax, Math.floor(context.gridTime) + timeoutMs);
}

/** Whether somebody is still there for what the wait is given. */
export function isAwaited(waits: RecordTable, ref: number, context: RunContext): boolean {
  if (waits.deadline(ref) <= context.gridTime) return false;
  return !context.isGone(callerOf(waits, ref));
}

/** Whether the record is of no use any more: a wait whose time is over, or anything of a caller gone. */
export function isAbandoned(
  waits: RecordTable,
  ref: number,
  isWaiting: boolean,
  context: RunContext,
): boolean {
  if (isWaiting && waits.deadline(ref) <= context.gridTime) return true;
  const age = context.gridTime - waits.updated(ref);
  if (age < unknownMs) return false;
  if (!isWaiting && age >= forgetMs) return true;
  return context.isGone(callerOf(waits, ref));
}

/** The result of an op that has begun to wait: its token follows. */
export function begunResult(number: number, caller: Uint8Array): Uint8Array {
  const writer = new ByteWriter();
  writer.byte(progress.begun);
  writer.varint(number);
  writer.raw(caller);
  return writer.take();
}

export interface Token {
  readonly number: number;
  /** Whether the caller is the one to whom it was given. */
  readonly isOwn: boolean;
}

export function readToken(token: Uint8Array, from: number, caller: Uint8Array): Token {
  const reader = new ByteReader(token, from);
  const number = reader.varint();
  return { number, isOwn: sameBytes(reader.rest(), caller) };
}

function callerOf(waits: RecordTable, ref: number): RunContext['caller'] {
  return decoder.decode(waitOf(waits, ref).caller) as RunContext['caller'];
}
