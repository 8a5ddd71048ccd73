/** A message as a row, its kind's code first, and back. */

import { asList } from './fields.ts';
import {
  ackFrom,
  ackRow,
  appendFrom,
  appendRow,
  replyFrom,
  replyRow,
  requestFrom,
  requestRow,
} from './hot-rows.ts';
import { type Kind, kindCodes, type Message } from './messages.ts';
import { type ColdKind, schemas } from './schemas.ts';
import { WireError } from './wire-error.ts';

export function toRow(message: Message): unknown[] {
  switch (message.kind) {
    case 'op.request':
      return requestRow(message);
    case 'op.reply':
      return replyRow(message);
    case 'replica.append':
      return appendRow(message);
    case 'replica.ack':
      return ackRow(message);
    default:
      return coldRow(message);
  }
}

/** Bytes within the message are those of the row. */
export function fromRow(raw: unknown): Message {
  const row = asList(raw);
  const kind = kindsByCode.get(row[0]);
  if (kind === undefined)
    throw new WireError('expected a known kind of message, found another code');
  switch (kind) {
    case 'op.request':
      return requestFrom(row);
    case 'op.reply':
      return replyFrom(row);
    case 'replica.append':
      return appendFrom(row);
    case 'replica.ack':
      return ackFrom(row);
    default:
      return coldMessage(kind, row);
  }
}

const kindsByCode: ReadonlyMap<unknown, Kind> = new Map(
  Object.entries(kindCodes).map(([kind, code]) => [code, kind as Kind]),
);

type ColdMessage = Extract<Message, { kind: ColdKind }>;

/** What the table of schemas gives for a kind that is known only at run time. */
interface AnySchema {
  encodeInto(row: unknown[], message: object): void;
  decodeFrom(row: readonly unknown[], offset: number, target: object): object;
}

function coldRow(message: ColdMessage): unknown[] {
  const row: unknown[] = [kindCodes[message.kind]];
  (schemas[message.kind] as AnySchema).encodeInto(row, message);
  return row;
}

function coldMessage(kind: ColdKind, row: readonly unknown[]): ColdMessage {
  return (schemas[kind] as AnySchema).decodeFrom(row, 1, { kind }) as ColdMessage;
}
