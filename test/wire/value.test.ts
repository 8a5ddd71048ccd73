import { isDeepStrictEqual } from 'node:util';
import { expect } from 'chai';
import fc from 'fast-check';
import { Packr, unpack } from 'msgpackr';
import { GridError } from '../../src/base/errors.ts';
import { defaultLimits } from '../../src/base/limits.ts';
import { decodeValue, encodeValue } from '../../src/wire/value.ts';
import { WireError } from '../../src/wire/wire-error.ts';

const packr = new Packr({ useRecords: false });
const encode = (value: unknown) => encodeValue(value, defaultLimits);
// biome-ignore lint/suspicious/noExplicitAny: a value has any shape.
const throughBytes = (value: unknown): any => decodeValue(encode(value));

function errorOf(value: unknown): GridError {
  try {
    encode(value);
  } catch (error) {
    if (GridError.is(error)) return error;
    throw error;
  }
  throw new Error('expected a GridError');
}

describe('the encoding of values', () => {
  it('keeps scalars', () => {
    const scalars = [
      ...[undefined, null, true, false, '', 'text', 'naïve 😀', 'x'.repeat(70_000)],
      ...[0, 1, -1, 127, 128, 255, 2 ** 31, 2 ** 32, 2 ** 53, 1.5, -1e300, Infinity],
      ...[
        0n,
        1n,
        -1n,
        2n ** 63n,
        2n ** 64n - 1n,
        2n ** 64n,
        -(2n ** 63n),
        -(2n ** 64n),
        2n ** 5_000n,
      ],
    ];
    for (const value of scalars) expect(throughBytes(value)).to.equal(value);
    expect(throughBytes(Number.NaN)).to.satisfy(Number.isNaN);
  });

  it('keeps what structured clone keeps', () => {
    const value = {
      date: new Date(1_700_000_000_123),
      pattern: /a+/gi,
      set: new Set([1, 'two', { three: 3 }]),
      bytes: Uint8Array.of(1, 2, 3),
      floats: Float64Array.of(1.5, -2),
      shorts: Int16Array.of(-1, 1),
      bigints: BigUint64Array.of(2n ** 64n - 1n),
      buffer: Uint8Array.of(9).buffer,
      nothing: undefined,
      nested: [{ deep: [null, [undefined]] }],
      large: -(2n ** 100n),
    };
    expect(throughBytes(value)).to.deep.equal(value);
    expect(Object.keys(throughBytes(value))).to.deep.equal(Object.keys(value));
  });

  it('tells Maps from objects, wherever they are', () => {
    const value = {
      map: new Map<unknown, unknown>([
        ['a', { x: 1 }],
        [2, new Map([[{ key: true }, new Set([new Map()])]])],
      ]),
      list: [{ x: 1 }, { x: 2 }, { x: 3 }, { x: 100 }],
      empty: {},
    };
    expect(throughBytes(value)).to.deep.equal(value);
    expect(throughBytes(new Map())).to.deep.equal(new Map());
  });

  it('keeps cycles and shared identity', () => {
    const shared = { id: 1 };
    const value: Record<string, unknown> = { first: shared, second: shared, list: [] };
    value.self = value;
    (value.list as unknown[]).push(value.list, value);
    const copy = throughBytes(value);
    expect(copy.self).to.equal(copy);
    expect(copy.second).to.equal(copy.first).and.to.deep.equal(shared);
    expect(copy.list[0]).to.equal(copy.list);
    expect(copy.list[1]).to.equal(copy);

    const map = new Map<unknown, unknown>();
    const set = new Set<unknown>([map]);
    map.set(map, set);
    const mapCopy = throughBytes(map) as Map<unknown, Set<unknown>>;
    expect(mapCopy.get(mapCopy)?.has(mapCopy)).to.equal(true);
  });

  it('keeps an Error by name, message and cause', () => {
    const odd = new Error('odd');
    odd.name = 'OddError';
    const error = throughBytes(new TypeError('outer', { cause: odd }));
    expect(error).to.be.instanceOf(TypeError).and.to.have.property('message', 'outer');
    expect(error.cause).to.be.instanceOf(Error);
    expect(error.cause).to.include({ name: 'OddError', message: 'odd' });
  });

  it('gives the fields of an instance of a class, without calling toJSON', () => {
    class Point {
      readonly x = 1;
      readonly y = 2;
      toJSON(): string {
        return 'wrong';
      }
    }
    expect(throughBytes(new Point())).to.deep.equal({ x: 1, y: 2 });
    expect(throughBytes(Object.assign(Object.create(null), { a: 1 }))).to.deep.equal({ a: 1 });
    expect(throughBytes({ constructor: 'x', hasOwnProperty: 1 })).to.deep.equal({
      constructor: 'x',
      hasOwnProperty: 1,
    });
  });

  it('gives back any tree of values', () => {
    const anything = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withTypedArray: true,
      maxDepth: 4,
      key: fc.string().filter((name) => name !== '__proto__'),
    });
    fc.assert(
      fc.property(anything, (value) => {
        const copy = withoutMinusZero(throughBytes(value));
        expect(isDeepStrictEqual(copy, withoutMinusZero(value))).to.equal(true);
      }),
      { numRuns: 1_500 },
    );
  });

  it('takes -0 for 0, also in keys of Maps', () => {
    expect(Object.is(throughBytes(-0), 0)).to.equal(true);
    expect(Object.is(throughBytes([-0])[0], 0)).to.equal(true);
  });

  it('gives a copy that shares no memory with the bytes', () => {
    const bytes = Buffer.from(
      encode({ buffer: Buffer.of(7), binary: Uint8Array.of(1, 2), floats: Float32Array.of(1) }),
    );
    const copy = decodeValue(bytes) as { binary: Uint8Array; buffer: Uint8Array };
    bytes.fill(0xff);
    expect(copy).to.deep.equal({
      buffer: Uint8Array.of(7),
      binary: Uint8Array.of(1, 2),
      floats: Float32Array.of(1),
    });
    expect(copy.buffer.constructor).to.equal(Uint8Array);
    expect(copy.binary.constructor).to.equal(Uint8Array);
  });

  it('gives bytes that a later encoding leaves alone', () => {
    const first = encode(['first', 1]);
    const before = Uint8Array.from(first);
    for (let round = 0; round < 100; round++) encode({ round, filler: 'y'.repeat(500) });
    expect(first).to.deep.equal(before);
  });

  it('writes texts as msgpack has them, whatever their length and alphabet', () => {
    const alphabets = ['x', 'é', '漢', '𝄞', 'aé漢𝄞'];
    for (const alphabet of alphabets) {
      for (const length of [0, 1, 15, 31, 32, 85, 86, 127, 128, 255, 256, 300]) {
        const text = alphabet.repeat(length).slice(0, alphabet === 'x' ? length : undefined);
        const bytes = encode(text);
        expect(unpack(bytes)).to.equal(text);
        expect(decodeValue(bytes)).to.equal(text);
        expect(bytes).to.deep.equal(new Uint8Array(packr.pack(text)));
      }
    }
  });

  it('gives equal bytes for equal values', () => {
    const make = () => ({ a: 1, list: ['x', { b: new Map([[1, 2]]) }] });
    expect(encode(make())).to.deep.equal(encode(make()));
  });

  it('names the place of what cannot be kept', () => {
    const cases: [value: unknown, place: string][] = [
      [() => 1, 'a function at value.'],
      [{ a: { b: [1, { act() {} }] } }, 'a function at value.a.b[1].act.'],
      [[Symbol('s')], 'a symbol at value[0].'],
      [new Map([['k', () => 1]]), 'a function at value<string key>.'],
      [new Map([[Symbol('s'), 1]]), 'a symbol at value<key>.'],
      [new Set([() => 1]), 'a function at value[0].'],
      [{ later: Promise.resolve() }, 'an instance of Promise without fields at value.later.'],
      [{ url: new URL('http://a') }, 'an instance of URL without fields at value.url.'],
      [new (class Own extends Map {})(), 'an instance of Own at value.'],
      [JSON.parse('{"__proto__":1}'), 'a property named "__proto__" at value.'],
      [new Error('e', { cause: { f: () => 1 } }), 'a function at value.cause.f.'],
      [{ all: new AggregateError([]) }, 'an AggregateError at value.all.'],
      [{ n: Object(7) }, 'a boxed Number at value.n.'],
      [Object('ab'), 'a boxed String at value.'],
      [[Object(1n), Object(Symbol.iterator)], 'a boxed BigInt at value[0].'],
      [Object.assign(Object(true), { field: 1 }), 'a boxed Boolean at value.'],
    ];
    for (const [value, place] of cases) {
      expect(errorOf(value)).to.have.property('code', 'GRID_BAD_VALUE');
      expect(errorOf(value).message).to.contain(`Found ${place}`);
    }
  });

  it('refuses texts with half of a surrogate pair, wherever they are', () => {
    const half = '\ud83d';
    const what = 'a text with half of a surrogate pair';
    const cases: [value: unknown, place: string][] = [
      [half, 'value'],
      [`a${half}b`, 'value'],
      [`${'x'.repeat(300)}\ude00`, 'value'],
      [{ a: [half] }, 'value.a[0]'],
      [{ a: { [half]: 1, '\ude00': 2 } }, 'value.a<name>'],
      [new Map([[half, 1]]), 'value<key>'],
      [new Set([half]), 'value[0]'],
      [new Error(half), 'value.message'],
      [new Error('e', { cause: half }), 'value.cause'],
      [new RegExp(half), 'value'],
    ];
    for (const [value, place] of cases) {
      expect(errorOf(value).code).to.equal('GRID_BAD_VALUE');
      expect(errorOf(value).message).to.contain(`Found ${what} at ${place}. `);
    }
    expect(throughBytes({ '😀': ['😀', 'é'] })).to.deep.equal({ '😀': ['😀', 'é'] });
  });

  it('refuses an Error that its cause leads back to, and no other in a cycle', () => {
    const own = new Error('own');
    own.cause = own;
    const far = new Error('far', { cause: { list: [new Error('near')] } });
    (far.cause as { list: Error[] }).list[0]!.cause = far;
    for (const [error, place] of [
      [own, 'value.cause'],
      [far, 'value.cause.list[0].cause'],
    ] as const) {
      expect(errorOf(error)).to.have.property('code', 'GRID_BAD_VALUE');
      expect(errorOf(error).message).to.contain(`leads back to at ${place}. `);
    }
    const holder: { error?: Error } = {};
    holder.error = new Error('held', { cause: holder });
    const copy = throughBytes(holder);
    expect(copy.error.cause).to.equal(copy);
    const shared = new Error('shared');
    const twice = throughBytes([new Error('a', { cause: shared }), shared]);
    expect(twice[0].cause).to.equal(twice[1]);
  });

  it('bounds nesting and size', () => {
    const nested = (nesting: number): unknown => (nesting === 0 ? 1 : { in: nested(nesting - 1) });
    expect(throughBytes(nested(128))).to.deep.equal(nested(128));
    const tooDeep = errorOf(nested(129));
    expect(tooDeep).to.have.property('code', 'GRID_TOO_LARGE');
    expect(tooDeep.message).to.contain('nesting over 128 deep at value.in.in');
    expect(tooDeep.message).to.have.lengthOf.below(400).and.to.contain('…. ');
    const { code, message } = errorOf('x'.repeat(9_000_000));
    expect(code).to.equal('GRID_TOO_LARGE');
    expect(message, 'an option that there is not').to.not.contain('raise the limit');
    expect(errorOf(new Uint8Array(8 * 1_024 * 1_024)).message).to.contain('Split it');
  });

  it('throws a WireError that quotes nothing for what is not an encoding', () => {
    const bad = ['', 'c1', 'a3', 'dc', '01736563726574', 'c1d6700000ffff', 'd4ff', 'c7027441'];
    for (const hex of bad) {
      expect(() => decodeValue(Buffer.from(hex, 'hex')), hex).to.throw(
        WireError,
        "expected a value's encoding, found other bytes",
      );
    }
    const deep = new Uint8Array(100_000).fill(0x91);
    expect(() => decodeValue(deep)).to.throw(WireError);
    expect(throughBytes({ still: 'well' })).to.deep.equal({ still: 'well' });
  });
});

/** Without the one difference between a value and its copy; dates as times, since NaN equals itself there. */
function withoutMinusZero(value: unknown): unknown {
  if (Object.is(value, -0)) return 0;
  if (Array.isArray(value)) return Array.from(value, withoutMinusZero);
  if (value instanceof Date) return ['date', value.getTime()];
  if (value instanceof Map) {
    return new Map(
      [...value].map(([key, held]) => [withoutMinusZero(key), withoutMinusZero(held)]),
    );
  }
  if (value instanceof Set) return new Set([...value].map(withoutMinusZero));
  if (value === null || typeof value !== 'object') return value;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, held]) => [name, withoutMinusZero(held)]),
  );
}
