/** What placement promises of every table, drawn at random: level, apart, few moves, an end. */
import { expect } from 'chai';
import fc from 'fast-check';
import type { MemberId } from '../../src/base/ids.ts';
import { Domains } from '../../src/partition/domains.ts';
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

/** Whoever holds more than its share, of copies or of primaries, does so because nobody else may. */
function expectNothingBetter(table: Table): void {
  const { rows } = table;
  const members = [...table.machine.members.values()];
  const [copies, primaries] = [share(table, 'copies'), share(table, 'primaries')];
  const isPassedTo = ways(rows);
  for (const [giver, from] of members.entries()) {
    for (const [taker, to] of members.entries()) {
      const isBetter = (counts: readonly number[]) =>
        evens(counts[giver]!, from.weight, counts[taker]!, to.weight);
      const isFull = rows.every(
        ({ inSync }) => !inSync.includes(from.id) || inSync.includes(to.id),
      );
      if (isBetter(copies)) expect(isFull, `copies go from ${from.id} to ${to.id}`).to.equal(true);
      if (!isBetter(primaries)) continue;
      expect(isPassedTo(from.id, to.id), `${from.id} hands over to ${to.id}`).to.equal(false);
    }
  }
}

/** Whether one more at the taker and one less at the giver is more even: the sum of squares over weights falls. */
function evens(gives: number, giver: number, takes: number, taker: number): boolean {
  const before = gives ** 2 / giver + takes ** 2 / taker;
  const after = (gives - 1) ** 2 / giver + (takes + 1) ** 2 / taker;
  return gives > 0 && after < before - 1e-9;
}

/** Whether handovers among members in sync lead from one to another, by way of others or not. */
function ways(rows: Table['rows']): (from: MemberId, to: MemberId) => boolean {
  return (from, to) => {
    const reached = new Set([from]);
    for (const id of reached) {
      const own = rows.filter(({ primary }) => primary === id);
      for (const { inSync } of own) for (const next of inSync) reached.add(next);
    }
    return reached.has(to);
  };
}

/** How many of all copies the last of these is to hold by its weight, where nobody holds more than one of a row. */
function shareByWeight(weights: readonly number[], copies: number, partitions: number): number {
  const isFull = weights.map(() => false);
  for (;;) {
    const full = isFull.filter((is) => is).length;
    const open = weights.filter((_, at) => !isFull[at]);
    const each = (copies - full * partitions) / open.reduce((sum, weight) => sum + weight, 0);
    const next = weights.findIndex((weight, at) => !isFull[at] && weight * each > partitions);
    if (next < 0) return isFull.at(-1) ? partitions : (weights.at(-1) ?? 0) * each;
    isFull[next] = true;
  }
}

/** One more came to so many: no more moves than it gets, or than are missing, and two in a hundred (PROTOCOL.md 3.5). */
function expectFewMoves({ partitions, backups }: Shape, members: number, moves: number): void {
  const copies = Math.min(backups + 1, members + 1) * partitions;
  const missing = backups + 1 > members ? partitions : 0;
  const gets = Math.ceil(copies / (members + 1));
  expect(moves).to.be.at.most(Math.max(gets, missing) + Math.floor(partitions * 0.02));
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
        expectFewMoves(shape, shape.members, level(table));
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
        const join = (number: number) => table.join(named(number), { zone: `z${number % count}` });
        for (const number of range(count * each)) {
          join(number);
          if (isGrown) level(table);
        }
        level(table);
        expectLevel(table);
        join(count * each);
        expectFewMoves(shape, count * each, level(table));
        for (const number of range(count - 1)) join(count * each + 1 + number);
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

  it('moves as few copies as a newcomer has to get by its weight', () => {
    const weight = fc.constantFrom(0.5, 1, 1, 2, 3);
    const weights = fc.array(weight, { minLength: 1, maxLength: 7 });
    fc.assert(
      fc.property(shapes, weights, weight, ({ partitions, backups }, given, newest) => {
        const table = new Table({ partitions, backups, members: [] });
        for (const [number, weight] of given.entries()) table.join(named(number), { weight });
        level(table);
        table.join(named(100), { weight: newest });
        const copies = Math.min(backups + 1, given.length + 1) * partitions;
        const missing = backups + 1 > given.length ? partitions : 0;
        const gets = Math.ceil(shareByWeight([...given, newest], copies, partitions));
        // Whoever gets a copy of every partition may need others to make way among themselves.
        fc.pre(gets < partitions);
        const most = Math.max(gets, missing) + Math.floor(partitions * 0.02);
        expect(level(table)).to.be.at.most(most);
        expectNothingBetter(table);
      }),
      runs(150),
    );
  });
});
