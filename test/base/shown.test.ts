import { expect } from 'chai';
import { shown } from '../../src/base/shown.ts';

describe('what was given, in a message', () => {
  it('reads as in a program', () => {
    const cases: [given: unknown, text: string][] = [
      ['shop', "'shop'"],
      [undefined, 'undefined'],
      [null, 'null'],
      [Number.NaN, 'NaN'],
      [5n, '5n'],
      [() => 1, 'a function'],
      [Symbol('s'), 'a symbol'],
      [[1, 'two', undefined], '[1,"two",undefined]'],
      [{ ttl: Number.POSITIVE_INFINITY, merge: () => 1 }, '{"ttl":Infinity,"merge":a function}'],
    ];
    for (const [given, text] of cases) expect(shown(given)).to.equal(text);
  });

  it('is short, whatever was given', () => {
    const loop: { self?: unknown } = {};
    loop.self = loop;
    expect(shown(loop)).to.equal('{"self":{"self":{"self":…}}}');
    for (const large of ['x'.repeat(1_000), Array(1_000).fill('x'), { a: 'x'.repeat(1_000) }]) {
      expect(shown(large)).to.have.lengthOf.below(83);
    }
    const hostile = {
      get trap(): never {
        throw new Error('no');
      },
    };
    expect(shown(hostile)).to.equal('an object that cannot be looked at');
  });
});
