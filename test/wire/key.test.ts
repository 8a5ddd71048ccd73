import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import fc from 'fast-check';
import { GridError } from '../../src/base/errors.ts';
import { defaultLimits } from '../../src/base/limits.ts';
import { decodeKey, encodeKey, type Key, lentKey, type PlainKey } from '../../src/wire/key.ts';
import { WireError } from '../../src/wire/wire-error.ts';
import { vectorTable } from './key-vectors.ts';

const encode = (key: unknown) => encodeKey(key as Key, defaultLimits);
const hex = (key: unknown) => Buffer.from(encode(key).bytes).toString('hex');

function errorOf(act: () => unknown): GridError {
  try {
    act();
  } catch (error) {
    if (GridError.is(error)) return error;
    throw error;
  }
  throw new Error('expected a GridError');
}

const scalar = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme-ascii', maxLength: 200 }),
  fc.double(),
  fc.integer(),
  fc.bigInt(),
  fc.bigInt({ min: -(2n ** 600n), max: 2n ** 600n }),
  fc.boolean(),
  fc.uint8Array(),
);
const plainKey = fc.letrec<{ key: PlainKey }>((tie) => ({
  key: fc.oneof(
    { maxDepth: 5, depthSize: 'small' },
    scalar,
    fc.array(tie('key'), { maxLength: 4 }),
  ),
})).key;
const anyKey: fc.Arbitrary<Key> = fc.oneof(
  plainKey,
  fc.record({ key: plainKey, affinity: plainKey }, { noNullPrototype: true }),
);

/** Map's equality, for what has no identity of its own. */
function normal(key: unknown): unknown {
  if (Object.is(key, -0)) return 0;
  if (key instanceof Uint8Array) return ['bytes', ...key];
  if (Array.isArray(key)) return ['array', ...key.map(normal)];
  if (typeof key === 'object' && key !== null) {
    const pair = key as { key: unknown; affinity: unknown };
    return { key: normal(pair.key), affinity: normal(pair.affinity) };
  }
  return key;
}

describe('the encoding of keys', () => {
  it('is what docs/key-encoding.md publishes', () => {
    expect(readFileSync('docs/key-encoding.md', 'utf8')).to.contain(vectorTable());
  });

  it('gives back the key that went in', () => {
    fc.assert(
      fc.property(anyKey, (key) => {
        expect(normal(decodeKey(encode(key).bytes))).to.deep.equal(normal(key));
      }),
      { numRuns: 2_000 },
    );
  });

  it('lends what it would give', () => {
    for (const key of [
      '',
      'ann',
      'ö',
      'x'.repeat(127),
      'x'.repeat(128),
      7,
      [1, 'a'],
      { key: 1, affinity: 'a' },
    ]) {
      const { bytes, hash } = lentKey(key, defaultLimits);
      expect({ bytes: bytes.slice(), hash }).to.deep.equal(encodeKey(key, defaultLimits));
    }
    const small = { keyBytesMax: 4 };
    expect(() => lentKey('abc', small)).to.throw(GridError);
  });

  it('has one form for each key, and accepts no other', () => {
    fc.assert(
      fc.property(anyKey, fc.nat(), fc.integer({ min: 0, max: 255 }), (key, at, byte) => {
        const bytes = encode(key).bytes.slice();
        bytes[at % bytes.length] = byte;
        try {
          expect(encode(decodeKey(bytes)).bytes).to.deep.equal(bytes);
        } catch (error) {
          if (!(error instanceof WireError)) throw error;
        }
      }),
      { numRuns: 5_000 },
    );
  });

  it('takes 0 and -0 for one key, and every NaN for one', () => {
    const otherNaN = new Float64Array(Uint8Array.of(1, 0, 0, 0, 0, 0, 0xf8, 0xff).buffer)[0]!;
    expect(otherNaN).to.satisfy(Number.isNaN);
    expect(hex(-0)).to.equal(hex(0));
    expect(hex(otherNaN)).to.equal(hex(Number.NaN));
  });

  it('tells types apart', () => {
    const keys = [1, 1n, '1', true, [1], ['1'], Uint8Array.of(1), [[1]], { key: 1, affinity: 1 }];
    expect(new Set(keys.map(hex)).size).to.equal(keys.length);
    expect(hex(['a', 'b'])).not.to.equal(hex(['ab']));
  });

  it('takes a Buffer and a Uint8Array of the same content for one key', () => {
    expect(hex(Buffer.from('abc'))).to.equal(hex(new TextEncoder().encode('abc')));
  });

  it('hashes a pair by its affinity, which is part of its identity', () => {
    const pair = encode({ key: 'order:1', affinity: 'user:42' });
    expect(pair.hash).to.equal(encode('user:42').hash);
    expect(pair.hash).to.equal(encode({ key: 'order:2', affinity: 'user:42' }).hash);
    expect(hex({ key: 'order:1', affinity: 'user:42' })).not.to.equal(
      hex({ key: 'order:1', affinity: 'user:43' }),
    );
  });

  it('refuses what is no key, and says what is', () => {
    const deep = (nesting: number): unknown => (nesting === 0 ? 1 : [deep(nesting - 1)]);
    const bad = [
      ...[null, undefined, {}, new Date(), Symbol('s'), () => 1, new Map(), [null], [undefined, 1]],
      ...[{ key: 1 }, { key: 1, affinity: {} }, { key: null, affinity: 1 }, deep(9), '\ud800'],
      ...[{ key: { key: 1, affinity: 1 }, affinity: 1 }, [{ key: 1, affinity: 1 }]],
    ];
    for (const key of bad) {
      expect(errorOf(() => encode(key)).code, String(key)).to.equal('GRID_BAD_KEY');
    }
    expect(encode(deep(8))).to.have.property('bytes');
    expect(errorOf(() => encode(new Date())).message)
      .to.contain('Found an instance of Date')
      .and.to.contain('for instance [user.region, user.id]');
  });

  it('refuses a key over the limit, at once', () => {
    const large = ['x'.repeat(5_000), 'ü'.repeat(2_047), new Uint8Array(4_094), 2n ** 40_000n];
    for (const key of [...large, new Array(4_095).fill(true), 'x'.repeat(100_000_000)]) {
      expect(errorOf(() => encode(key)).code).to.equal('GRID_TOO_LARGE');
    }
    expect(encode('x'.repeat(4_093)).bytes).to.have.length(4_096);
    expect(errorOf(() => encodeKey('abcdef', { keyBytesMax: 7 })).code).to.equal('GRID_TOO_LARGE');
    expect(encodeKey('abcde', { keyBytesMax: 7 }).bytes).to.have.length(7);
  });

  it('throws a WireError that quotes nothing for what is not an encoding', () => {
    const bad = [
      '',
      '00',
      '0603',
      '06026162ff',
      '068000',
      '0601ff',
      '0901',
      '08ffffffff7f',
      '0401',
      '0500',
    ];
    for (const bytes of bad) {
      expect(() => decodeKey(Uint8Array.from(Buffer.from(bytes, 'hex'))), bytes).to.throw(
        WireError,
        'expected the canonical encoding of a key, found other bytes',
      );
    }
  });
});
