import { expect } from 'chai';
import { BytePool, copyBytes } from '../../src/base/byte-pool.ts';

describe('a pool of bytes', () => {
  it('never hands the same bytes out twice', () => {
    const pool = new BytePool(1_024);
    const taken = Array.from({ length: 200 }, (_, at) => pool.copy(new Uint8Array(at).fill(at)));
    for (const [at, bytes] of taken.entries()) {
      expect(bytes).to.deep.equal(new Uint8Array(at).fill(at));
    }
  });

  it('cuts small arrays from one larger one, and gives large ones memory of their own', () => {
    const pool = new BytePool(1_024);
    const [one, other, large] = [pool.take(100), pool.take(100), pool.take(129)];
    expect(one.buffer).to.equal(other.buffer);
    expect(large.buffer.byteLength).to.equal(129);
  });

  it('copies bytes of any number to their place', () => {
    for (const length of [0, 1, 48, 49, 500]) {
      const from = Uint8Array.from({ length }, (_, at) => at + 1);
      const to = new Uint8Array(length + 4);
      copyBytes(from, to, 2);
      expect(to).to.deep.equal(Uint8Array.of(0, 0, ...from, 0, 0));
    }
  });
});
