import { expect } from 'chai';
import type { GridError } from '../../../src/base/errors.ts';
import { defaultLimits } from '../../../src/base/limits.ts';
import type { OverflowPolicy } from '../../../src/grid-topic.ts';
import { bufferBytesMax, Subscriber } from '../../../src/structures/topic/subscriber.ts';
import { TopicMessage } from '../../../src/structures/topic/topic-message.ts';
import { encodeValue } from '../../../src/wire/value.ts';

function message(sequence: number, value: unknown = sequence): TopicMessage {
  const encoded = encodeValue(value, { ...defaultLimits, valueBytesMax: 1e9 });
  return new TopicMessage({ sequence, publishedAt: 0, value: encoded });
}

/** A subscriber whose consumer takes one message at a time while `isSlow`. */
function subscribed(buffer: number, onOverflow: OverflowPolicy = 'drop-oldest') {
  const told: string[] = [];
  const state = { isSlow: false, detached: 0, error: undefined as GridError | undefined };
  const subscriber = new Subscriber({
    buffer,
    onOverflow,
    onDetach: () => {
      state.detached++;
    },
    consumer: {
      message: ({ sequence }) => {
        told.push(`${sequence}`);
        return !state.isSlow;
      },
      gap: ({ from, to, reason }) => void told.push(`${from}-${to} ${reason}`),
      ended: (error) => {
        state.error = error;
        told.push(error === undefined ? 'end' : error.code);
      },
    },
  });
  const offer = (from: number, to = from) => {
    for (let sequence = from; sequence <= to; sequence++) subscriber.offer(message(sequence));
  };
  return { subscriber, told, state, offer };
}

/** The same, with its first message taken and not done with. */
function busy(buffer: number, onOverflow: OverflowPolicy = 'drop-oldest') {
  const all = subscribed(buffer, onOverflow);
  all.subscriber.ready();
  all.state.isSlow = true;
  all.offer(1);
  return all;
}

describe('a subscriber', () => {
  it('is given nothing before it is ready, and then what waited', () => {
    const { subscriber, told, offer } = subscribed(10);
    offer(1, 3);
    expect(told).to.deep.equal([]);
    subscriber.ready();
    expect(told).to.deep.equal(['1', '2', '3']);
  });

  it('is given each message once, and none that it does not want', () => {
    const { subscriber, told, offer } = subscribed(10);
    subscriber.cursor = 5;
    subscriber.ready();
    offer(4, 7);
    offer(6, 8);
    expect(told).to.deep.equal(['6', '7', '8']);
  });

  it('is given one message at a time', () => {
    const { subscriber, told, offer } = busy(10);
    offer(2, 3);
    expect(told).to.deep.equal(['1']);
    subscriber.ready();
    expect(told).to.deep.equal(['1', '2']);
    subscriber.ready();
    subscriber.ready();
    offer(4);
    expect(told).to.deep.equal(['1', '2', '3', '4']);
  });

  it('loses the oldest, and is told of one hole', () => {
    const { subscriber, told, offer, state } = busy(2);
    offer(2, 9);
    state.isSlow = false;
    subscriber.ready();
    expect(told).to.deep.equal(['1', '2-7 overflow', '8', '9']);
  });

  it('is told of each hole for itself', () => {
    const { subscriber, told, offer } = busy(1);
    offer(2, 3);
    subscriber.ready();
    offer(4, 5);
    subscriber.ready();
    expect(told).to.deep.equal(['1', '2-2 overflow', '3', '4-4 overflow', '5']);
  });

  it('loses the newest, and is told when it gets there', () => {
    const { subscriber, told, offer, state } = busy(2, 'drop-newest');
    offer(2, 9);
    state.isSlow = false;
    subscriber.ready();
    expect(told).to.deep.equal(['1', '2', '3', '4-9 overflow']);
    offer(10);
    expect(told.at(-1)).to.equal('10');
  });

  it('ends with an error when it says so, after what waited', () => {
    const { subscriber, told, offer, state } = busy(2, 'close');
    offer(2, 9);
    expect([subscriber.isOpen, state.detached]).to.deep.equal([false, 1]);
    state.isSlow = false;
    subscriber.ready();
    expect(told).to.deep.equal(['1', '2', '3', 'GRID_OVERLOADED']);
    expect(state.error?.message).to.match(/2 messages/);
  });

  it('lets no more bytes wait than it may', () => {
    const { subscriber, told, state } = busy(1_000);
    const large = new Uint8Array(bufferBytesMax / 2);
    for (const sequence of [2, 3, 4]) subscriber.offer(message(sequence, large));
    expect(subscriber.waiting).to.equal(1);
    state.isSlow = false;
    subscriber.ready();
    expect(told).to.deep.equal(['1', '2-3 overflow', '4']);
  });

  it('is told of what the topic retains no more, in its place', () => {
    const { subscriber, told, offer, state } = busy(10);
    offer(2);
    subscriber.miss(7);
    offer(8);
    state.isSlow = false;
    subscriber.ready();
    expect(told).to.deep.equal(['1', '2', '3-7 trimmed', '8']);
  });

  it('is not told of a gap before its beginning, nor twice', () => {
    const { subscriber, told } = subscribed(10);
    subscriber.cursor = 9;
    subscriber.ready();
    subscriber.miss(9);
    subscriber.miss(12);
    subscriber.miss(12);
    expect(told).to.deep.equal(['10-12 trimmed']);
  });

  it('is told of a restart, and then takes numbers from 1 again', () => {
    const { subscriber, told, offer, state } = busy(10);
    subscriber.restart();
    offer(1, 2);
    state.isSlow = false;
    subscriber.ready();
    expect(told).to.deep.equal(['1', '2-undefined restarted', '1', '2']);
  });

  it('is told of holes that meet as one', () => {
    const { subscriber, told, offer, state } = busy(1);
    offer(2);
    subscriber.miss(5);
    offer(6, 7);
    state.isSlow = false;
    subscriber.ready();
    expect(told).to.deep.equal(['1', '2-6 overflow', '7']);
  });

  it('is told nothing after it was closed, not even by its own consumer', () => {
    const { subscriber, told, offer, state } = busy(10);
    offer(2, 3);
    subscriber.close();
    subscriber.close();
    subscriber.ready();
    offer(4);
    expect([told, state.detached]).to.deep.equal([['1', 'end'], 1]);
  });

  it('has room for as many as its buffer holds', () => {
    const { subscriber, offer } = busy(2);
    offer(2);
    expect(subscriber.hasRoom).to.equal(true);
    offer(3);
    expect(subscriber.hasRoom).to.equal(false);
  });
});
