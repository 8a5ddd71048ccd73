import { expect } from 'chai';
import { CallLine } from '../../src/transport/call-line.ts';

const waiting = (bytes: number) => ({ call: { op: new Uint8Array(bytes) }, place: 0 });

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

  it('lets any of them leave, keeps the order of the others, and gives back the places', () => {
    const line = new CallLine<ReturnType<typeof waiting>>();
    const all = Array.from({ length: 10_000 }, () => waiting(1));
    for (const call of all) line.push(call);
    const left = all.filter((_, at) => at % 4 !== 1).reverse();
    for (const call of left) expect(line.remove(call)).to.equal(true);
    for (const call of left) expect(line.remove(call)).to.equal(false);
    const staying = all.filter((_, at) => at % 4 === 1);
    expect([line.length, line.bytes]).to.deep.equal([staying.length, staying.length]);
    expect(line.places).to.be.at.most(2 * staying.length);
    expect(line.take((call) => call === staying[7])).to.deep.equal([staying[7]]);
    const others = staying.filter((_, at) => at !== 7);
    expect(others.map(() => line.shift())).to.deep.equal(others);
    expect([line.length, line.bytes, line.shift()]).to.deep.equal([0, 0, undefined]);
  });
});
