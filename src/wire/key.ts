/**
 * The canonical encoding of keys: equal keys have equal bytes on every platform, different keys
 * different bytes. docs/key-encoding.md describes it for other languages, with test vectors.
 *
 * A key is a tag and its content; whatever varies in length says its length first, so a key ends
 * where its content ends. Equality is that of a JavaScript `Map` (0 and -0 are one key, NaN equals
 * itself, 1 and 1n differ), extended to the content of bytes and arrays.
 */
import { pooledBytes } from '../base/byte-pool.ts';
import { GridError } from '../base/errors.ts';
import { murmur3 } from '../base/hash.ts';
import type { Limits } from '../base/limits.ts';
import { WireError } from './wire-error.ts';

export type PlainKey = string | number | bigint | boolean | Uint8Array | readonly PlainKey[];

/** Keys with the same affinity share a partition, in every structure. The pair is the identity. */
export interface AffinityKey {
  readonly key: PlainKey;
  readonly affinity: PlainKey;
}

export type Key = PlainKey | AffinityKey;

export interface EncodedKey {
  readonly bytes: Uint8Array;
  /** Of the affinity where there is one, else of the key: it chooses the partition. */
  readonly hash: number;
}

export type KeyLimits = Pick<Limits, 'keyBytesMax'>;

/** Arrays within arrays, at most. */
export const keyNestingMax = 8;

const tags = {
  false: 1,
  true: 2,
  number: 3,
  /** Zero or more. */
  bigint: 4,
  negativeBigint: 5,
  text: 6,
  bytes: 7,
  array: 8,
  pair: 9,
} as const;

/** Lengths below it take one byte. */
const shortLength = 0x80;
/** By the length of the text: to make such an array costs more than to write into it. */
const lentViews: Uint8Array[] = [];
const lent: { bytes: Uint8Array; hash: number } = { bytes: new Uint8Array(0), hash: 0 };

export function encodeKey(key: Key, limits: KeyLimits): EncodedKey {
  if (typeof key === 'string') {
    const bytes = encodeShortText(key, limits) ?? encodeSlowly(key, limits);
    return { bytes, hash: murmur3(bytes) };
  }
  if (isPair(key)) return encodePair(key, limits);
  const bytes = encodeSlowly(key, limits);
  return { bytes, hash: murmur3(bytes) };
}

/**
 * As `encodeKey`, but both the bytes and what holds them may be lent: good until the next call. For who looks at
 * them or copies them at once.
 */
export function lentKey(key: Key, limits: KeyLimits): Readonly<EncodedKey> {
  if (typeof key !== 'string' || key.length >= shortLength) return encodeKey(key, limits);
  const bytes = lentViews[key.length] ?? new Uint8Array(key.length + 2);
  lentViews[key.length] = bytes;
  if (!putShortText(key, bytes, limits)) return encodeKey(key, limits);
  lent.bytes = bytes;
  lent.hash = murmur3(bytes);
  return lent;
}

/** The key of an encoding, which must be the canonical one. */
export function decodeKey(bytes: Uint8Array): Key {
  const reader = new KeyReader(bytes);
  const key = reader.key();
  reader.end();
  return key;
}

/** Whether an encoded key, or the key of a pair, is a text that begins with the text of another. */
export function startsWithText(key: Uint8Array, prefix: Uint8Array): boolean {
  const from = textAt(key);
  const prefixFrom = textAt(prefix);
  if (from < 0 || prefixFrom < 0) return false;
  const length = prefix.length - prefixFrom;
  // What follows the text of a pair is no part of it.
  if (from + length > textEnd(key)) return false;
  for (let i = 0; i < length; i++) if (key[from + i] !== prefix[prefixFrom + i]) return false;
  return true;
}

/** Where the content of a text begins; below 0 where the key is none. */
function textAt(key: Uint8Array): number {
  const tagAt = key[0] === tags.pair ? 1 : 0;
  if (key[tagAt] !== tags.text) return -1;
  let at = tagAt + 1;
  while ((key[at] as number) >= shortLength) at += 1;
  return at + 1;
}

function textEnd(key: Uint8Array): number {
  const tagAt = key[0] === tags.pair ? 1 : 0;
  let at = tagAt + 1;
  let length = 0;
  let scale = 1;
  for (; (key[at] as number) >= shortLength; at++) {
    length += ((key[at] as number) - shortLength) * scale;
    scale *= shortLength;
  }
  return at + 1 + length + (key[at] as number) * scale;
}

/** Most keys are short ASCII strings: one allocation, one pass. Undefined where this one is not. */
function encodeShortText(text: string, limits: KeyLimits): Uint8Array | undefined {
  if (text.length >= shortLength) return undefined;
  const bytes = pooledBytes(text.length + 2);
  return putShortText(text, bytes, limits) ? bytes : undefined;
}

/** False where the text is not ASCII or over the limit. */
function putShortText(text: string, bytes: Uint8Array, limits: KeyLimits): boolean {
  const { length } = bytes;
  if (length > limits.keyBytesMax) return false;
  bytes[0] = tags.text;
  bytes[1] = length - 2;
  for (let at = 2; at < length; at++) {
    const unit = text.charCodeAt(at - 2);
    if (unit > 0x7f) return false;
    bytes[at] = unit;
  }
  return true;
}

function encodeSlowly(key: PlainKey, limits: KeyLimits): Uint8Array {
  const writer = new KeyWriter(limits.keyBytesMax);
  writer.plain(key, 0);
  return writer.take();
}

function encodePair(pair: AffinityKey, limits: KeyLimits): EncodedKey {
  const affinity = encodeSlowly(pair.affinity, limits);
  const writer = new KeyWriter(limits.keyBytesMax);
  writer.byte(tags.pair);
  writer.plain(pair.key, 0);
  writer.append(affinity);
  return { bytes: writer.take(), hash: murmur3(affinity) };
}

function isPair(key: unknown): key is AffinityKey {
  if (typeof key !== 'object' || key === null) return false;
  return 'key' in key && 'affinity' in key && Object.keys(key).length === 2;
}

const textEncoder = new TextEncoder();

class KeyWriter {
  readonly #bytesMax: number;
  #bytes = new Uint8Array(64);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  take(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  plain(key: unknown, nesting: number): void {
    if (typeof key === 'string') this.#text(key);
    else if (typeof key === 'number') this.#number(key);
    else if (typeof key === 'bigint') this.#bigint(key);
    else if (typeof key === 'boolean') this.byte(key ? tags.true : tags.false);
    else if (key instanceof Uint8Array) this.#content(tags.bytes, key);
    else if (Array.isArray(key)) this.#array(key, nesting);
    else throw badKey(describe(key));
  }

  byte(byte: number): void {
    this.#room(1);
    this.#bytes[this.#length++] = byte;
  }

  append(content: Uint8Array): void {
    this.#room(content.length);
    this.#bytes.set(content, this.#length);
    this.#length += content.length;
  }

  #text(text: string): void {
    // A key has at least as many bytes as its text has units: look before encoding a huge one.
    this.#check(text.length);
    if (!text.isWellFormed()) throw badKey('a string with half of a surrogate pair');
    this.#content(tags.text, textEncoder.encode(text));
  }

  #number(key: number): void {
    this.byte(tags.number);
    this.#room(8);
    // One zero and one NaN, whatever bits the platform has for them.
    if (Number.isNaN(key)) this.#view.setUint32(this.#length, 0x7ff80000);
    else this.#view.setFloat64(this.#length, key === 0 ? 0 : key);
    this.#length += 8;
  }

  #bigint(key: bigint): void {
    const digits = (key < 0n ? -key : key).toString(16);
    this.#check(digits.length / 2);
    const even = digits.length % 2 === 0 ? digits : `0${digits}`;
    const magnitude = new Uint8Array(key === 0n ? 0 : even.length / 2);
    for (let index = 0; index < magnitude.length; index++) {
      magnitude[index] = Number.parseInt(even.slice(index * 2, index * 2 + 2), 16);
    }
    this.#content(key < 0n ? tags.negativeBigint : tags.bigint, magnitude);
  }

  #array(items: readonly unknown[], nesting: number): void {
    if (nesting === keyNestingMax) throw badKey(`arrays nested over ${keyNestingMax} deep`);
    this.byte(tags.array);
    this.#size(items.length);
    for (let index = 0; index < items.length; index++) this.plain(items[index], nesting + 1);
  }

  #content(tag: number, content: Uint8Array): void {
    this.byte(tag);
    this.#size(content.length);
    this.append(content);
  }

  /** Seven bits a byte, the lowest first; the top bit says that more follow. */
  #size(size: number): void {
    let rest = size;
    while (rest >= shortLength) {
      this.byte((rest % shortLength) | shortLength);
      rest = Math.floor(rest / shortLength);
    }
    this.byte(rest);
  }

  #check(more: number): void {
    if (this.#length + more <= this.#bytesMax) return;
    throw new GridError(
      'GRID_TOO_LARGE',
      `A key takes at most ${this.#bytesMax} bytes encoded, and this one takes more. Use a shorter ` +
        'key, for instance a digest, and keep the long one in the value.',
    );
  }

  /** Doubles, so never past twice the bound. */
  #room(more: number): void {
    this.#check(more);
    if (this.#length + more <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + more));
    larger.set(this.#bytes);
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer);
  }
}

function describe(key: unknown): string {
  if (key === null) return 'null';
  if (typeof key !== 'object') return typeof key === 'undefined' ? 'undefined' : `a ${typeof key}`;
  const name = key.constructor?.name;
  return name === undefined || name === 'Object' ? 'an object' : `an instance of ${name}`;
}

function badKey(found: string): GridError {
  return new GridError(
    'GRID_BAD_KEY',
    'A key is a string, number, bigint, boolean, Uint8Array, an array of these, or { key, affinity } ' +
      `of these. Found ${found}. Make a key of its identifying fields, for instance [user.region, user.id].`,
  );
}

const textDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

class KeyReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  key(): Key {
    if (this.#bytes[0] !== tags.pair) return this.#plain(0);
    this.#position = 1;
    const key = this.#plain(0);
    return { key, affinity: this.#plain(0) };
  }

  end(): void {
    if (this.#position !== this.#bytes.length) throw notCanonical();
  }

  #plain(nesting: number): PlainKey {
    switch (this.#byte()) {
      case tags.false:
        return false;
      case tags.true:
        return true;
      case tags.number:
        return this.#number();
      case tags.bigint:
        return this.#bigint();
      case tags.negativeBigint:
        return -this.#bigint(1);
      case tags.text:
        return this.#text();
      case tags.bytes:
        return this.#content().slice();
      case tags.array:
        return this.#array(nesting);
      default:
        throw notCanonical();
    }
  }

  #byte(): number {
    const byte = this.#bytes[this.#position++];
    if (byte === undefined) throw notCanonical();
    return byte;
  }

  #number(): number {
    if (this.#position + 8 > this.#bytes.length) throw notCanonical();
    const high = this.#view.getUint32(this.#position);
    const low = this.#view.getUint32(this.#position + 4);
    const number = this.#view.getFloat64(this.#position);
    this.#position += 8;
    if (Object.is(number, -0)) throw notCanonical();
    if (Number.isNaN(number) && (high !== 0x7ff80000 || low !== 0)) throw notCanonical();
    return number;
  }

  #bigint(bytesMin = 0): bigint {
    const magnitude = this.#content();
    if (magnitude.length < bytesMin || magnitude[0] === 0) throw notCanonical();
    let digits = '0x0';
    for (const byte of magnitude) digits += byte.toString(16).padStart(2, '0');
    return BigInt(digits);
  }

  #text(): string {
    try {
      return textDecoder.decode(this.#content());
    } catch {
      throw notCanonical();
    }
  }

  #array(nesting: number): PlainKey[] {
    if (nesting === keyNestingMax) throw notCanonical();
    const length = this.#size();
    const items: PlainKey[] = [];
    for (let index = 0; index < length; index++) items.push(this.#plain(nesting + 1));
    return items;
  }

  #content(): Uint8Array {
    const length = this.#size();
    const from = this.#position;
    this.#position += length;
    return this.#bytes.subarray(from, this.#position);
  }

  /** A size is never greater than the bytes that follow it: each item takes one at least. */
  #size(): number {
    let size = 0;
    let scale = 1;
    let byte = this.#byte();
    while (byte >= shortLength) {
      size += (byte - shortLength) * scale;
      scale *= shortLength;
      if (scale > 2 ** 28) throw notCanonical();
      byte = this.#byte();
    }
    if (byte === 0 && scale > 1) throw notCanonical();
    size += byte * scale;
    if (size > this.#bytes.length - this.#position) throw notCanonical();
    return size;
  }
}

function notCanonical(): WireError {
  return new WireError('expected the canonical encoding of a key, found other bytes');
}
