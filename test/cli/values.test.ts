import { expect } from 'chai';
import { jsonOf, lineOf, valueFrom } from '../../src/cli/values.ts';

describe('values on a command line', () => {
  it('are JSON where a word is JSON, and a text otherwise', () => {
    expect(valueFrom('{"a":[1]}')).to.deep.equal({ a: [1] });
    expect(valueFrom('7')).to.equal(7);
    expect(valueFrom('plain')).to.equal('plain');
    expect(valueFrom('')).to.equal('');
  });

  it('are printed as they are where they are texts, and as JSON otherwise', () => {
    expect(lineOf('a "text"')).to.equal('a "text"');
    expect(lineOf({ a: 'text' })).to.equal('{"a":"text"}');
    expect(lineOf(undefined)).to.equal('undefined');
  });

  it('are one line of JSON also where JSON has no form for them', () => {
    const when = new Date(0);
    const value = { big: 10n ** 20n, map: new Map([['a', 1n]]), set: new Set([1]), when };
    const bytes = { bytes: new Uint8Array([1, 2, 3]), failed: new RangeError('too far') };
    expect(JSON.parse(jsonOf({ ...value, ...bytes }))).to.deep.equal({
      big: '100000000000000000000',
      map: [['a', '1']],
      set: [1],
      when: when.toISOString(),
      bytes: 'AQID',
      failed: { name: 'RangeError', message: 'too far' },
    });
    const round: { self?: unknown } = {};
    round.self = round;
    expect(JSON.parse(jsonOf(round)))
      .to.be.a('string')
      .and.to.include('[Circular *1]');
  });
});
