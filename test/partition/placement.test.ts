import { expect } from 'chai';
import type { MemberId } from '../../src/base/ids.ts';
import { Domains } from '../../src/partition/domains.ts';
import { isEligible } from '../../src/partition/meta-state.ts';
import { type PlacementOptions, plan } from '../../src/partition/placement.ts';
import { follow, level, planned, share, spread } from './placements.ts';
import { ann, bob, cid, dan, eve, Table } from './table.ts';

const restless: Partial<PlacementOptions> = { mayMove: false };

describe('placement', () => {
  it('repairs what a crash took, on members that have no copy, the emptiest first', () => {
    const table = new Table({ members: [ann, bob, cid, dan], partitions: 16 });
    table.status(dan, 'suspended');
    table.apply({ type: 'remove', id: dan });
    for (const [index, row] of table.rows.entries()) {
      if (!row.inSync.includes(dan)) continue;
      const left = row.inSync.filter((id) => id !== dan);
      table.alter(left, index);
    }
    expect(level(table)).to.be.greaterThan(0);
    expect(table.rows.every(({ inSync }) => new Set(inSync).size === 2)).to.equal(true);
    expect(spread(share(table, 'copies'))).to.be.at.most(1);
    expect(spread(share(table, 'primaries'))).to.be.at.most(1);
  });

  it('repairs at once, and moves nothing else before it may', () => {
    const table = new Table({ members: [ann, bob], partitions: 12 });
    table.join(cid);
    expect(plan(table.machine, planned(restless))).to.deep.equal([]);
    table.alter([table.row().primary ?? ann]);
    const [repair, ...more] = plan(table.machine, planned(restless));
    expect(repair).to.include({ partition: table.id(0), learner: cid, retiring: undefined });
    expect(more).to.deep.equal([]);
  });

  it('levels primaries within one, by handovers alone, and only in calm', () => {
    const table = new Table({ members: [ann, bob, cid], partitions: 15 });
    table.status(ann, 'suspended');
    table.status(ann, 'up');
    expect(share(table, 'primaries')[0]).to.equal(0);
    expect(level(table, restless)).to.equal(0);
    expect(share(table, 'primaries')[0]).to.equal(0);
    expect(level(table)).to.equal(0);
    expect(spread(share(table, 'primaries'))).to.be.at.most(1);
  });

  it('moves everything away from one that leaves, its primaries first, however restless it is', () => {
    const table = new Table({ members: [ann, bob, cid, dan], partitions: 8 });
    table.status(bob, 'leaving');
    level(table, restless);
    expect(table.rows.some(({ primary }) => primary === bob)).to.equal(false);
    expect(
      table.rows.every(({ inSync }) => inSync.filter((id) => id !== bob).length === 2),
    ).to.equal(true);
  });

  it('plans nothing where everything is in its place', () => {
    const all = [ann, bob, cid, dan, eve];
    for (const partitions of [1, 7, 9, 32, 271]) {
      for (const count of [1, 2, 3, 4, 5]) {
        for (const backups of [0, 1, 2, 3]) {
          const table = new Table({ members: all.slice(0, count), partitions, backups });
          const what = `${partitions} on ${count} with ${backups}`;
          expect(plan(table.machine, planned()), what).to.deep.equal([]);
        }
      }
    }
  });

  it('waits with fewer copies than wanted where there are fewer members', () => {
    const table = new Table({ members: [ann], partitions: 3 });
    expect(level(table)).to.equal(0);
    table.join(bob);
    expect(level(table)).to.equal(3);
    expect(share(table, 'copies')).to.deep.equal([3, 3]);
  });

  it('gives a lite member nothing', () => {
    const table = new Table({ members: [ann, bob], partitions: 12 });
    table.join(cid, { data: false });
    expect(level(table)).to.equal(0);
    expect(share(table, 'copies')).to.deep.equal([12, 12, 0]);
  });

  it('gives members copies and primaries in proportion to their weights', () => {
    const table = new Table({ members: [ann, bob, cid], partitions: 40 });
    table.join(dan, { weight: 2 });
    level(table);
    expect(share(table, 'copies')).to.deep.equal([16, 16, 16, 32]);
    expect(share(table, 'primaries')).to.deep.equal([8, 8, 8, 16]);
  });

  it('lets a backup retire rather than a primary, and one at a time of each row', () => {
    const table = new Table({ members: [ann, bob], partitions: 12 });
    table.join(cid);
    const changes = plan(table.machine, planned());
    expect(changes).to.have.length(4);
    for (const { partition, learner, retiring, transferTo } of changes) {
      const row = table.rows[partition - table.id(0)];
      expect(learner).to.equal(cid);
      expect(row?.inSync).to.include(retiring);
      expect(row?.primary).to.not.equal(retiring);
      expect(transferTo).to.equal(undefined);
    }
  });

  it('has at most so many copies under way from and to a member, and goes on when one ends', () => {
    const table = new Table({ members: [ann, bob], partitions: 12 });
    table.join(cid);
    const first = plan(table.machine, planned({ copiesMax: 3 }));
    expect(first).to.have.length(3);
    table.apply({ type: 'assign', changes: first });
    expect(plan(table.machine, planned({ copiesMax: 3 }))).to.deep.equal([]);
    follow(table, first[0]?.partition);
    const next = plan(table.machine, planned({ copiesMax: 3 }));
    expect(next.filter(({ learner }) => learner !== undefined)).to.have.length(1);
  });

  it('hands over before a primary retires, and only when the copy in its place is there', () => {
    const table = new Table({ members: [ann], partitions: 4, backups: 0 });
    table.join(bob);
    const [move] = plan(table.machine, planned());
    expect(move).to.include({ learner: bob, retiring: ann, transferTo: undefined });
    const index = (move?.partition ?? 0) - table.id(0);
    table.apply({ type: 'assign', changes: move === undefined ? [] : [move] });
    table.alter([ann, bob], index);
    const [handover] = plan(table.machine, planned(restless));
    expect(handover).to.include({ learner: undefined, retiring: ann, transferTo: bob });
    const other = new Table({ members: [ann, bob, cid] });
    other.assign(cid, undefined, 0, ann);
    expect(plan(other.machine, planned(restless))).to.deep.equal([]);
  });

  it('calls a retirement off where another copy goes missing meanwhile', () => {
    const table = new Table({ members: [ann, bob], partitions: 12 });
    table.join(cid);
    const [move] = plan(table.machine, planned());
    table.apply({ type: 'assign', changes: move === undefined ? [] : [move] });
    table.status(cid, 'suspended');
    const changes = plan(table.machine, planned());
    expect(changes[0]).to.include({ learner: undefined, retiring: undefined });
  });

  it('does the same again for the same table, and for a copy of it', () => {
    const table = new Table({ members: [ann, bob, cid], partitions: 271 });
    table.join(dan);
    const first = plan(table.machine, planned());
    expect(plan(table.machine, planned())).to.deep.equal(first);
    const copy = new Table({ members: [ann, bob, cid], partitions: 271 });
    copy.join(dan);
    expect(plan(copy.machine, planned())).to.deep.equal(first);
  });

  it('takes a learner back that is no longer eligible, and names another', () => {
    const table = new Table({ members: [ann, bob, cid, dan, eve], partitions: 1 });
    table.alter([table.row().primary ?? ann]);
    const [first] = plan(table.machine, planned());
    table.assign(first?.learner);
    table.status(first?.learner ?? ann, 'suspended');
    const [second] = plan(table.machine, planned());
    expect(second?.learner).to.not.equal(first?.learner);
    expect(second?.learner).to.not.equal(undefined);
  });

  it('tries another learner where a copy was given up, and the same one where there is no other', () => {
    const table = new Table({ members: [ann, bob, cid, dan], partitions: 1 });
    table.alter([table.row().primary ?? ann]);
    const [first] = plan(table.machine, planned());
    const hasFailed = (_: MemberId, id: MemberId) => id === first?.learner;
    const [second] = plan(table.machine, planned({ hasFailed }));
    expect(second?.learner).to.not.equal(first?.learner);
    const [third] = plan(table.machine, planned({ hasFailed: () => true }));
    expect(third?.learner).to.equal(first?.learner);
  });

  it('gives a handover up that goes on for too long', () => {
    const table = new Table();
    const { primary, inSync } = table.row();
    table.assign(
      undefined,
      inSync.find((id) => id !== primary),
    );
    const changes = plan(table.machine, planned({ ...restless, isOverdue: () => true }));
    expect(changes[0]).to.include({ transferTo: undefined, learner: undefined });
  });
});

describe('the domains of copies', () => {
  const zoned = (...zones: readonly string[]) => {
    const table = new Table({ members: [], partitions: 1 });
    const ids = zones.map((zone, at) => {
      const id = `m${at}#1` as MemberId;
      const [host, name = ''] = zone.split('/').reverse();
      table.join(id, { zone: name, address: `${host}:${7_000 + at}` });
      return id;
    });
    return { ids, members: [...table.machine.members.values()].filter(isEligible) };
  };
  const shared = (copies: number, ...zones: readonly string[]) => {
    const { ids, members } = zoned(...zones);
    const domains = new Domains(members, copies);
    return ids.filter((id) => domains.isShared(id, ids)).length;
  };

  it('are zones where there are as many as copies', () => {
    expect(shared(2, 'a/h1', 'a/h2', 'b/h3')).to.equal(2);
  });

  it('are hosts where there are too few zones', () => {
    expect(shared(3, 'a/h1', 'a/h1', 'b/h3', 'b/h4')).to.equal(2);
    expect(shared(2, 'h1', 'h1', 'h2')).to.equal(2);
  });

  it('are members where there are too few hosts as well', () => {
    expect(shared(2, 'h1', 'h1', 'h1')).to.equal(0);
  });
});
