import { getEventListeners } from 'node:events';
import { expect } from 'chai';
import { Aborts } from '../../src/base/aborts.ts';

describe('Aborts', () => {
  it('listens to a signal once, however many calls have it, and no longer than they last', () => {
    const aborts = new Aborts();
    const { signal } = new AbortController();
    const calls = Array.from({ length: 50 }, () => () => {});
    for (const call of calls) aborts.add(signal, call);
    expect(getEventListeners(signal, 'abort')).to.have.length(1);
    for (const call of calls.slice(1)) aborts.remove(signal, call);
    expect(getEventListeners(signal, 'abort')).to.have.length(1);
    aborts.remove(signal, calls[0]!);
    expect(getEventListeners(signal, 'abort')).to.have.length(0);
  });

  it('tells every call of its own signal, once, in their order', () => {
    const aborts = new Aborts();
    const [one, other] = [new AbortController(), new AbortController()];
    const told: string[] = [];
    aborts.add(one.signal, () => told.push('a'));
    aborts.add(other.signal, () => told.push('b'));
    aborts.add(one.signal, () => told.push('c'));
    one.abort();
    one.abort();
    expect(told).to.deep.equal(['a', 'c']);
    other.abort();
    expect(told).to.deep.equal(['a', 'c', 'b']);
  });

  it('tells no call that was removed, were it by one that is told before it', () => {
    const aborts = new Aborts();
    const controller = new AbortController();
    const told: string[] = [];
    const second = () => told.push('second');
    aborts.add(controller.signal, () => {
      told.push('first');
      aborts.remove(controller.signal, second);
    });
    aborts.add(controller.signal, second);
    controller.abort();
    expect(told).to.deep.equal(['first']);
  });
});
