import { expect } from 'chai';
import type { PartitionId } from '../../src/base/ids.ts';
import { CopyPump } from '../../src/partition/copy-pump.ts';
import { HandClock } from '../actors/hand-clock.ts';

const [one, two, three] = [1, 2, 3] as PartitionId[] as [PartitionId, PartitionId, PartitionId];

describe('the pump of copies', () => {
  let clock: HandClock;
  let given: PartitionId[];
  let pump: CopyPump;

  beforeEach(() => {
    clock = new HandClock();
    given = [];
    // 100 bytes in a millisecond.
    const bytesPerSecondMax = 100_000;
    pump = new CopyPump({ clock, bytesPerSecondMax, give: (partition) => given.push(partition) });
  });

  it('lets one partition read in a turn, those that wait in order, each once', () => {
    pump.want(two);
    pump.want(one);
    pump.want(two);
    pump.want(three);
    expect(given).to.deep.equal([]);
    clock.turn();
    expect(given).to.deep.equal([two]);
    pump.want(two);
    for (let turn = 0; turn < 5; turn++) clock.turn();
    expect(given).to.deep.equal([two, one, three, two]);
  });

  it('waits when it has sent more than it may, and goes on with time', () => {
    pump.want(one);
    clock.turn();
    pump.spend(8_000);
    pump.want(two);
    clock.turn();
    expect(given).to.deep.equal([one]);
    clock.spend(25);
    pump.tick();
    clock.turn();
    expect(given).to.deep.equal([one]);
    clock.spend(25);
    pump.tick();
    clock.turn();
    expect(given).to.deep.equal([one, two]);
  });

  it('saves up no more than what goes in 50 ms', () => {
    clock.spend(10_000);
    pump.want(one);
    clock.turn();
    pump.spend(5_001);
    pump.want(one);
    clock.turn();
    expect(given).to.deep.equal([one]);
  });
});
