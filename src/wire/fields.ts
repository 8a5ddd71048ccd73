/**
 * The kinds of fields that messages are made of: how each stands in a row, and what is accepted from
 * the other side. A wrong shape throws a `WireError` that quotes nothing.
 */
import { WireError } from './wire-error.ts';

export interface Field<T> {
  encode(value: T): unknown;
  decode(raw: unknown): T;
}

/** Identifiers, names, addresses. */
export const nameLengthMax = 1_024;
/** Sentences for people. */
export const sentenceLengthMax = 16_384;

export function asCount(raw: unknown): number {
  if (Number.isSafeInteger(raw) && (raw as number) >= 0) return raw as number;
  throw new WireError('expected a whole number from 0, found something else');
}

export function asTime(raw: unknown): number {
  if (Number.isFinite(raw)) return raw as number;
  throw new WireError('expected a finite number, found something else');
}

export function asBoolean(raw: unknown): boolean {
  if (typeof raw === 'boolean') return raw;
  throw new WireError('expected a boolean, found something else');
}

export function asBytes(raw: unknown): Uint8Array {
  if (raw instanceof Uint8Array) return raw;
  throw new WireError('expected bytes, found something else');
}

export function asText(raw: unknown, lengthMax: number): string {
  if (typeof raw === 'string' && raw.length <= lengthMax) return raw;
  throw new WireError('expected a string within its length, found something else');
}

export function asName(raw: unknown): string {
  return asText(raw, nameLengthMax);
}

/** A list; of exactly `length` items where that is given. */
export function asList(raw: unknown, length?: number): readonly unknown[] {
  if (Array.isArray(raw) && (length === undefined || raw.length === length)) return raw;
  throw new WireError('expected a list of so many fields, found something else');
}

const same = (value: unknown) => value;

// Tagged identifiers are plain numbers and strings on the wire; the tag is put back here.
export const count = <T extends number = number>(): Field<T> =>
  ({ encode: same, decode: asCount }) as unknown as Field<T>;

/** Undefined is nil on the wire. */
export function optional<T>(field: Field<T>): Field<T | undefined> {
  return {
    encode: (value) => (value === undefined ? null : field.encode(value)),
    decode: (raw) => (raw === null ? undefined : field.decode(raw)),
  };
}

export const time: Field<number> = { encode: same, decode: asTime };
export const boolean: Field<boolean> = { encode: same, decode: asBoolean };
export const bytes: Field<Uint8Array> = { encode: same, decode: asBytes };

export const name = <T extends string = string>(): Field<T> =>
  ({ encode: same, decode: asName }) as unknown as Field<T>;

/** Cut at the sender where it is too long: a sentence must not cost a connection. */
export const sentence: Field<string> = {
  encode: (value) => (value.length > sentenceLengthMax ? value.slice(0, sentenceLengthMax) : value),
  decode: (raw) => asText(raw, sentenceLengthMax),
};

/** One of a few words, as its code. The type asks for a code for each word; none is given twice. */
export function oneOf<T extends string>(codes: Readonly<Record<T, number>>): Field<T> {
  const words = new Map(Object.entries(codes).map(([word, code]) => [code, word as T]));
  return {
    encode: (word) => codes[word],
    decode(raw) {
      const word = words.get(asCount(raw));
      if (word === undefined) throw new WireError('expected one of a few words, found another');
      return word;
    },
  };
}

export function list<T>(item: Field<T>): Field<readonly T[]> {
  return {
    encode: (items) => items.map((value) => item.encode(value)),
    decode: (raw) => asList(raw).map((value) => item.decode(value)),
  };
}

export type Shape<T> = { readonly [F in keyof T]-?: Field<T[F]> };

/** Fields by position, in the order of the shape. A new field goes to the end and needs a version. */
export class RecordField<T extends object> implements Field<T> {
  readonly #names: readonly (keyof T & string)[];
  readonly #shape: Shape<T>;

  constructor(shape: Shape<T>) {
    this.#shape = shape;
    this.#names = Object.keys(shape) as (keyof T & string)[];
  }

  encode(value: T): unknown[] {
    return this.#names.map((field) => this.#shape[field].encode(value[field]));
  }

  decode(raw: unknown): T {
    return this.decodeFrom(asList(raw), {});
  }

  /** Reads the row into `target`. */
  decodeFrom(row: readonly unknown[], target: Partial<T>): T {
    asList(row, this.#names.length);
    let position = 0;
    for (const field of this.#names) target[field] = this.#shape[field].decode(row[position++]);
    return target as T;
  }
}

export function record<T extends object>(shape: Shape<T>): RecordField<T> {
  return new RecordField(shape);
}
