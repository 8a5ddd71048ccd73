/**
 * Reads what a `FrameWriter` wrote, out of bytes that a peer sent: whatever does not fit is a `WireError`
 * that quotes nothing.
 */
import { nameLengthMax } from './fields.ts';
import { WireError } from './wire-error.ts';

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const unitBytesMax = 3;

const nothing: Uint8Array = new Uint8Array(0);

export class FrameReader {
  #bytes = nothing;
  #at = 0;
  #end = 0;
  #caller = '';
  /** The last caller's name as bytes: the next frame most likely brings the same one. */
  #callerBytes = nothing;
  #hasCaller = false;

  /** Begins with another frame. */
  begin(bytes: Uint8Array, from: number): void {
    // A plain view: what is cut from a Buffer is one too, and its `slice` would not copy.
    this.#bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#at = from;
    this.#end = bytes.length;
    this.#hasCaller = false;
  }

  /** Lets go of the frame. */
  release(): void {
    this.#bytes = nothing;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#end;
  }

  byte(): number {
    if (this.#at >= this.#end) throw truncated();
    return this.#bytes[this.#at++] as number;
  }

  varint(): number {
    const first = this.byte();
    if (first < 128) return first;
    const second = this.byte();
    if (second < 128) return (first & 127) | (second << 7);
    const third = this.byte();
    const low = (first & 127) | ((second & 127) << 7);
    if (third < 128) return low | (third << 14);
    return this.#longVarint(low | ((third & 127) << 14));
  }

  /** A view into the frame. */
  block(): Uint8Array {
    const length = this.varint();
    const from = this.#at;
    if (length > this.#end - from) throw truncated();
    this.#at = from + length;
    return this.#bytes.subarray(from, this.#at);
  }

  caller(): string {
    const length = this.varint() - 1;
    if (length < 0) {
      if (!this.#hasCaller) throw new WireError('expected a caller, found none before it');
      return this.#caller;
    }
    if (length > nameLengthMax * unitBytesMax) throw tooLong();
    if (length > this.#end - this.#at) throw truncated();
    this.#at += length;
    this.#hasCaller = true;
    if (!this.#isSame(length)) this.#decodeCaller(length);
    return this.#caller;
  }

  #longVarint(low: number): number {
    let value = low;
    let scale = 2 ** 21;
    for (let count = 3; count < 8; count++) {
      const byte = this.byte();
      value += (byte & 127) * scale;
      if (byte < 128) {
        if (value > Number.MAX_SAFE_INTEGER) break;
        return value;
      }
      scale *= 128;
    }
    throw new WireError('expected a whole number below 2^53, found a larger one');
  }

  #isSame(length: number): boolean {
    const known = this.#callerBytes;
    if (known.length !== length) return false;
    const from = this.#at - length;
    for (let i = 0; i < length; i++) if (known[i] !== this.#bytes[from + i]) return false;
    return true;
  }

  #decodeCaller(length: number): void {
    const bytes = new Uint8Array(length);
    bytes.set(this.#bytes.subarray(this.#at - length, this.#at));
    let name: string;
    try {
      name = decoder.decode(bytes);
    } catch {
      throw new WireError('expected a name in UTF-8, found other bytes');
    }
    if (name.length > nameLengthMax) throw tooLong();
    this.#caller = name;
    this.#callerBytes = bytes;
  }
}

function truncated(): WireError {
  return new WireError('expected more bytes, found the end of the frame');
}

function tooLong(): WireError {
  return new WireError('expected a name within its length, found a longer one');
}
