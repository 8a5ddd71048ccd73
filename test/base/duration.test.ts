import { expect } from 'chai';
import { durationMs } from '../../src/base/duration.ts';
import { GridError } from '../../src/base/errors.ts';

describe('a duration', () => {
  it('is a number of milliseconds, or a number with a unit', () => {
    const given = [250, 0, '250ms', '30s', '10m', '2h', '1d', '1.5s', 0.2];
    expect(given.map((value) => durationMs(value, 'ttl'))).to.deep.equal([
      250, 0, 250, 30_000, 600_000, 7_200_000, 86_400_000, 1_500, 1,
    ]);
  });

  it('is nothing else', () => {
    const wrong = ['', '10', 's', '-1s', '1 s', '1w', '1e3s', -1, Number.NaN, 1 / 0, null, {}, 5n];
    for (const value of wrong) {
      let thrown: unknown;
      try {
        durationMs(value, 'ttl');
      } catch (error) {
        thrown = error;
      }
      expect(GridError.is(thrown, 'GRID_BAD_OPTION'), String(value)).to.equal(true);
      expect((thrown as GridError).message).to.match(/^ttl is a duration/);
    }
  });
});
