import { expect } from 'chai';
import { seededRandom } from '../../src/base/random.ts';
import { EventHeap } from '../../src/testing/event-heap.ts';

function heapOf(times: readonly number[]) {
  const heap = new EventHeap();
  const random = seededRandom(1);
  const events = times.map((at) => ({ at, tie: random.next(), code: 0, act: () => {} }));
  for (const event of events) heap.push(event);
  const popped = () => {
    const left: number[] = [];
    for (let event = heap.pop(); event !== undefined; event = heap.pop()) left.push(event.at);
    return left;
  };
  return { heap, events, popped };
}

describe('an event heap', () => {
  it('gives events by time', () => {
    const random = seededRandom(7);
    const times = Array.from({ length: 2_000 }, () => random.below(500));
    const { popped } = heapOf(times);
    expect(popped()).to.deep.equal(times.toSorted((left, right) => left - right));
  });

  it('gives events of one time in random order', () => {
    const { heap, events } = heapOf(new Array(50).fill(3));
    const order = events.map(() => events.indexOf(heap.pop() as never));
    expect(order).to.have.members(events.map((_, index) => index));
    expect(order).to.not.deep.equal(events.map((_, index) => index));
  });

  it('never gives what was cancelled, however much of it there is', () => {
    const times = Array.from({ length: 5_000 }, (_, index) => index);
    const { heap, events, popped } = heapOf(times);
    for (const event of events) if (event.at % 10 !== 0) heap.cancel(event);
    heap.cancel(events[1]!);
    expect(heap.size).to.equal(500);
    expect(heap.nextAt()).to.equal(0);
    expect(popped()).to.deep.equal(times.filter((at) => at % 10 === 0));
    expect(heap.size).to.equal(0);
    expect(heap.nextAt()).to.equal(Number.POSITIVE_INFINITY);
  });
});
