/** The topic's contract over real sockets: on members that hold it, and on one that holds none. */
import type { Grid } from '../../src/index.ts';
import { topicContract } from '../contract/topic-contract.ts';
import { closeAll, joinGrid, joinThree } from '../support/grids.ts';

describe('topics of members over real sockets', function () {
  this.timeout(20_000);
  let member: Grid;
  let another: Grid;
  let lite: Grid;
  let topics = 0;

  before(async () => {
    const [first, , last] = await joinThree({ partitions: 11 });
    another = first;
    member = last;
    lite = await joinGrid({ data: false, partitions: 11, seeds: [last.self.address] });
  });
  after(closeAll);

  topicContract('a member among three', async (options) => {
    const name = `topic ${topics++}`;
    return { topic: member.topic(name, options), other: another.topic(name, options) };
  });
  topicContract('a lite member', async (options) => {
    const name = `topic ${topics++}`;
    return { topic: lite.topic(name, options), other: member.topic(name, options) };
  });
});
