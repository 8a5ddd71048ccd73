/** The rows of what is sent for every operation, by hand: no loop over names, no intermediate list. */
import type {
  CallerId,
  OpSequence,
  PartitionId,
  Sequence,
  StreamId,
  StructureId,
  Term,
} from '../base/ids.ts';
import { asBytes, asCount, asList, asName, type Field } from './fields.ts';
import { kindCodes } from './messages.ts';
import type { OpReply, OpRequest } from './op-messages.ts';
import type { Entry, ReplicaAck, ReplicaAppend } from './replica-messages.ts';

export type HotKind = 'op.request' | 'op.reply' | 'replica.append' | 'replica.ack';

type Row = readonly unknown[];

const codes = kindCodes;

export function requestRow(message: OpRequest): unknown[] {
  return [
    codes['op.request'],
    message.request,
    message.caller,
    message.partition,
    message.structure,
    message.opSequence,
    message.firstIncomplete,
    message.op,
  ];
}

export function requestFrom(row: Row): OpRequest {
  asList(row, 8);
  return {
    kind: 'op.request',
    request: asCount(row[1]),
    caller: asName(row[2]) as CallerId,
    partition: asCount(row[3]) as PartitionId,
    structure: asCount(row[4]) as StructureId,
    opSequence: asCount(row[5]) as OpSequence,
    firstIncomplete: asCount(row[6]) as OpSequence,
    op: asBytes(row[7]),
  };
}

export function replyRow(message: OpReply): unknown[] {
  return [codes['op.reply'], message.request, message.result];
}

export function replyFrom(row: Row): OpReply {
  asList(row, 3);
  return { kind: 'op.reply', request: asCount(row[1]), result: asBytes(row[2]) };
}

export function appendRow(message: ReplicaAppend): unknown[] {
  return [
    codes['replica.append'],
    message.partition,
    message.term,
    message.stream,
    message.previous,
    message.commit,
    message.chunks,
    message.entries.map(entryRow),
  ];
}

export function appendFrom(row: Row): ReplicaAppend {
  asList(row, 8);
  return {
    kind: 'replica.append',
    partition: asCount(row[1]) as PartitionId,
    term: asCount(row[2]) as Term,
    stream: asCount(row[3]) as StreamId,
    previous: asCount(row[4]) as Sequence,
    commit: asCount(row[5]) as Sequence,
    chunks: asCount(row[6]),
    entries: asList(row[7]).map(entryFrom),
  };
}

export function ackRow(message: ReplicaAck): unknown[] {
  return [
    codes['replica.ack'],
    message.partition,
    message.term,
    message.stream,
    message.last,
    message.chunks,
  ];
}

export function ackFrom(row: Row): ReplicaAck {
  asList(row, 6);
  return {
    kind: 'replica.ack',
    partition: asCount(row[1]) as PartitionId,
    term: asCount(row[2]) as Term,
    stream: asCount(row[3]) as StreamId,
    last: asCount(row[4]) as Sequence,
    chunks: asCount(row[5]),
  };
}

function entryRow(entry: Entry): unknown[] {
  return [
    entry.sequence,
    entry.caller,
    entry.opSequence,
    entry.firstIncomplete,
    entry.structure,
    entry.changes,
    entry.result ?? null,
  ];
}

function entryFrom(raw: unknown): Entry {
  const row = asList(raw, 7);
  return {
    sequence: asCount(row[0]) as Sequence,
    caller: asName(row[1]) as CallerId,
    opSequence: asCount(row[2]) as OpSequence,
    firstIncomplete: asCount(row[3]) as OpSequence,
    structure: asCount(row[4]) as StructureId,
    changes: asBytes(row[5]),
    result: row[6] === null ? undefined : asBytes(row[6]),
  };
}

export const entry: Field<Entry> = { encode: entryRow, decode: entryFrom };
