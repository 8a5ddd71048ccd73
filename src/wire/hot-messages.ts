/**
 * What is sent for every operation, field by field and by hand: no row, no list, no loop over names.
 *
 * Bytes that were read are views into their frame: whoever keeps them past the turn copies them.
 */
import type {
  CallerId,
  OpSequence,
  PartitionId,
  Sequence,
  StreamId,
  StructureId,
  Term,
} from '../base/ids.ts';
import type { FrameReader } from './frame-reader.ts';
import type { FrameWriter } from './frame-writer.ts';
import { OpReply, OpRequest } from './op-messages.ts';
import { Entry, type ReplicaAck, ReplicaAppend } from './replica-messages.ts';
import { WireError } from './wire-error.ts';

export type HotKind = 'op.request' | 'op.reply' | 'replica.append' | 'replica.ack';

/** Senders count over seventy bytes for an entry and cut at a mebibyte, so more are not theirs. */
const entriesMax = 65_536;

export function writeRequest(writer: FrameWriter, message: OpRequest): void {
  writer.varint(message.request);
  writer.caller(message.caller);
  writer.varint(message.partition);
  writer.varint(message.structure);
  writer.varint(message.opSequence);
  writer.varint(message.firstIncomplete);
  writer.block(message.op);
}

export function readRequest(reader: FrameReader): OpRequest {
  return new OpRequest(
    reader.varint(),
    reader.caller() as CallerId,
    reader.varint() as PartitionId,
    reader.varint() as StructureId,
    reader.varint() as OpSequence,
    reader.varint() as OpSequence,
    reader.block(),
  );
}

export function writeReply(writer: FrameWriter, message: OpReply): void {
  writer.varint(message.request);
  writer.block(message.result);
}

export function readReply(reader: FrameReader): OpReply {
  return new OpReply(reader.varint(), reader.block());
}

export function writeAppend(writer: FrameWriter, message: ReplicaAppend): void {
  writer.varint(message.partition);
  writer.varint(message.term);
  writer.varint(message.stream);
  writer.varint(message.previous);
  writer.varint(message.commit);
  writer.varint(message.chunks);
  writer.varint(message.entries.length);
  for (const entry of message.entries) writeEntry(writer, entry);
}

export function readAppend(reader: FrameReader): ReplicaAppend {
  return new ReplicaAppend(
    reader.varint() as PartitionId,
    reader.varint() as Term,
    reader.varint() as StreamId,
    reader.varint() as Sequence,
    reader.varint() as Sequence,
    reader.varint(),
    readEntries(reader),
  );
}

export function writeAck(writer: FrameWriter, message: ReplicaAck): void {
  writer.varint(message.partition);
  writer.varint(message.term);
  writer.varint(message.stream);
  writer.varint(message.last);
  writer.varint(message.chunks);
}

export function readAck(reader: FrameReader): ReplicaAck {
  return {
    kind: 'replica.ack',
    partition: reader.varint() as PartitionId,
    term: reader.varint() as Term,
    stream: reader.varint() as StreamId,
    last: reader.varint() as Sequence,
    chunks: reader.varint(),
  };
}

function writeEntry(writer: FrameWriter, entry: Entry): void {
  writer.varint(entry.sequence);
  writer.caller(entry.caller);
  writer.varint(entry.opSequence);
  writer.varint(entry.firstIncomplete);
  writer.varint(entry.structure);
  writer.block(entry.changes);
  // No result and an empty one are told apart.
  writer.byte(entry.result === undefined ? 0 : 1);
  if (entry.result !== undefined) writer.block(entry.result);
}

function readEntries(reader: FrameReader): Entry[] {
  const length = reader.varint();
  if (length > entriesMax) throw new WireError('expected fewer entries in a message, found more');
  const entries: Entry[] = [];
  for (let at = 0; at < length; at++) entries.push(readEntry(reader));
  return entries;
}

function readEntry(reader: FrameReader): Entry {
  return new Entry(
    reader.varint() as Sequence,
    reader.caller() as CallerId,
    reader.varint() as OpSequence,
    reader.varint() as OpSequence,
    reader.varint() as StructureId,
    reader.block(),
    readResult(reader),
  );
}

function readResult(reader: FrameReader): Uint8Array | undefined {
  const flag = reader.byte();
  if (flag > 1) throw new WireError('expected a result or none, found something else');
  return flag === 0 ? undefined : reader.block();
}
