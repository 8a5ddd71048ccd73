/** The map's contract over real sockets: on members that hold the keys, and on one that holds none. */
import type { Grid } from '../../src/index.ts';
import { mapContract } from '../contract/map-contract.ts';
import { closeAll, joinGrid, joinThree } from '../support/grids.ts';

describe('members over real sockets', function () {
  this.timeout(20_000);
  let member: Grid;
  let lite: Grid;
  let maps = 0;

  before(async () => {
    // A few partitions, so that whole-map calls do not dominate the time.
    const [, last] = await joinThree({ partitions: 11 });
    member = last;
    lite = await joinGrid({ data: false, partitions: 11, seeds: [last.self.address] });
  });
  after(closeAll);

  mapContract('a member among three', async () => member.map(`map ${maps++}`));
  mapContract('a lite member', async () => lite.map(`map ${maps++}`));
});
