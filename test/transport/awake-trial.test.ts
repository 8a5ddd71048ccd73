import { expect } from 'chai';
import { seededRandom } from '../../src/base/random.ts';
import { AwakeTrial } from '../../src/transport/awake-trial.ts';

interface Frame {
  readonly ms: number;
  readonly bytes: number;
}

/** What a whole trial comes to, where this is what comes: `at` counts the frames of a kind. */
function outcome(frame: (isAwake: boolean, at: number) => Frame, seed = 7): boolean {
  const trial = new AwakeTrial(seededRandom(seed));
  const counts = { true: 0, false: 0 };
  for (let frames = 0; frames < 256; frames++) {
    const { isWanted } = trial;
    const { ms, bytes } = frame(isWanted, counts[`${isWanted}`]++);
    trial.count(bytes, ms);
  }
  expect(counts).to.deep.equal({ true: 128, false: 128 });
  return trial.isWanted;
}

describe('a trial of staying awake', () => {
  it('has as many frames of either kind, whatever the lot says', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const isWanted = outcome((isAwake) => ({ ms: isAwake ? 0.03 : 0.04, bytes: 100 }), seed);
      expect(isWanted).to.equal(true);
    }
  });

  it('forgives blocks with a frame that is late by far', () => {
    const late = (at: number) => (at % 64 === 0 ? 0.5 : 0.03);
    expect(outcome((isAwake, at) => ({ ms: isAwake ? late(at) : 0.04, bytes: 100 }))).to.equal(
      true,
    );
  });

  it('takes somewhat smaller frames for chance, and much smaller ones for less', () => {
    const smaller = (bytes: number) =>
      outcome((isAwake) => ({ ms: isAwake ? 0.03 : 0.04, bytes: isAwake ? bytes : 100 }));
    expect([80, 60].map(smaller)).to.deep.equal([true, false]);
  });
});
