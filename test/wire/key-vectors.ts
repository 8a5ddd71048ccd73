/** The keys whose encodings docs/key-encoding.md publishes. `node --import tsx` this file to print its table. */
import { defaultLimits } from '../../src/base/limits.ts';
import { encodeKey, type Key } from '../../src/wire/key.ts';

export const vectors: readonly [written: string, key: Key][] = [
  ['""', ''],
  ['"a"', 'a'],
  ['"user:42"', 'user:42'],
  ['"naïve"', 'naïve'],
  ['"日本"', '日本'],
  ['"😀"', '😀'],
  ['"x" × 128', 'x'.repeat(128)],
  ['0 and -0', -0],
  ['1', 1],
  ['-1.5', -1.5],
  ['2 ** 53', 2 ** 53],
  ['NaN', Number.NaN],
  ['-Infinity', -Infinity],
  ['0n', 0n],
  ['1n', 1n],
  ['-1n', -1n],
  ['255n', 255n],
  ['-256n', -256n],
  ['2n ** 64n', 2n ** 64n],
  ['true', true],
  ['false', false],
  ['bytes ()', new Uint8Array()],
  ['bytes (00 ff)', Uint8Array.of(0, 255)],
  ['[]', []],
  ['["eu", 42]', ['eu', 42]],
  ['[["a"], [1n]]', [['a'], [1n]]],
  ['{ key: "order:1", affinity: "user:42" }', { key: 'order:1', affinity: 'user:42' }],
  ['{ key: ["line", 1], affinity: 42 }', { key: ['line', 1], affinity: 42 }],
];

function hexOf(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes).toString('hex');
  // A long run of one byte is written as a product.
  return hex.replace(/((?:[0-9a-f]{2}))\1{99,}/, (run, byte) => `${byte} × ${run.length / 2}`);
}

export function vectorTable(): string {
  const rows = vectors.map(([written, key]) => {
    const { bytes, hash } = encodeKey(key, defaultLimits);
    return `| \`${written}\` | \`${hexOf(bytes)}\` | \`${hash.toString(16).padStart(8, '0')}\` |`;
  });
  return ['| key | bytes | hash |', '|---|---|---|', ...rows].join('\n');
}

if (process.argv[1] === import.meta.filename) console.log(vectorTable());
