import { expect } from 'chai';
import { CallLine } from '../../src/transport/call-line.ts';

const waiting = (bytes: number) => ({ call: { op: new Uint8Array(bytes) } });

describe('the line of calls that wait', () => {
  it('gives them in order, and does not grow where it is never empty', () => {
    const line = new CallLine<ReturnType<typeof waiting>>();
    const expected = [waiting(1), waiting(2), waiting(3)];
    for (const call of expected) line.push(call);
    for (let round = 0; round < 20_000; round++) {
      const next = waiting(round % 7);
      line.push(next);
      expected.push(next);
      expect(line.shift()).to.equal(expected.shift());
      expect(line.length).to.equal(3);
    }
    expect(line.places).to.be.below(4_096);
    expect(line.bytes).to.equal(expected.reduce((sum, { call }) => sum + call.op.length, 0));
    expect(line.take(() => true)).to.deep.equal(expected);
    expect([line.length, line.bytes, line.shift()]).to.deep.equal([0, 0, undefined]);
  });
});
