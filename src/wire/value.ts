/**
 * Values as bytes: what structured clone keeps, without state between two values, so that any member
 * and any client can read what another wrote.
 *
 * Two forms. Most values are trees of plain objects, arrays and scalars: these are msgpack with
 * objects as maps. A value that holds a `Map`, or one object in two places (a cycle among them),
 * starts with 0xc1, which msgpack never uses, and is written with records and references, which
 * tell objects from Maps and keep identity.
 *
 * Not kept, as in JSON: the sign of -0, prototypes of classes, properties named by symbols or beside the
 * items of an array, holes (they become undefined), whether a buffer was shared. An Error keeps name, message
 * and cause; a Buffer comes back as a Uint8Array. Refused: what would come back as something else.
 */
import { Packr, RESET_BUFFER_MODE, Unpackr } from 'msgpackr';
import { copyBytes, pooledBytes, pooledCopy } from '../base/byte-pool.ts';
import { GridError } from '../base/errors.ts';
import type { Limits } from '../base/limits.ts';
import { inspectValue, pathText } from './value-inspection.ts';
import { WireError } from './wire-error.ts';

export type ValueLimits = Pick<Limits, 'valueBytesMax' | 'nestingMax'>;

const linkedForm = 0xc1;
/** How msgpack begins a text of less than 32 bytes, its length in the low bits, and one of at most 255. */
const shortText = 0xa0;
const shortTextMask = 0xe0;
const shortTextMax = 32;
const text8 = 0xd9;
const text8Max = 255;
const unitBytesMax = 3;
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
/** Reads UTF-8 from a place to another without a view and the machinery of a decoder; browsers have none. */
const { Buffer: NodeBuffer } = globalThis as { readonly Buffer?: { readonly prototype: object } };
const { utf8Slice } = (NodeBuffer?.prototype ?? {}) as {
  readonly utf8Slice?: (this: Uint8Array, from: number, to: number) => string;
};
const textScratch = new Uint8Array(text8Max * unitBytesMax);

// `moreTypes` (Set, Error, typed arrays, large bigint) is an option that the package's types omit.
const common = { moreTypes: true, variableMapSize: true, useToJSON: false } as const;
const treePackr = new Packr({ ...common, useRecords: false });
const linkedPackr = new Packr({ ...common, structuredClone: true });
const treeUnpackr = new Unpackr({ useRecords: false, mapsAsObjects: true, copyBuffers: true });
const linkedUnpackr = new Unpackr({ mapsAsObjects: false, copyBuffers: true });

export function encodeValue(value: unknown, limits: ValueLimits): Uint8Array {
  const text = typeof value === 'string' ? packedText(value) : undefined;
  if (text !== undefined && text.length <= limits.valueBytesMax) return text;
  const form = formOf(value, limits);
  const bytes = form === 'tree' ? packedTree(value) : packedLinked(value);
  if (bytes.length <= limits.valueBytesMax) return bytes;
  throw new GridError(
    'GRID_TOO_LARGE',
    `A value takes at most ${limits.valueBytesMax} bytes encoded, and this one takes ${bytes.length}. Split it into several.`,
  );
}

/** What stands in [from, to), as a fresh copy, which shares nothing with `bytes`. */
export function decodeValue(bytes: Uint8Array, from = 0, to = bytes.length): unknown {
  const text = unpackedText(bytes, from, to);
  if (text !== undefined) return text;
  // A Buffer would give its own class to the binaries within.
  const plain = new Uint8Array(bytes.buffer, bytes.byteOffset + from, to - from);
  try {
    if (plain[0] === linkedForm) return linkedUnpackr.unpack(plain.subarray(1));
    return treeUnpackr.unpack(plain);
  } catch {
    // The reader's own words quote the content.
    throw new WireError("expected a value's encoding, found other bytes");
  }
}

function formOf(value: unknown, limits: ValueLimits): 'tree' | 'linked' {
  const { problem, linked } = inspectValue(value, limits.nestingMax);
  if (problem === undefined) return linked ? 'linked' : 'tree';
  throw new GridError(
    problem.code,
    'A value is made of what structured clone keeps: plain objects, arrays, Map, Set, Date, Error, ' +
      `typed arrays, and scalars. Found ${problem.found} at ${pathText(problem.path)}. ${problem.advice}`,
  );
}

/** As msgpack has it, without its machinery: short texts are what comes most often. Undefined where it is long. */
function packedText(text: string): Uint8Array | undefined {
  if (text.length > text8Max) return undefined;
  const { written } = encoder.encodeInto(text, textScratch);
  if (written > text8Max) return undefined;
  // Only what takes more bytes than units can hold half of a pair, which is refused the long way.
  if (written > text.length && !text.isWellFormed()) return undefined;
  const headBytes = written < shortTextMax ? 1 : 2;
  const bytes = pooledBytes(headBytes + written);
  if (headBytes === 1) bytes[0] = shortText | written;
  else {
    bytes[0] = text8;
    bytes[1] = written;
  }
  copyBytes(textScratch.subarray(0, written), bytes, headBytes);
  return bytes;
}

/** Undefined where it is no short text that ends at `to`. */
function unpackedText(bytes: Uint8Array, from: number, to: number): string | undefined {
  if (from >= to) return undefined;
  const first = bytes[from] as number;
  if (first === text8) {
    return bytes[from + 1] === to - from - 2 ? textBetween(bytes, from + 2, to) : undefined;
  }
  if ((first & shortTextMask) !== shortText) return undefined;
  return (first & ~shortTextMask) === to - from - 1 ? textBetween(bytes, from + 1, to) : undefined;
}

function textBetween(bytes: Uint8Array, from: number, to: number): string {
  if (utf8Slice === undefined) return decoder.decode(bytes.subarray(from, to));
  return utf8Slice.call(bytes, from, to);
}

// Packed into the packer's pool and copied out, so that a small value does not keep a large pool.
function packedTree(value: unknown): Uint8Array {
  return pooledCopy(treePackr.pack(value, RESET_BUFFER_MODE));
}

function packedLinked(value: unknown): Uint8Array {
  const packed = linkedPackr.pack(value);
  const bytes = new Uint8Array(packed.length + 1);
  bytes[0] = linkedForm;
  bytes.set(packed, 1);
  return bytes;
}
