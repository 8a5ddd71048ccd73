import { expect } from 'chai';
import { CounterBounds } from './counter-bounds.ts';

describe('the bounds of a counter', () => {
  function judged(value: number): string | undefined {
    const bounds = new CounterBounds();
    for (const how of ['ok', 'ok', 'failed', 'unknown'] as const) bounds.incremented('k', how);
    return bounds.judge('k', value);
  }

  it('hold with what is in doubt and without it', () => {
    expect([judged(2), judged(3)]).to.deep.equal([undefined, undefined]);
  });

  it('find an increment that was lost', () => {
    expect(judged(1)).to.equal('k lost 1 of 2 increments: it is 1');
  });

  it('find one that was counted twice, or that was said to have failed', () => {
    expect(judged(4)).to.equal('k counted 1 twice: it is 4 of 3');
  });
});
