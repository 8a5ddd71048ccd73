/** A message as a row of msgpack, and back, for the kinds that are not hot. */
import { asList } from './fields.ts';
import type { Message } from './messages.ts';
import { type ColdKind, schemas } from './schemas.ts';

export type ColdMessage = Extract<Message, { kind: ColdKind }>;

/** What the table of schemas gives for a kind that is known only at run time. */
interface AnySchema {
  encode(message: object): unknown[];
  decodeFrom(row: readonly unknown[], target: object): object;
}

export function toRow(message: ColdMessage): unknown[] {
  return (schemas[message.kind] as AnySchema).encode(message);
}

export function fromRow(kind: ColdKind, raw: unknown): ColdMessage {
  return (schemas[kind] as AnySchema).decodeFrom(asList(raw), { kind }) as ColdMessage;
}
