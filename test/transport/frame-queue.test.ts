import { expect } from 'chai';
import { FrameQueue } from '../../src/transport/frame-queue.ts';
import { Codec } from '../../src/wire/codec.ts';
import type { Message } from '../../src/wire/messages.ts';

const codec = new Codec();
const reply = (request: number, bytes = 10): Message => ({
  kind: 'op.reply',
  request,
  result: new Uint8Array(bytes),
});

function queueOf(bytesMax = 100_000_000) {
  const queue = new FrameQueue(new Codec(), bytesMax);
  const frames = () => {
    const found: number[][] = [];
    for (let frame = queue.take(); frame !== undefined; frame = queue.take()) {
      const messages = codec.decodeBatch(frame);
      found.push(messages.map((message) => (message as { request: number }).request));
    }
    return found;
  };
  return { queue, frames };
}

describe('a queue of frames', () => {
  it('gives what was handed over in one frame, in order', () => {
    const { queue, frames } = queueOf();
    for (const request of [3, 1, 2]) expect(queue.push(reply(request))).to.equal(true);
    expect(queue.isEmpty).to.equal(false);
    expect(frames()).to.deep.equal([[3, 1, 2]]);
    expect(queue.isEmpty).to.equal(true);
  });

  it('keeps nothing of a message but its bytes', () => {
    const { queue } = queueOf();
    const result = Uint8Array.of(7);
    queue.push({ kind: 'op.reply', request: 1, result });
    result.fill(0);
    const [message] = codec.decodeBatch(queue.take() ?? new Uint8Array());
    expect(message).to.deep.equal({ kind: 'op.reply', request: 1, result: Uint8Array.of(7) });
  });

  it('cuts frames at a mebibyte', () => {
    const { queue, frames } = queueOf();
    for (let request = 1; request <= 5; request++) queue.push(reply(request, 400_000));
    expect(frames()).to.deep.equal([[1, 2], [3, 4], [5]]);
  });

  it('refuses what is past its bound, and admits one message whatever its size', () => {
    const { queue, frames } = queueOf(1_000);
    expect(queue.push(reply(1, 5_000))).to.equal(true);
    expect(queue.push(reply(2))).to.equal(false);
    expect(frames()).to.deep.equal([[1]]);
    expect(queue.push(reply(3, 500))).to.equal(true);
    expect(queue.push(reply(4, 500))).to.equal(false);
    expect(frames()).to.deep.equal([[3]]);
  });

  it('is due after some messages, and within one turn later each time', () => {
    const { queue } = queueOf();
    const untilDue = () => {
      let count = 0;
      for (; !queue.isDue; count++) queue.push(reply(count));
      queue.take();
      return count;
    };
    const first = untilDue();
    expect([untilDue(), untilDue()]).to.deep.equal([first * 2, first * 4]);
    queue.endTurn();
    expect(untilDue()).to.equal(first);
  });

  it('forgets everything when it is cleared', () => {
    const { queue, frames } = queueOf();
    for (let request = 1; request <= 5; request++) queue.push(reply(request, 400_000));
    queue.clear();
    expect(queue.isEmpty).to.equal(true);
    queue.push(reply(6));
    expect(frames()).to.deep.equal([[6]]);
  });
});
