import { expect } from 'chai';
import type { Address } from '../../src/base/ids.ts';
import { defaultLimits } from '../../src/base/limits.ts';
import { GridWorld } from './grid-world.ts';
import { LeaseInvariants } from './lease-invariants.ts';

describe('the invariants of leases', () => {
  function settled() {
    const shape = {
      members: 3,
      lite: 0,
      partitions: 1,
      backups: 1,
      zones: 0,
      clients: [],
      limits: defaultLimits,
    };
    const grid = new GridWorld(1, shape, {});
    expect(grid.settle(30_000)).to.equal(true);
    const violations: string[] = [];
    const leases = new LeaseInvariants(grid, (violation) => violations.push(violation));
    const [process] = grid.processes;
    if (process === undefined) throw new Error('there is no process');
    return { grid, process, leases, violations };
  }

  it('hold in a grid that is well', () => {
    const { grid, leases, violations } = settled();
    leases.check();
    for (const { address } of grid.processes) leases.replied(address);
    expect(violations).to.deep.equal([]);
    expect(leases.looks).to.deep.equal({ replies: 3, leases: 3 });
  });

  it('find an answer without a lease', () => {
    const { grid, process, leases, violations } = settled();
    grid.world.isolate(process.name);
    grid.world.runFor(2_500);
    leases.replied(process.address as Address);
    expect(violations).to.have.lengthOf(1);
    expect(violations[0]).to.match(/I1: m1.* answers, and its lease has been over for \d+/);
  });

  it('find one that is suspended and holds a lease', () => {
    const { grid, process, leases, violations } = settled();
    grid.world.isolate(process.name);
    grid.world.runFor(10_000);
    leases.check();
    expect(violations).to.deep.equal([]);
    // What a lease that is granted for too long would look like.
    Object.defineProperty(process.program.member.meta.lease, 'isValid', { value: () => true });
    leases.check();
    expect(violations).to.deep.equal([`I1: ${process.id} holds a lease, and is suspended`]);
  });
});
