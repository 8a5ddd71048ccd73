/** The queue's contract over real sockets: on a member, whether it holds the queue or not, and on a lite one. */
import type { Grid } from '../../src/index.ts';
import { queueContract } from '../contract/queue-contract.ts';
import { closeAll, joinGrid, joinThree } from '../support/grids.ts';

describe('members over real sockets, with queues', function () {
  this.timeout(20_000);
  let member: Grid;
  let lite: Grid;
  let queues = 0;

  before(async () => {
    const [, last] = await joinThree({ partitions: 11 });
    member = last;
    lite = await joinGrid({ data: false, partitions: 11, seeds: [last.self.address] });
  });
  after(closeAll);

  queueContract('a member among three', async (options) =>
    member.queue(`queue ${queues++}`, options),
  );
  queueContract('a lite member', async (options) => lite.queue(`queue ${queues++}`, options));
});
