import { expect } from 'chai';
import { readArguments, UsageError, wholeOf } from '../../src/cli/usage.ts';

const known = { json: { type: 'boolean' }, count: { type: 'string' } } as const;
const words = ['MAP', 'KEY', 'VALUE'];

describe('what stands after a command', () => {
  it('is a word where it is a number below zero', () => {
    const { found, given } = readArguments(['m', '-7', '-.5e3', '--json'], known, words);
    expect([found, given.json]).to.deep.equal([['m', '-7', '-.5e3'], ['true']]);
    expect(readArguments(['--json', '--', 'm', '-7', '-x'], known, words).found).to.deep.equal([
      'm',
      '-7',
      '-x',
    ]);
  });

  it('is an option otherwise, and one that nobody knows is wrong', () => {
    expect(() => readArguments(['m', 'k', '-x'], known, words)).to.throw(UsageError, "'-x'");
    expect(() => readArguments(['-5'], known, [])).to.throw(UsageError, /'-5'/);
    const { given } = readArguments(['m', 'k', 'v', '--count', '-5'], known, words);
    expect(() => wholeOf(given, 'count', 1, 9)).to.throw(UsageError, "found '-5'");
  });
});
