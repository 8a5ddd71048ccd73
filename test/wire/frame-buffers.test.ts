import { expect } from 'chai';
import { giveBack, takeBuffer } from '../../src/wire/frame-buffers.ts';
import { FrameWriter } from '../../src/wire/frame-writer.ts';

function frameOf(bytes: number, fill: number, writer = new FrameWriter()): Uint8Array {
  writer.block(new Uint8Array(bytes).fill(fill));
  return writer.take('batch');
}

/** Whatever others have left there is in use. */
function takeAll(): void {
  for (let size = 16_384; size <= 1_048_576; size *= 2) {
    for (let bytes = 0; bytes < 4_194_304; bytes += size) takeBuffer(size);
  }
}

describe('buffers of frames', () => {
  it('are used again once they were given back, and not before', () => {
    takeAll();
    const writer = new FrameWriter();
    const first = frameOf(20_000, 1, writer);
    const second = frameOf(20_000, 2, writer);
    expect(second.buffer).not.to.equal(first.buffer);
    expect(first.subarray(-20_000).every((byte) => byte === 1)).to.equal(true);
    giveBack(first);
    expect(frameOf(20_000, 3, writer).buffer).to.equal(first.buffer);
    expect(second.subarray(-20_000).every((byte) => byte === 2)).to.equal(true);
    expect(frameOf(20_000, 4, writer).buffer, 'given out twice').not.to.equal(first.buffer);
  });

  it('come back where a writer outgrows one or forgets what it has', () => {
    takeAll();
    const writer = new FrameWriter();
    writer.block(new Uint8Array(10_000).fill(5));
    writer.block(new Uint8Array(100_000));
    writer.clear();
    const found = [16_384, 131_072].map((size) => takeBuffer(size)[5_000]);
    expect(found, 'what was written').to.deep.equal([5, 5]);
    expect(frameOf(100, 1, writer).length).to.be.lessThan(200);
  });

  it('are kept up to a bound, and nothing is that is none', () => {
    takeAll();
    const buffers = Array.from({ length: 5 }, () => takeBuffer(1_048_576));
    for (const buffer of buffers) giveBack(buffer);
    const again = buffers.map(() => takeBuffer(1_048_576).buffer);
    expect(buffers.filter(({ buffer }) => again.includes(buffer))).to.have.lengthOf(4);
    takeAll();
    for (const odd of [new Uint8Array(20_000), new Uint8Array(8_192)]) giveBack(odd);
    expect(takeBuffer(20_000)).to.have.length(32_768);
    giveBack(new Uint8Array(2 ** 21));
    expect(takeBuffer(2 ** 21 + 1), 'too large to be kept').to.have.length(2 ** 21 + 1);
  });

  it('are left where a frame would fill less than half of one', () => {
    takeAll();
    const frame = frameOf(5_000, 1);
    expect(frame.buffer.byteLength).to.equal(frame.length);
    expect(takeBuffer(16_384)[2_000], 'at hand again').to.equal(1);
  });

  it('are none for a short frame, which is as long as what is in it', () => {
    const frame = frameOf(1_000, 1);
    expect(frame.buffer.byteLength).to.equal(frame.length);
  });
});
