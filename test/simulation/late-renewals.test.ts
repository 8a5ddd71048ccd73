import { expect } from 'chai';
import { GridWorld } from './grid-world.ts';
import { LateRenewals } from './late-renewals.ts';
import { plainShape } from './plain-shape.ts';

describe('late renewals of leases', function () {
  this.timeout(20_000);

  /** How much of their leases members have left at the worst, and how often they had none, of 1,000 looks. */
  function leases(areLate: boolean) {
    const grid = new GridWorld(3, plainShape, {});
    expect(grid.settle(30_000)).to.equal(true);
    const { world } = grid;
    world.buggify = () => true;
    const renewals = new LateRenewals(grid);
    if (areLate) world.network.onSend = (_from, to, message) => renewals.judge(to, message);
    world.runFor(2_000);
    let without = 0;
    for (let look = 0; look < 1_000; look++) {
      world.runFor(10);
      for (const { member, clock } of grid.programs) {
        if (!member.meta.lease.isValid(clock.monotonic())) without++;
      }
    }
    const suspended = [...(grid.newest?.state.members.values() ?? [])].filter(
      ({ status }) => status === 'suspended',
    );
    return { without, suspended: suspended.length };
  }

  it('leave a member without its lease for moments, and nobody takes it for gone', () => {
    expect(leases(false)).to.deep.equal({ without: 0, suspended: 0 });
    const { without, suspended } = leases(true);
    expect(without).to.be.within(1, 1_000);
    expect(suspended).to.equal(0);
  });
});
