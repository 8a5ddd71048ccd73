/** What placement promises of every table, drawn at random: level, apart, few moves, an end. */
import { expect } from 'chai';
import fc from 'fast-check';
import type { MemberId } from '../../src/base/ids.ts';
import { Domains } from '../../src/partition/domains.ts';
import { Layout } from '../../src/partition/layout.ts';
import { copiesWanted, isEligible } from '../../src/partition/meta-state.ts';
import { plan } from '../../src/partition/placement.ts';
import { follow, level, planned, share, spread } from './placements.ts';
import { Table } from './table.ts';

const named = (number: number) => `m${number}#${number}` as MemberId;
const range = (count: number) => Array.from({ length: count }, (_, at) => at);

/** The same tables each time: `SEED=<n>` draws others. */
const runs = (numRuns: number) => ({ numRuns, seed: Number(process.env.SEED ?? 1) });

interface Shape {
  readonly members: number;
  readonly partitions: number;
  readonly backups: number;
}

const shapes = fc.record<Shape>({
  members: fc.integer({ min: 1, max: 9 }),
  partitions: fc.integer({ min: 1, max: 80 }),
  backups: fc.integer({ min: 0, max: 3 }),
});

function tableOf({ members, partitions, backups }: Shape): Table {
  return new Table({ members: range(members).map(named), partitions, backups });
}

function expectLevel(table: Table): void {
  expect(spread(share(table, 'copies')), 'copies').to.be.at.most(1);
  expect(spread(share(table, 'primaries')), 'primaries').to.be.at.most(1);
  expectApart(table);
}

/** Every row has as many copies as it can have, in as many domains as there can be. */
function expectApart(table: Table): void {
  const { machine, settings } = table;
  const wanted = copiesWanted(machine, settings.backups);
  const domains = new Domains([...machine.members.values()].filter(isEligible), wanted);
  for (const { inSync } of table.rows) {
    expect(inSync).to.have.length(wanted);
    expect(new Set(inSync.map((id) => domains.of(id))).size, `domains of ${inSync}`).to.equal(
      wanted,
    );
  }
}

/** Whoever holds more than its share holds it because nobody else may. */
function expectNothingBetter(table: Table): void {
  const { backups } = table.settings;
  const rows = table.machine.groups[backups] ?? [];
  const { eligible, copies } = new Layout(table.machine, backups, rows);
  for (const from of eligible) {
    for (const to of eligible.filter((id) => copies.isWorthMoving(from, id))) {
      const isFull = rows.every(({ inSync }) => !inSync.includes(from) || inSync.includes(to));
      expect(isFull, `copies go from ${from} to ${to}`).to.equal(true);
    }
  }
}

/** A member is gone at once, and the primaries that are left prune it. */
function crash(table: Table, id: MemberId): void {
  table.status(id, 'suspended');
  table.apply({ type: 'remove', id });
  for (const [index, { inSync, primary }] of table.rows.entries()) {
    if (!inSync.includes(id) || primary === undefined || primary === id) continue;
    const left = inSync.filter((other) => other !== id);
    table.alter(left, index);
  }
}

type Change = { readonly kind: 'join' | 'leave' | 'crash'; readonly which: number };

const changes = fc.array(
  fc.record<Change>({
    kind: fc.constantFrom('join', 'join', 'leave', 'crash'),
    which: fc.nat(100),
  }),
  { maxLength: 8 },
);

/** Does one change, where it can be without a partition's end. */
function carryOut(table: Table, { kind, which }: Change, number: number): void {
  const ids = [...table.machine.members.keys()];
  const victim = ids[which % ids.length] as MemberId;
  if (kind === 'join') {
    table.join(named(number));
  } else if (ids.length > 1 && kind === 'leave') {
    table.status(victim, 'leaving');
    level(table, { mayMove: which % 2 === 0 });
    table.apply({ type: 'remove', id: victim });
  } else if (ids.length > 1 && table.settings.backups > 0) {
    // All its copies have another somewhere.
    level(table);
    crash(table, victim);
  }
}

describe('placement, whatever the table,', function () {
  this.timeout(60_000);

  it('is level when members have come, left and crashed, and then plans nothing', () => {
    fc.assert(
      fc.property(shapes, changes, (shape, history) => {
        const table = tableOf(shape);
        for (const [at, change] of history.entries()) {
          carryOut(table, change, 100 + at);
          if (change.which % 3 > 0) level(table);
        }
        level(table);
        expectLevel(table);
        expect(plan(table.machine, planned())).to.deep.equal([]);
      }),
      runs(150),
    );
  });

  it('moves as few copies as a newcomer has to get', () => {
    fc.assert(
      fc.property(shapes, (shape) => {
        const table = tableOf(shape);
        level(table);
        table.join(named(100));
        const { members, partitions, backups } = shape;
        const copies = Math.min(backups + 1, members + 1) * partitions;
        const moves = level(table);
        const missing = backups + 1 > members ? partitions : 0;
        const share = Math.ceil(copies / (members + 1));
        expect(moves).to.be.at.most(Math.max(share, missing) + Math.floor(partitions * 0.02));
        expectLevel(table);
      }),
      runs(150),
    );
  });

  it('makes as few copies as one that leaves has held', () => {
    fc.assert(
      fc.property(shapes, fc.nat(100), (shape, which) => {
        fc.pre(shape.members > 1);
        const table = tableOf(shape);
        level(table);
        const leaver = named(which % shape.members);
        const held = table.rows.filter(({ inSync }) => inSync.includes(leaver)).length;
        table.status(leaver, 'leaving');
        expect(level(table)).to.be.at.most(held + Math.ceil(shape.partitions * 0.02));
      }),
      runs(150),
    );
  });

  it('comes to an end in whatever order the steps are done', () => {
    fc.assert(
      fc.property(
        shapes,
        fc.integer({ min: 1, max: 4 }),
        fc.infiniteStream(fc.nat()),
        (shape, joining, draws) => {
          const table = tableOf(shape);
          for (const number of range(joining)) table.join(named(100 + number));
          let copies = 0;
          for (let turn = 0; turn < 20_000; turn++) {
            const assigned = plan(table.machine, planned());
            table.apply({ type: 'assign', changes: assigned });
            const moving = table.rows.flatMap((row, index) =>
              (row.learner ?? row.retiring ?? row.transferTo) ? [table.id(index)] : [],
            );
            if (moving.length === 0) {
              expectLevel(table);
              expect(copies).to.be.at.most(2 * shape.partitions * (shape.backups + 1));
              return;
            }
            const draw = draws.next().value ?? 0;
            copies += follow(table, moving[draw % moving.length]);
          }
          throw new Error('the steps have no end');
        },
      ),
      runs(60),
    );
  });

  it('keeps copies in distinct zones, and level where zones are of one size', () => {
    const zones = fc.record({
      zones: fc.integer({ min: 1, max: 4 }),
      each: fc.integer({ min: 1, max: 3 }),
    });
    fc.assert(
      fc.property(shapes, zones, fc.boolean(), (shape, { zones: count, each }, isGrown) => {
        const table = new Table({ ...shape, members: [] });
        for (const number of range(count * each)) {
          table.join(named(number), { zone: `z${number % count}` });
          if (isGrown) level(table);
        }
        level(table);
        expectLevel(table);
        for (const zone of range(count)) table.join(named(100 + zone), { zone: `z${zone}` });
        level(table);
        expectLevel(table);
      }),
      runs(100),
    );
  });

  it('keeps copies in distinct zones and comes to an end where zones are of any size', () => {
    const zones = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 9 });
    fc.assert(
      fc.property(shapes, zones, (shape, placed) => {
        const table = new Table({ ...shape, members: [] });
        for (const [number, zone] of placed.entries()) {
          table.join(named(number), { zone: `z${zone}` });
          level(table);
        }
        expectApart(table);
      }),
      runs(150),
    );
  });

  it('gives to each by its weight: no copy and no primary would be better elsewhere', () => {
    const weights = fc.array(fc.constantFrom(0.5, 1, 1, 2, 3), { minLength: 1, maxLength: 7 });
    fc.assert(
      fc.property(shapes, weights, (shape, given) => {
        const table = new Table({ ...shape, members: [] });
        for (const [number, weight] of given.entries()) {
          table.join(named(number), { weight });
          level(table);
        }
        expectNothingBetter(table);
      }),
      runs(150),
    );
  });
});
