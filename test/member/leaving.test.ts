import { expect } from 'chai';
import { GridError } from '../../src/base/errors.ts';
import { closeAll, joinGrid, joinThree } from '../support/grids.ts';

describe('a member that leaves', function () {
  this.timeout(20_000);
  afterEach(closeAll);

  it('says at its deadline what it could not hand over, and goes all the same', async () => {
    const [ann, bob, cleo] = await joinThree();
    const map = ann.map<number, number>('users');
    await map.setMany(Array.from({ length: 500 }, (_, at) => [at, at] as const));
    await ann.safe();
    let error: unknown;
    await cleo.leave({ timeout: 1 }).catch((thrown: unknown) => {
      error = thrown;
    });
    if (!(error instanceof GridError)) throw new Error(`expected a GridError, found ${error}`);
    expect(error.code).to.equal('GRID_TIMEOUT');
    expect(error.message).to.match(
      /^expected the others to take over within 1 ms, found \d+ partitions that still count on this member; .*; it had a vote/,
    );
    await cleo.closed;
    // Of all that it had there is another copy.
    const left = bob.map<number, number>('users');
    expect(await left.size()).to.equal(500);
    await left.set(1, 2);
  });

  it('as the last one of all goes at once, and without an error', async () => {
    const grid = await joinGrid();
    await grid.map('users').set('a', 1);
    const began = performance.now();
    await grid.leave();
    await grid.closed;
    expect(performance.now() - began).to.be.lessThan(9_000);
  });
});
