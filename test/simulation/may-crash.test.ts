import { expect } from 'chai';
import { GridWorld } from './grid-world.ts';
import { mayCrash } from './may-crash.ts';
import { plainShape } from './plain-shape.ts';

describe('the crashes that a simulation of three voters may bring about', () => {
  /** Who may be killed, where those named are down and those are about to leave. */
  function killable({ down = [], leaving = [] }: { down?: string[]; leaving?: string[] }) {
    const grid = new GridWorld(1, { ...plainShape, partitions: 2 }, {});
    expect(grid.settle(30_000)).to.equal(true);
    expect(grid.members.map(({ meta }) => meta.raft?.config.voters.length)).to.deep.equal([
      3, 3, 3,
    ]);
    for (const process of grid.processes) {
      if (down.includes(process.name)) process.crash();
      if (leaving.includes(process.name)) grid.leavers.add(process);
    }
    return grid.processes.map(({ name }) => name).filter((name) => mayCrash(grid, name));
  }

  it('are those of any one', () => {
    expect(killable({})).to.deep.equal(['m1', 'm2', 'm3']);
  });

  it('are of none while another is down', () => {
    expect(killable({ down: ['m2'] })).to.deep.equal([]);
  });

  it('are of none that stays while another may give up its vote', () => {
    expect(killable({ leaving: ['m1'] })).to.deep.equal(['m1']);
  });

  it('are of none that leaves while another may give up its vote: its own stays when it is dead', () => {
    expect(killable({ leaving: ['m1', 'm2'] })).to.deep.equal([]);
  });
});
