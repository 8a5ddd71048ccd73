import { expect } from 'chai';
import { GridError } from '../../src/base/errors.ts';
import { closeAll, joinGrid } from '../support/grids.ts';
import { build, killStarted, startMember } from '../support/processes.ts';

describe('one of three members whose others stand still', function () {
  this.timeout(60_000);
  before(build);
  after(async () => {
    await closeAll();
    killStarted();
  });

  it('refuses, and goes on with all of its data when they are back', async () => {
    const first = await startMember(['--preset', 'local']);
    const seeds = [first.address];
    const second = await startMember(['--preset', 'local', '--seed', first.address]);
    const grid = await joinGrid({ seeds });
    await grid.safe({ timeout: '30s' });
    const map = grid.map<string, number>('kept');
    await map.setMany(Array.from({ length: 100 }, (_, at) => [`key ${at}`, at]));
    for (const other of [first, second]) other.signal('SIGSTOP');

    let refused = 0;
    for (let attempts = 0; refused < 10; attempts++) {
      expect(attempts, 'writes until ten are refused').to.be.below(1_000);
      const error = await map.set('key 0', -1).catch((reason) => reason);
      if (GridError.is(error, 'GRID_NO_QUORUM')) refused++;
    }
    const ids = grid.members.map(({ id }) => id);
    for (const other of [first, second]) other.signal('SIGCONT');
    await grid.safe({ timeout: '30s' });
    expect(grid.members.map(({ id }) => id)).to.deep.equal(ids);
    for (let at = 1; at < 100; at++) expect(await map.get(`key ${at}`)).to.equal(at);
    // Its write was never acknowledged: it may have happened, or not.
    expect(await map.get('key 0')).to.be.oneOf([0, -1]);
  });
});
