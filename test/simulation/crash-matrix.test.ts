/**
 * The crash matrix of a move, once for each kill point. `SEEDS=<n>` runs so many for each, `SEED=<n>` one of them;
 * `npm run crash-matrix -- --seeds 20` is the long setting.
 */
import { expect } from 'chai';
import { killPoints, runCrash, steps } from './crash-matrix.ts';

const first = Number(process.env.SEED ?? 1);
const seeds = process.env.SEED === undefined ? Number(process.env.SEEDS ?? 1) : 1;

describe('a copy that moves', function () {
  this.timeout(30_000 + 20_000 * seeds);
  let ok = 0;
  let moved = 0;
  let looks = 0;

  for (const step of steps) {
    it(`loses nothing when somebody is killed at the step ${step} (scenario 17)`, () => {
      for (const point of killPoints.filter((candidate) => candidate.step === step)) {
        for (let seed = first; seed < first + seeds; seed++) {
          const result = runCrash(point, seed);
          const what = `${point.role} killed ${point.when} ${step}, seed ${seed}`;
          expect(result.violations, what).to.deep.equal([]);
          ok += result.ok;
          looks += result.looks;
          if (result.hasMoved) moved++;
        }
      }
    });
  }

  it('was killed at in ways that let it arrive, and in ways that did not', () => {
    const runs = killPoints.length * seeds;
    expect(killPoints).to.have.length(96);
    expect(ok / runs).to.be.above(300);
    expect(looks / runs).to.be.above(200);
    expect(moved / runs).to.be.within(0.3, 0.9);
  });
});
