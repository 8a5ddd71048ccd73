import { expect } from 'chai';
import { seededRandom } from '../../src/base/random.ts';
import { OpSequences } from '../../src/transport/op-sequences.ts';
import { OpenCalls, type Placed, placesMax, requestsMax } from '../../src/transport/open-calls.ts';

describe('open calls', () => {
  it('are found by a number that no other call ever has', () => {
    const random = seededRandom(5);
    const calls = new OpenCalls<Placed>();
    const open: Placed[] = [];
    const numbers = new Set<number>();
    for (let serial = 1; serial <= 5_000; serial++) {
      const call = { serial, request: 0 };
      calls.add(call);
      open.push(call);
      numbers.add(call.request);
      if (random.below(2) === 0) {
        const [ended] = open.splice(random.below(open.length), 1) as [Placed];
        calls.remove(ended);
        expect(calls.find(ended.request)).to.equal(undefined);
      }
    }
    expect(numbers.size).to.equal(5_000);
    expect(calls.size).to.equal(open.length);
    for (const call of open) expect(calls.find(call.request)).to.equal(call);
    expect(calls.where(() => true)).to.deep.equal(open.sort((a, b) => a.serial - b.serial));
  });

  it('take as many places as there are calls at a time, however many come and go', () => {
    const calls = new OpenCalls<Placed>();
    for (let serial = 1; serial <= 10_000; serial++) {
      const call = { serial, request: 0 };
      calls.add(call);
      calls.remove(call);
    }
    const first = { serial: 0, request: 0 };
    calls.add(first);
    expect([calls.size, calls.where(() => true)]).to.deep.equal([1, [first]]);
  });

  it('leave a place whose numbers are used up, so that no number grows into those of relays', () => {
    const usesMax = 3;
    const calls = new OpenCalls<Placed>(usesMax);
    const numbers = new Set<number>();
    for (let serial = 1; serial <= 10; serial++) {
      const call = { serial, request: 0 };
      calls.add(call);
      expect([calls.size, calls.find(call.request)]).to.deep.equal([1, call]);
      numbers.add(call.request);
      calls.remove(call);
      expect(calls.size).to.equal(0);
    }
    expect(numbers.size).to.equal(10);
    expect(Math.max(...numbers)).to.be.below((usesMax + 1) * placesMax);
    expect(requestsMax % placesMax).to.equal(0);
  });
});

describe('the op sequences of a caller', () => {
  it('tell the lowest in flight, in whatever order ops end', () => {
    const random = seededRandom(9);
    const ops = new OpSequences();
    const inFlight = new Set([ops.begin()]);
    for (let round = 0; round < 20_000; round++) {
      if (inFlight.size < 2 || random.below(2) === 0) inFlight.add(ops.begin());
      else {
        const op = random.pick([...inFlight]);
        inFlight.delete(op);
        ops.end(op);
      }
      expect(ops.firstIncomplete).to.equal(Math.min(...inFlight));
    }
    for (const op of inFlight) ops.end(op);
    expect(ops.firstIncomplete).to.equal(ops.begin());
  });
});
