import { expect } from 'chai';
import type { OpSequence, Sequence } from '../../src/base/ids.ts';
import { seededRandom } from '../../src/base/random.ts';
import { type Done, DoneOps } from '../../src/partition/done-ops.ts';

const done = (sequence: number, bytes = 0): Done => ({
  sequence: sequence as Sequence,
  result: new Uint8Array(bytes),
});

describe('the ops that a caller has had done', () => {
  it('are a map by op sequence from which the lowest go first', () => {
    const random = seededRandom(3);
    const ops = new DoneOps();
    const model = new Map<number, Done>();
    let watermark = 1;
    for (let round = 1; round <= 20_000; round++) {
      const op = watermark + random.below(50);
      if (random.below(4) > 0) {
        const value = done(round, random.below(5));
        const before = model.get(op)?.result?.length ?? 0;
        expect(ops.set(op as OpSequence, value.sequence, value.result)).to.equal(before);
        model.set(op, value);
      } else {
        watermark = Math.max(watermark, op - 40);
        const gone = [...model].filter(([key]) => key < watermark);
        const bytes = gone.reduce((sum, [, { result }]) => sum + (result?.length ?? 0), 0);
        for (const [key] of gone) model.delete(key);
        expect(ops.forgetBelow(watermark as OpSequence)).to.equal(bytes);
      }
      const asked = watermark - 5 + random.below(60);
      expect(ops.find(asked as OpSequence)).to.deep.equal(model.get(asked));
      expect(ops.size).to.equal(model.size);
    }
    expect([...ops]).to.deep.equal([...model].sort(([a], [b]) => a - b));
    expect(ops.last).to.equal(Math.max(...model.keys()));
  });
});
