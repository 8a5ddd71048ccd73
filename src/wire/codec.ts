/**
 * Frames and what is in them. One codec for each connection: an encoder's state is never shared
 * between peers.
 *
 * What `decode…` gives shares no memory with the frame, so a small message does not keep a large
 * frame alive. Anything wrong with a frame is a `WireError`, whose message quotes nothing of it.
 */
import { Packr, RESERVE_START_SPACE, Unpackr } from 'msgpackr';
import { defaultLimits, type Limits } from '../base/limits.ts';
import { asList, type Field } from './fields.ts';
import { type FrameKind, headerBytes, readHeader, writeHeader } from './frame.ts';
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
import type { Message } from './messages.ts';
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

/** A header's room before the body, in msgpackr's way of saying it. */
const reserveHeader = RESERVE_START_SPACE | headerBytes;

export class Codec {
  readonly #frameBytesMax: number;
  readonly #packr = new Packr({ useRecords: false });
  readonly #unpackr = new Unpackr({ useRecords: false, copyBuffers: true });

  constructor(limits: CodecLimits = defaultLimits) {
    this.#frameBytesMax = limits.frameBytesMax;
  }

  /** Whether a frame is a batch; else it is a greeting. */
  isBatch(frame: Uint8Array): boolean {
    return readHeader(frame, this.#frameBytesMax) === 'batch';
  }

  encodeBatch(messages: readonly Message[]): Uint8Array {
    return this.#frame('batch', messages.map(toRow));
  }

  decodeBatch(frame: Uint8Array): Message[] {
    if (readHeader(frame, this.#frameBytesMax) !== 'batch') {
      throw new WireError('expected a batch of messages, found another kind of frame');
    }
    return asList(this.#body(frame)).map(fromRow);
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

  #frame(kind: FrameKind, body: unknown): Uint8Array {
    const frame = this.#packr.pack(body, reserveHeader);
    writeHeader(frame, kind);
    return frame;
  }

  #decoded<T>(field: Field<T>, frame: Uint8Array): T {
    return field.decode(this.#body(frame));
  }

  #body(frame: Uint8Array): unknown {
    scan(frame, headerBytes, this.#frameBytesMax / bytesOfItemMin);
    // A plain view: decoded bytes take their class from what they are cut from.
    const length = frame.length - headerBytes;
    const body = new Uint8Array(frame.buffer, frame.byteOffset + headerBytes, length);
    try {
      return this.#unpackr.unpack(body);
    } catch {
      // The decoder's own words quote the content.
      throw new WireError('expected msgpack, found other bytes');
    }
  }
}
