import { expect } from 'chai';
import type { PartitionId } from '../../src/base/ids.ts';
import { forkedState } from '../../src/partition/fork.ts';
import { lineOf, type Part } from '../../src/partition/lineage.ts';
import type { Absorb, Merged } from '../../src/partition/merges.ts';
import { decodeState, encodeState } from '../../src/partition/meta-codec.ts';
import { MetaMachine } from '../../src/partition/meta-machine.ts';
import { generationSpan, liftOf } from '../../src/partition/meta-state.ts';
import { partingOf } from '../../src/partition/parting.ts';
import { partsOf } from '../../src/partition/parts.ts';
import { ann, bob, cid, dan, eve, newMember, Table } from './table.ts';

function absorb(more: Partial<Absorb> = {}): Absorb {
  const contributors = [cid, dan];
  return {
    type: 'absorb',
    lineage: 'c9',
    merged: [],
    isWhole: true,
    rank: 4,
    contributors,
    ...more,
  };
}

function merged(contributor: typeof ann, kept: number, more: Partial<Merged> = {}): Merged {
  const report = [{ type: 'map', name: 'accounts', kept, discarded: 1 }];
  return {
    type: 'merged',
    lineage: 'c9',
    contributor,
    report,
    brought: [],
    parts: [],
    isLast: true,
    isWhole: true,
    ...more,
  };
}

/** A copy that was brought, up to 77. */
function partOf(partition: PartitionId, lineage: string, more: Partial<Part> = {}): Part {
  const line = { path: [lineage], steps: [] };
  return { partition, line, upTo: 77, isWhole: false, ...more };
}

describe('the table of a lineage that takes another in', () => {
  it('ranks all its partitions above both, and begins none of them anew', () => {
    const table = new Table({ members: [ann, bob] });
    const before = table.row(0);
    table.apply(absorb());
    const { rank, generation, term, primary, inSync } = table.row(0);
    expect([rank, generation]).to.deep.equal([5, before.generation]);
    expect({ term, primary, inSync }).to.deep.equal({
      term: before.term,
      primary: before.primary,
      inSync: before.inSync,
    });
    expect(liftOf(table.row(0))).to.be.greaterThan(0);
    table.apply(absorb({ lineage: 'c8', rank: 1 }));
    expect(table.row(0).rank, 'a second one, of a lower rank').to.equal(6);
  });

  it('begins what is new there above both, so that it can be brought in', () => {
    const table = new Table({ members: [ann, bob] });
    table.apply(absorb());
    table.define('notes', 0);
    const rows = table.machine.groups[0] ?? [];
    expect(rows.map(({ rank, generation }) => [rank, generation])).to.deep.equal([
      [6, 6],
      [6, 6],
      [6, 6],
    ]);
  });

  it('sums up what each member brings, and counts each once', () => {
    const table = new Table({ members: [ann, bob] });
    table.apply(absorb());
    table.apply(merged(cid, 3));
    table.apply(merged(cid, 3));
    table.apply(merged(bob, 100));
    const brought = [{ partition: table.id(1), by: dan, upTo: 77, end: 'c9' }];
    table.apply(merged(dan, 0, { brought, report: [], isLast: false }));
    expect(table.machine.merges[0]?.open, 'before it has told all').to.deep.equal([dan]);
    table.apply(merged(dan, 4));
    const [merge] = table.machine.merges;
    expect(merge?.report).to.deep.equal([{ type: 'map', name: 'accounts', kept: 7, discarded: 2 }]);
    expect([merge?.open, merge?.missing]).to.deep.equal([[], 0]);
    expect(merge?.brought).to.deep.equal(brought);
  });

  it('has one member at a time bring a partition, for as long as that one is here', () => {
    const table = new Table({ members: [ann, bob] });
    table.apply(absorb());
    const partitions = [table.id(0), table.id(1)];
    const undertake = (contributor: typeof ann, holder: typeof ann) =>
      table.apply({ type: 'undertake', lineage: 'c9', contributor, holder, partitions });
    const bringers = () => table.machine.merges[0]?.undertaken.map(({ by }) => by);
    undertake(cid, bob);
    undertake(dan, ann);
    expect(bringers()).to.deep.equal([cid, cid]);
    const brought = [{ partition: table.id(0), by: cid, upTo: 7, end: 'c9' }];
    for (let time = 0; time < 2; time++) table.apply(merged(cid, 0, { brought, isLast: false }));
    expect(table.machine.merges[0]?.brought, 'told twice').to.deep.equal(brought);
    expect(bringers()).to.deep.equal([cid]);
    undertake(dan, ann);
    expect(bringers()).to.deep.equal([cid, dan]);
    table.apply({ type: 'remove', id: bob });
    undertake(dan, ann);
    expect(bringers()).to.deep.equal([dan, dan]);
    undertake(cid, bob);
    expect(bringers(), 'by one who has gone').to.deep.equal([dan, dan]);
    table.apply(merged(dan, 0, { isWhole: false }));
    expect(bringers(), 'where it is given up').to.deep.equal([dan, dan]);
    const both = partitions.map((partition) => ({ partition, by: dan, upTo: 7, end: 'c9' }));
    table.apply(merged(dan, 0, { brought: both }));
    expect(bringers()).to.deep.equal([]);
    undertake(dan, ann);
    expect(bringers(), 'by a word that comes twice').to.deep.equal([]);
  });

  it('has one member at a time bring a partition, of whichever lineage', () => {
    const table = new Table({ members: [ann, bob] });
    table.apply(absorb());
    table.apply(absorb({ lineage: 'c8', contributors: [eve] }));
    const undertake = (lineage: string, contributor: typeof ann, holder: typeof ann) =>
      table.apply({ type: 'undertake', lineage, contributor, holder, partitions: [table.id(0)] });
    const bringers = () =>
      table.machine.merges.flatMap(({ undertaken }) => undertaken.map(({ by }) => by));
    undertake('c9', cid, bob);
    undertake('c8', eve, ann);
    expect(bringers(), 'while it is at it').to.deep.equal([cid]);
    table.status(bob, 'suspended');
    undertake('c8', eve, ann);
    expect(bringers(), 'while it is away').to.deep.equal([eve]);
    undertake('c7', dan, ann);
    expect(bringers(), 'of a lineage that was not taken in').to.deep.equal([eve]);
  });

  it('knows what was brought, of each history as far as it came', () => {
    const table = new Table({ members: [ann, bob] });
    table.apply(absorb());
    const [first, other] = [table.id(0), table.id(1)];
    const further = partOf(first, 'c9', { upTo: 80 });
    const before = partOf(first, 'c8');
    const whole = partOf(first, 'c9', { isWhole: true });
    table.apply(merged(dan, 3, { parts: [before, partOf(first, 'c9')], isLast: false }));
    table.apply(merged(cid, 3, { parts: [before, further, partOf(other, 'c9')] }));
    table.apply(merged(dan, 3, { parts: [whole] }));
    const all = [before, { ...further, isWhole: true }, partOf(other, 'c9')];
    expect(table.machine.lineage.parts).to.deep.equal(all);
    const more = Array.from({ length: 20 }, (_, at) => partOf(first, `d${at}`));
    table.apply(merged(cid, 3, { parts: more }));
    const kept = partsOf(table.machine.lineage, first);
    expect(kept, 'no more than sixteen of a partition').to.deep.equal(more.slice(-16));
    expect(partsOf(table.machine.lineage, other)).to.have.length(1);
  });

  it('knows of no copy any more that was brought to what has begun anew since', () => {
    const table = new Table({ members: [ann, bob], onPartitionLost: 'recreate' });
    table.apply(absorb());
    table.apply(merged(dan, 3, { parts: [0, 1].map((at) => partOf(table.id(at), 'c9')) }));
    const undertake = { lineage: 'c9', contributor: cid, holder: ann, partitions: [table.id(0)] };
    table.apply({ type: 'undertake', ...undertake });
    const group = table.machine.groups[1] ?? [];
    group[0] = { ...table.row(0), primary: cid, inSync: [cid] };
    table.apply({ type: 'remove', id: cid });
    expect(table.machine.lineage.parts).to.deep.equal([partOf(table.id(1), 'c9')]);
    expect(table.machine.merges[0]?.undertaken, 'nor of who was at it').to.deep.equal([]);
  });

  it('passes on to a fork what was brought', () => {
    const table = new Table({ members: [ann, bob] });
    table.apply(absorb());
    table.apply(merged(dan, 3, { parts: [partOf(table.id(0), 'c9')] }));
    const [from, to] = [bob, newMember(dan)];
    const { lineage } = forkedState(table.machine, { id: 'c2', from, to, held: () => 7 });
    expect(lineage.parts).to.deep.equal(table.machine.lineage.parts);
  });

  it('waits for nothing from whoever went on alone and began it, though that one is not missed there yet', () => {
    const table = new Table({ members: [ann, bob] });
    const from = bob;
    const to = newMember(dan);
    table.machine.load(forkedState(table.machine, { id: 'c2', from, to, held: () => 7 }));
    table.apply(absorb({ contributors: [bob, cid] }));
    const [merge] = table.machine.merges;
    expect([merge?.open, merge?.closed]).to.deep.equal([[cid], [bob]]);
  });

  it('counts who does not come', () => {
    const table = new Table({ members: [ann, bob] });
    table.apply(absorb());
    table.apply(merged(cid, 0, { report: [], isWhole: false }));
    const [merge] = table.machine.merges;
    expect([merge?.open, merge?.missing]).to.deep.equal([[dan], 1]);
  });

  it('waits for nobody again who has brought what it had, whatever its lineage says late', () => {
    const table = new Table({ members: [ann, bob] });
    table.apply(absorb());
    table.apply(merged(cid, 3));
    table.apply(absorb());
    expect(table.machine.merges[0]?.open).to.deep.equal([dan]);
  });

  it('remembers the lineage where it ended, and not where a member came alone', () => {
    const table = new Table({ members: [ann, bob] });
    table.apply(absorb({ isWhole: false, contributors: [cid] }));
    expect(table.machine.lineage.merged).to.deep.equal([]);
    table.apply(absorb({ merged: ['c7'], contributors: [dan] }));
    expect(table.machine.lineage.merged).to.deep.equal(['c7', 'c9']);
    expect(table.machine.merges[0]?.open).to.deep.equal([cid, dan]);
  });

  it('travels to those who join later', () => {
    const table = new Table({ members: [ann, bob] });
    table.apply(absorb());
    table.apply({ type: 'yield', to: 'c7', addresses: ['a:1'] });
    const machine = new MetaMachine();
    machine.load(decodeState(encodeState(table.machine)));
    expect(machine.merges).to.deep.equal(table.machine.merges);
    expect(machine.yields).to.deep.equal({ to: 'c7', addresses: ['a:1'] });
  });

  it('has lost partitions come back only for who has something of them still to bring', () => {
    const table = new Table({ members: [ann], backups: 0 });
    table.apply({ type: 'remove', id: ann });
    table.join(bob);
    const nothing = { holder: bob, adoptions: [] } as const;
    const revive = {
      type: 'revive',
      lineage: 'c9',
      ...nothing,
      partitions: [table.id(0)],
    } as const;
    table.apply(revive);
    expect(table.row(0).primary, 'no such merge').to.equal(undefined);
    table.apply(absorb({ contributors: [cid] }));
    table.apply(revive);
    expect([table.row(0).primary, table.row(1).primary]).to.deep.equal([bob, undefined]);
    table.apply(merged(cid, 0));
    table.apply({ ...revive, partitions: [table.id(1)] });
    expect(table.row(1).primary, 'after it was brought').to.equal(undefined);
  });

  it('have a lost partition go on with a copy, above all that both had, and note where it comes from', () => {
    const table = new Table({ members: [ann], backups: 0 });
    table.apply({ type: 'remove', id: ann });
    table.join(bob);
    table.apply(absorb({ contributors: [cid], rank: 1 }));
    const [lost, other] = [table.id(0), table.id(1)];
    const steps = [{ id: 'c9', rank: 2, left: 77 }];
    const parts = [partOf(lost, 'c8')];
    const from = { path: ['c1', 'c9'], steps, parts };
    const copy = { partition: lost, ...from, version: 9 * generationSpan + 5 };
    table.apply(merged(cid, 0, { parts: [partOf(lost, 'c9')], isLast: false }));
    const revive = { type: 'revive', lineage: 'c9', adoptions: [copy], partitions: [] } as const;
    table.apply({ ...revive, holder: eve });
    expect(table.row(0).primary, 'with a member that is not there').to.equal(undefined);
    const before = table.row(0);
    const undertake = { type: 'undertake', contributor: cid, partitions: [lost, other] } as const;
    table.apply({ ...undertake, lineage: 'c9', holder: bob });
    table.apply({ ...revive, lineage: 'c8', holder: bob });
    expect(table.row(0).primary, 'from a lineage that was not taken in').to.equal(undefined);
    table.apply(merged(cid, 0, { isWhole: false }));
    table.apply({ ...revive, holder: bob });
    const { primary, inSync, born, generation, rank, term } = table.row(0);
    expect([primary, inSync, born, generation, rank]).to.deep.equal([bob, [bob], [], 10, 10]);
    expect(term).to.be.greaterThan(before.term);
    const { lineage, applied, merges } = table.machine;
    const left = merges[0]?.undertaken.map(({ partition }) => partition);
    expect(left, 'what somebody was to bring').to.deep.equal([other]);
    const step = { id: `${lineage.id}@${applied}`, rank: 10, left: 9 * generationSpan + 5 };
    const way = { path: ['c1', 'c9', step.id], steps: [...steps, step] };
    expect(lineOf(lineage, lost)).to.deep.include(way);
    expect(lineage.parts, 'what was brought to it').to.deep.equal(parts);
    expect(lineOf(lineage, other).path, 'of another').to.deep.equal([lineage.id]);
    table.apply({ ...revive, holder: bob, adoptions: [{ ...copy, version: 6 }] });
    expect(lineOf(table.machine.lineage, lost), 'of one that is there').to.deep.include(way);
  });

  it('has nothing in common any more of a partition that it has lost and begun anew', () => {
    const table = new Table({ members: [ann], backups: 0, onPartitionLost: 'recreate' });
    const first = table.machine.lineage;
    expect(first.lines, 'at the first birth').to.deep.equal([]);
    table.apply({ type: 'remove', id: ann });
    table.join(bob);
    const { lineage } = table.machine;
    const partition = table.id(0);
    expect(partingOf(lineOf(lineage, partition), lineOf(first, partition))).to.equal(undefined);
  });
});
