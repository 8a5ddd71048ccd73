/**
 * Writing and reading small binary records: what structures make their ops, changes and results of.
 *
 * A varint has seven bits a byte, the lowest first, and holds whole numbers up to 2^53. A block is its
 * length as a varint, then its bytes.
 */
import { copyBytes } from '../base/byte-pool.ts';
import { GridError } from '../base/errors.ts';

const varintBytesMax = 8;
const firstBytes = 256;
/** A larger buffer is given back once its content was taken. */
const keptBytesMax = 65_536;
const nothing: Uint8Array = new Uint8Array(0);

export function varintBytes(value: number): number {
  let bytes = 1;
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) bytes += 1;
  return bytes;
}

/** Writes a varint and gives the place behind it. */
export function putVarint(bytes: Uint8Array, at: number, value: number): number {
  let place = at;
  let rest = value;
  while (rest >= 128) {
    bytes[place++] = (rest % 128) | 128;
    rest = Math.floor(rest / 128);
  }
  bytes[place++] = rest;
  return place;
}

export function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  if (one.length !== other.length) return false;
  for (let at = 0; at < one.length; at++) if (one[at] !== other[at]) return false;
  return true;
}

export class ByteWriter {
  #bytes: Uint8Array;
  #view: DataView;
  #length = 0;

  /** `bytes`: what will be written, about, where that is known. */
  constructor(bytes = firstBytes) {
    this.#bytes = new Uint8Array(bytes);
    this.#view = new DataView(this.#bytes.buffer);
  }

  get length(): number {
    return this.#length;
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  varint(value: number): void {
    this.#reserve(varintBytesMax);
    this.#length = putVarint(this.#bytes, this.#length, value);
  }

  float(value: number): void {
    this.#reserve(8);
    this.#view.setFloat64(this.#length, value, true);
    this.#length += 8;
  }

  block(value: Uint8Array): void {
    this.varint(value.length);
    this.raw(value);
  }

  raw(value: Uint8Array): void {
    this.#reserve(value.length);
    copyBytes(value, this.#bytes, this.#length);
    this.#length += value.length;
  }

  /** A copy of what was written; the writer is empty afterwards. */
  take(): Uint8Array {
    const taken = this.#bytes.slice(0, this.#length);
    this.#restart();
    return taken;
  }

  /** As `take`, but a view that is good until something is written. */
  takeView(): Uint8Array {
    if (this.#length === 0) return nothing;
    const view = this.#bytes.subarray(0, this.#length);
    this.#restart();
    return view;
  }

  #restart(): void {
    this.#length = 0;
    if (this.#bytes.length > keptBytesMax) this.#resize(firstBytes);
  }

  #reserve(more: number): void {
    const wanted = this.#length + more;
    if (wanted > this.#bytes.length) this.#resize(Math.max(wanted, 2 * this.#bytes.length));
  }

  #resize(size: number): void {
    const larger = new Uint8Array(size);
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer);
  }
}

/** Blocks are views into the bytes read. Whatever does not fit is a `GRID_BAD_VALUE`. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  #at: number;

  constructor(bytes: Uint8Array, at = 0) {
    this.#bytes = bytes;
    this.#at = at;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  byte(): number {
    const value = this.#bytes[this.#at++];
    if (value === undefined) throw malformed('a byte more');
    return value;
  }

  varint(): number {
    let value = 0;
    let scale = 1;
    for (let count = 0; count < varintBytesMax; count++) {
      const byte = this.byte();
      value += (byte & 127) * scale;
      if (byte < 128) return checkedWhole(value);
      scale *= 128;
    }
    throw malformed('a varint of at most eight bytes');
  }

  float(): number {
    const from = this.#advance(8);
    const view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset + from, 8);
    return view.getFloat64(0, true);
  }

  block(): Uint8Array {
    const length = this.varint();
    const from = this.#advance(length);
    return this.#bytes.subarray(from, from + length);
  }

  /** All that is left. */
  rest(): Uint8Array {
    const from = this.#at;
    this.#at = this.#bytes.length;
    return this.#bytes.subarray(from);
  }

  /** Throws where something is left. */
  end(): void {
    if (!this.isAtEnd) throw malformed('the end');
  }

  #advance(length: number): number {
    const from = this.#at;
    if (length > this.#bytes.length - from) throw malformed(`${length} bytes more`);
    this.#at = from + length;
    return from;
  }
}

function checkedWhole(value: number): number {
  if (value > Number.MAX_SAFE_INTEGER) throw malformed('a whole number below 2^53');
  return value;
}

function malformed(expected: string): GridError {
  return new GridError('GRID_BAD_VALUE', `Malformed bytes: expected ${expected}, found otherwise`);
}
