/**
 * Puts a batch together: hot messages field by field, others as a block of msgpack. A short one is copied out of
 * a buffer that is used again and again; a long one leaves with its buffer, which whoever sends it gives
 * back to all writers (frame-buffers.ts).
 *
 * A varint has seven bits a byte, the lowest first, and holds whole numbers up to 2^53. A block is its
 * length as a varint, then its bytes. A caller is 0 where it is the one of the message before it in the
 * frame, else the length of its name plus one, and the name.
 */
import { copyBytes } from '../base/byte-pool.ts';
import { type FrameKind, headerBytes, writeHeader } from './frame.ts';
import { giveBack, takeBuffer } from './frame-buffers.ts';

/** A frame is short up to it. */
const shortBytes = 4_096;
const varintBytesMax = 8;
const unitBytesMax = 3;
const encoder = new TextEncoder();

export class FrameWriter {
  readonly #short: Uint8Array = new Uint8Array(shortBytes);
  #bytes: Uint8Array = this.#short;
  #at = headerBytes;
  #caller: string | undefined;

  /** Bytes of the frame so far, its header included. */
  get length(): number {
    return this.#at;
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#at++] = value;
  }

  varint(value: number): void {
    this.#reserve(varintBytesMax);
    const bytes = this.#bytes;
    let rest = value;
    // Past 28 bits the operators on bits would cut the number.
    while (rest > 0x0fffffff) {
      bytes[this.#at++] = (rest % 128) | 128;
      rest = Math.floor(rest / 128);
    }
    while (rest > 127) {
      bytes[this.#at++] = (rest & 127) | 128;
      rest >>>= 7;
    }
    bytes[this.#at++] = rest;
  }

  block(value: Uint8Array): void {
    this.varint(value.length);
    this.#reserve(value.length);
    copyBytes(value, this.#bytes, this.#at);
    this.#at += value.length;
  }

  caller(name: string): void {
    if (name === this.#caller) {
      this.byte(0);
      return;
    }
    this.#caller = name;
    this.#reserve(varintBytesMax + name.length * unitBytesMax);
    const text = encoder.encode(name);
    this.varint(text.length + 1);
    copyBytes(text, this.#bytes, this.#at);
    this.#at += text.length;
  }

  /** The frame; the next one begins. To be given back once it was sent. */
  take(kind: FrameKind): Uint8Array {
    const bytes = this.#bytes;
    // A frame keeps no more than twice its length: those that wait are counted by it.
    const isLong = bytes !== this.#short && 2 * this.#at > bytes.length;
    const frame = isLong ? bytes.subarray(0, this.#at) : bytes.slice(0, this.#at);
    writeHeader(frame, kind);
    this.#begin(isLong);
    return frame;
  }

  /** Forgets what was written. */
  clear(): void {
    this.#begin(false);
  }

  #begin(hasLeft: boolean): void {
    if (!hasLeft && this.#bytes !== this.#short) giveBack(this.#bytes);
    this.#bytes = this.#short;
    this.#at = headerBytes;
    this.#caller = undefined;
  }

  #reserve(more: number): void {
    const wanted = this.#at + more;
    if (wanted <= this.#bytes.length) return;
    const larger = takeBuffer(Math.max(wanted, 2 * this.#bytes.length));
    larger.set(this.#bytes.subarray(0, this.#at));
    if (this.#bytes !== this.#short) giveBack(this.#bytes);
    this.#bytes = larger;
  }
}
