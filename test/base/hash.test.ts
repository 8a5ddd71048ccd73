import { expect } from 'chai';
import { murmur3, partitionOf } from '../../src/base/hash.ts';

const bytes = (hex: string) => Uint8Array.from(Buffer.from(hex, 'hex'));
const text = (ascii: string) => new TextEncoder().encode(ascii);

describe('murmur3', () => {
  it('gives the published hashes of bytes', () => {
    const vectors: [hex: string, seed: number, hash: number][] = [
      ['', 0, 0],
      ['', 1, 0x514e28b7],
      ['', 0xffffffff, 0x81f16f39],
      ['ffffffff', 0, 0x76293b50],
      ['21436587', 0, 0xf55b516b],
      ['21436587', 0x5082edee, 0x2362f9de],
      ['214365', 0, 0x7e4a8634],
      ['2143', 0, 0xa0f7b07a],
      ['21', 0, 0x72661cf4],
      ['00000000', 0, 0x2362f9de],
      ['000000', 0, 0x85f0b427],
      ['0000', 0, 0x30f4c306],
      ['00', 0, 0x514e28b7],
    ];
    for (const [hex, seed, hash] of vectors) {
      expect(murmur3(bytes(hex), seed), `${hex} with seed ${seed}`).to.equal(hash);
    }
  });

  it('gives the published hashes of text', () => {
    const seed = 0x9747b28c;
    expect(murmur3(text('aaaa'), seed)).to.equal(0x5a97808a);
    expect(murmur3(text('Hello, world!'), seed)).to.equal(0x24884cba);
    expect(murmur3(text('The quick brown fox jumps over the lazy dog'), seed)).to.equal(0x2fa826cd);
  });

  it('spreads numbered keys evenly over 271 partitions', () => {
    const counts = new Array<number>(271).fill(0);
    for (let key = 0; key < 27_100; key++) {
      const partition = partitionOf(murmur3(text(`user:${key}`)), 271);
      counts[partition] = counts[partition]! + 1;
    }
    expect(Math.min(...counts)).to.be.greaterThan(50);
    expect(Math.max(...counts)).to.be.lessThan(160);
  });
});
