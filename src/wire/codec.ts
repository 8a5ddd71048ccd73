/**
 * Frames and what is in them. One codec for each connection: an encoder's state is never shared
 * between peers.
 *
 * A batch is a row of messages, each the code of its kind and what follows: hot kinds field by field
 * (hot-messages.ts), the others as a block of msgpack. Anything wrong with a frame is a `WireError`, whose
 * message quotes nothing of it.
 *
 * Bytes within hot messages are views into the frame that was decoded: whoever keeps them copies them, so
 * that a small op does not keep a large frame alive. Everything else shares no memory with the frame.
 */
import { Packr, RESERVE_START_SPACE, Unpackr } from 'msgpackr';
import { defaultLimits, type Limits } from '../base/limits.ts';
import type { Field } from './fields.ts';
import { type FrameKind, headerBytes, readHeader, writeHeader } from './frame.ts';
import { FrameReader } from './frame-reader.ts';
import { FrameWriter } from './frame-writer.ts';
import {
  type ClientHello,
  clientHello,
  type Hello,
  hello,
  type Proof,
  proof,
  type Refused,
  refused,
} from './handshake.ts';
import * as hot from './hot-messages.ts';
import { type Kind, kindCodes, type Message } from './messages.ts';
import { fromRow, toRow } from './rows.ts';
import { scan } from './scan.ts';
import { WireError } from './wire-error.ts';

export type CodecLimits = Pick<Limits, 'frameBytesMax'>;

export type Greeting =
  | { readonly kind: 'hello'; readonly hello: Hello }
  | { readonly kind: 'proof'; readonly proof: Proof }
  | { readonly kind: 'client'; readonly hello: ClientHello }
  | { readonly kind: 'refused'; readonly refused: Refused };

/** Senders count nine bytes for each value at least (size.ts), so more values than this are not theirs. */
const bytesOfItemMin = 8;
/** Senders cut a frame at a mebibyte and count over a hundred bytes for a message, so more are not theirs. */
export const messagesPerFrameMax = 16_384;

/** A header's room before the body, in msgpackr's way of saying it. */
const reserveHeader = RESERVE_START_SPACE | headerBytes;

const kinds: (Kind | undefined)[] = [];
for (const [kind, code] of Object.entries(kindCodes)) kinds[code] = kind as Kind;

export class Codec {
  readonly #frameBytesMax: number;
  readonly #packr = new Packr({ useRecords: false });
  readonly #unpackr = new Unpackr({ useRecords: false, copyBuffers: true });
  readonly #writer = new FrameWriter();
  readonly #reader = new FrameReader();
  #messages = 0;
  /** Values that the frame at hand may still hold. */
  #itemsLeft = 0;

  constructor(limits: CodecLimits = defaultLimits) {
    this.#frameBytesMax = limits.frameBytesMax;
  }

  /** Whether a frame is a batch; else it is a greeting. */
  isBatch(frame: Uint8Array): boolean {
    return readHeader(frame, this.#frameBytesMax) === 'batch';
  }

  /** Messages in the batch that is being put together. */
  get messages(): number {
    return this.#messages;
  }

  /** Bytes of the batch that is being put together. */
  get bytes(): number {
    return this.#messages === 0 ? 0 : this.#writer.length;
  }

  /** Adds a message to the batch that is being put together. */
  append(message: Message): void {
    const writer = this.#writer;
    writer.byte(kindCodes[message.kind]);
    switch (message.kind) {
      case 'op.request':
        hot.writeRequest(writer, message);
        break;
      case 'op.reply':
        hot.writeReply(writer, message);
        break;
      case 'replica.append':
        hot.writeAppend(writer, message);
        break;
      case 'replica.ack':
        hot.writeAck(writer, message);
        break;
      default:
        writer.block(this.#packr.pack(toRow(message)));
    }
    this.#messages++;
  }

  /** The batch that was put together; the next one begins. */
  takeBatch(): Uint8Array {
    this.#messages = 0;
    return this.#writer.take('batch');
  }

  /** Forgets what was appended since the last batch was taken. */
  clear(): void {
    this.#messages = 0;
    this.#writer.clear();
  }

  encodeBatch(messages: readonly Message[]): Uint8Array {
    for (const message of messages) this.append(message);
    return this.takeBatch();
  }

  decodeBatch(frame: Uint8Array): Message[] {
    if (readHeader(frame, this.#frameBytesMax) !== 'batch') {
      throw new WireError('expected a batch of messages, found another kind of frame');
    }
    const reader = this.#reader;
    reader.begin(frame, headerBytes);
    this.#itemsLeft = this.#frameBytesMax / bytesOfItemMin;
    const messages: Message[] = [];
    while (!reader.isAtEnd) {
      if (messages.length === messagesPerFrameMax) {
        throw new WireError('expected fewer messages in a frame, found more');
      }
      messages.push(this.#read(reader));
    }
    reader.release();
    return messages;
  }

  encodeHello(greeting: Hello): Uint8Array {
    return this.#frame('hello', hello.encode(greeting));
  }

  encodeProof(given: Proof): Uint8Array {
    return this.#frame('proof', proof.encode(given));
  }

  encodeClientHello(greeting: ClientHello): Uint8Array {
    return this.#frame('client', clientHello.encode(greeting));
  }

  encodeRefused(given: Refused): Uint8Array {
    return this.#frame('refused', refused.encode(given));
  }

  /** What comes before the first batch. */
  decodeGreeting(frame: Uint8Array): Greeting {
    const kind = readHeader(frame, this.#frameBytesMax);
    switch (kind) {
      case 'hello':
        return { kind, hello: this.#decoded(hello, frame) };
      case 'proof':
        return { kind, proof: this.#decoded(proof, frame) };
      case 'refused':
        return { kind, refused: this.#decoded(refused, frame) };
      case 'client':
        return { kind, hello: this.#decoded(clientHello, frame) };
      case 'batch':
      case 'sealed':
        throw new WireError('expected a greeting, found another kind of frame');
    }
  }

  /** The message as a peer gets it: sharing nothing with the one that was sent. */
  copyOf(message: Message): Message {
    return this.decodeBatch(this.encodeBatch([message]))[0] as Message;
  }

  #read(reader: FrameReader): Message {
    const kind = kinds[reader.byte()];
    switch (kind) {
      case undefined:
        throw new WireError('expected a known kind of message, found another code');
      case 'op.request':
        return hot.readRequest(reader);
      case 'op.reply':
        return hot.readReply(reader);
      case 'replica.append':
        return hot.readAppend(reader);
      case 'replica.ack':
        return hot.readAck(reader);
      default:
        return fromRow(kind, this.#unpacked(reader.block()));
    }
  }

  #frame(kind: FrameKind, body: unknown): Uint8Array {
    const frame = this.#packr.pack(body, reserveHeader);
    writeHeader(frame, kind);
    return frame;
  }

  #decoded<T>(field: Field<T>, frame: Uint8Array): T {
    return field.decode(this.#body(frame));
  }

  #body(frame: Uint8Array): unknown {
    this.#itemsLeft = this.#frameBytesMax / bytesOfItemMin;
    return this.#unpacked(frame.subarray(headerBytes));
  }

  #unpacked(bytes: Uint8Array): unknown {
    this.#itemsLeft -= scan(bytes, 0, this.#itemsLeft);
    // A plain view: decoded bytes take their class from what they are cut from.
    const body = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
    try {
      return this.#unpackr.unpack(body);
    } catch {
      // The decoder's own words quote the content.
      throw new WireError('expected msgpack, found other bytes');
    }
  }
}
