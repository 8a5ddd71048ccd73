import { expect } from 'chai';
import type { MemberId } from '../../src/base/ids.ts';
import { Parked } from '../../src/partition/parked.ts';
import { request } from './entries.ts';

describe('requests that are parked', () => {
  it('keep nothing of the frame that brought them', () => {
    const parked = new Parked();
    const frame = new Uint8Array(1_000).fill(7);
    const message = { ...request(1, '+a'), op: frame.subarray(10, 12) };
    expect(parked.add('ann#1' as MemberId, message, 0)).to.equal(true);
    frame.fill(0);
    const [waiting] = parked.take();
    expect(waiting?.message).to.deep.equal({ ...message, op: Uint8Array.of(7, 7) });
    expect(waiting?.message.op.buffer.byteLength).to.equal(2);
  });
});
