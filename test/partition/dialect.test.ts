import { expect } from 'chai';
import {
  type Dialect,
  highestCommon,
  objectionTo,
  ownDialect,
  refusalOf,
  Upgrade,
} from '../../src/partition/dialect.ts';
import { decodeState, encodeState } from '../../src/partition/meta-codec.ts';
import type { Command, NewMember } from '../../src/partition/meta-state.ts';
import { protocolVersion, protocolVersionMin } from '../../src/wire/version.ts';
import { ann, bob, cid, dan, Table } from './table.ts';

const destroy: Command = { type: 'accept-loss' };
/** One in which that command is new. */
const newer: Dialect = {
  protocol: 2,
  protocolMin: 1,
  since: { ...ownDialect.since, 'accept-loss': 2 },
};

/** ann speaks version 2 already, bob and cid only 1. */
function mixed(): Table {
  const table = new Table({ members: [] });
  table.join(ann, { protocol: 2 });
  table.join(bob);
  table.join(cid);
  return table;
}

function replace(table: Table, id: typeof ann, protocol: number): void {
  table.apply({ type: 'remove', id });
  table.join(`${id}again` as typeof ann, { address: `${id}:7000`, protocol });
}

describe('the version of a cluster', () => {
  it('has no command above that of this code', () => {
    for (const [type, since] of Object.entries(ownDialect.since)) {
      expect(since, type).to.be.within(1, protocolVersion);
    }
    expect(protocolVersion - protocolVersionMin).to.be.within(0, 1);
  });

  it('is one that all of its members speak, and keeps newer commands back, naming who is in the way', () => {
    const table = mixed();
    expect([table.machine.protocol, highestCommon(table.machine)]).to.deep.equal([1, 1]);
    expect(refusalOf({ type: 'remove', id: bob }, newer, table.machine)).to.equal('');
    expect(refusalOf(destroy, newer, table.machine)).to.include(
      'needs version 2 of the protocol, and the cluster speaks version 1; bob#2 at bob#2:7000, cid#3 at cid#3:7000 cannot',
    );
    replace(table, bob, 2);
    replace(table, cid, 2);
    expect(refusalOf(destroy, newer, table.machine)).to.include(
      'all have spoken more for a moment',
    );
  });

  it('rises by a command, which counts only where all speak it when it is applied', () => {
    const table = mixed();
    expect(table.apply({ type: 'raise', protocol: 2 })).to.equal('not all members speak version 2');
    expect(table.machine.protocol).to.equal(1);
    replace(table, bob, 2);
    replace(table, cid, 2);
    expect(table.apply({ type: 'raise', protocol: 2 })).to.equal('');
    expect(table.machine.protocol).to.equal(2);
    expect(refusalOf(destroy, newer, table.machine)).to.equal('');
    expect(table.apply({ type: 'raise', protocol: 1 }), 'a late duplicate').to.equal('');
    expect(table.machine.protocol).to.equal(2);
    expect(decodeState(encodeState(table.machine)).protocol, 'in a snapshot').to.equal(2);
  });

  it('takes nobody in who does not speak it, and says what to do', () => {
    const table = mixed();
    const tooNew = { protocol: 3, protocolMin: 2 };
    expect(table.join(dan, tooNew)).to.match(/speaks 2 to 3; it is too new/);
    replace(table, bob, 2);
    replace(table, cid, 2);
    table.apply({ type: 'raise', protocol: 2 });
    expect(table.join(dan)).to.equal(
      'the cluster speaks version 2 of the protocol, and dan#4 speaks 1 to 1; it is older than the cluster: upgrade it',
    );
    expect(table.machine.members.has(dan)).to.equal(false);
    expect(table.join(dan, tooNew)).to.equal('');
    const both = { protocol: 3, protocolMin: 3 } as NewMember;
    expect(objectionTo(both, 2)).to.include('upgrade all members to the version between');
  });
});

describe('the rise of a cluster’s version', () => {
  it('waits for half a minute in which all have spoken more', () => {
    const table = mixed();
    const upgrade = new Upgrade(30_000);
    expect(upgrade.next(table.machine, 0)).to.equal(undefined);
    expect(upgrade.next(table.machine, 60_000), 'bob and cid speak 1').to.equal(undefined);
    replace(table, bob, 2);
    replace(table, cid, 2);
    expect(upgrade.next(table.machine, 61_000)).to.equal(undefined);
    // One comes back in its version of before.
    replace(table, 'bob#2again' as typeof bob, 1);
    expect(upgrade.next(table.machine, 80_000)).to.equal(undefined);
    replace(table, 'bob#2againagain' as typeof bob, 2);
    expect(upgrade.next(table.machine, 100_000)).to.equal(undefined);
    expect(upgrade.next(table.machine, 129_999)).to.equal(undefined);
    expect(upgrade.next(table.machine, 130_000)).to.deep.equal({ type: 'raise', protocol: 2 });
    upgrade.forget();
    expect(upgrade.next(table.machine, 130_001), 'another leader waits anew').to.equal(undefined);
  });
});
