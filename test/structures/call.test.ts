import { expect } from 'chai';
import { decoding } from '../../src/structures/call.ts';

const bytes = Uint8Array.of(7);
const refusal = new Error('not to be read');

describe('the decoding of a result', () => {
  it('gives what was decoded, or tells what it could not decode', () => {
    const told: unknown[] = [];
    const tell = (end: unknown) => void told.push(end);
    const not = () => expect.fail('both were called');
    decoding(([first]) => first, tell, not)(bytes);
    decoding(() => throwing(refusal), not, tell)(bytes);
    expect(told).to.deep.equal([7, refusal]);
  });

  it('throws what whoever is given the result throws: a bug is not the answer of a call', () => {
    const told: unknown[] = [];
    const given = decoding(
      ([first]) => first,
      () => throwing(refusal),
      (error) => told.push(error),
    );
    expect(() => given(bytes)).to.throw(refusal.message);
    expect(told).to.deep.equal([]);
  });
});

function throwing(error: Error): never {
  throw error;
}
