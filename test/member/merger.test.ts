import { expect } from 'chai';
import { noLineage, type Part } from '../../src/partition/lineage.ts';
import { generationSpan } from '../../src/partition/meta-state.ts';
import { readMergeOp } from '../../src/structures/map/map-merge.ts';
import { mapOps } from '../../src/structures/map/map-ops.ts';
import { mergeResult } from '../../src/structures/merging.ts';
import { tryPushOp } from '../../src/structures/queue/queue-ops.ts';
import type { Entry } from '../../src/wire/replica-messages.ts';
import { ann, bob, cid, dan } from '../partition/table.ts';
import { absorb, itemsOf, MergeScene, partOf, refuse, reportOf, value } from './merge-scene.ts';

/** The losing side has taken another lineage in before, of which dan has brought the first partition. */
function beforeOf(scene: MergeScene): Part {
  const before = partOf(scene.losing.id(0), 7, { line: { path: ['c8'], steps: [] } });
  scene.losing.apply({ ...absorb, lineage: 'c8', contributors: [dan] });
  scene.losing.apply({ ...reportOf(dan, before), lineage: 'c8' });
  return before;
}

describe('a member that brings what it had', () => {
  it('offers each partition of each structure, and says in the end what was kept', () => {
    const scene = new MergeScene();
    scene.put(0, 'a', 'one');
    scene.put(2, 'b', 'two');
    scene.write('jobs', 1, tryPushOp(value('job')));
    const merger = scene.merger();
    const sent = scene.run(merger);
    expect(sent.map(({ structure, partition }) => [structure.name, partition])).to.deep.equal([
      ['accounts', 0],
      ['accounts', 2],
      ['jobs', 1],
    ]);
    expect(scene.reports, 'before all has come').to.deep.equal([]);
    for (const [index, { resolve }] of sent.entries()) {
      resolve(mergeResult(index === 1 ? { kept: 0, discarded: 1 } : { kept: 1, discarded: 0 }));
    }
    expect(scene.run(merger)).to.deep.equal([]);
    expect(scene.reports).to.have.length(1);
    expect(scene.reports[0]?.report).to.deep.equal([
      { type: 'map', name: 'accounts', kept: 1, discarded: 1 },
      { type: 'queue', name: 'jobs', kept: 1, discarded: 0 },
    ]);
    expect(merger.unfinished).to.equal(undefined);
    expect(scene.winning.machine.merges[0]?.open).to.deep.equal([]);
  });

  it('names the rank of its own merge, whatever was merged since', () => {
    const scene = new MergeScene();
    const { rank = 0 } = scene.winning.machine.merges[0] ?? {};
    scene.winning.apply({ ...absorb, lineage: 'c3', contributors: [] });
    expect(scene.winning.row(0).rank).to.be.greaterThan(rank);
    scene.put(0, 'a', 'one');
    const [sent] = scene.run(scene.merger());
    expect(sent && readMergeOp(sent.op).floor).to.equal(rank * generationSpan);
  });

  it('has a structure made that the other side does not know', () => {
    const scene = new MergeScene();
    scene.isKnown = false;
    scene.put(0, 'a', 'one');
    expect(scene.run(scene.merger())).to.have.length(1);
  });

  it('comes again where nobody took it in', () => {
    const scene = new MergeScene();
    scene.write('jobs', 0, tryPushOp(value('job')));
    const merger = scene.merger();
    const [first] = scene.run(merger);
    refuse(first, 'GRID_OVERLOADED');
    const [again] = scene.run(merger);
    expect(again?.op).to.deep.equal(first?.op);
  });

  it('tells a map again what may have arrived, and never appends it again', () => {
    const scene = new MergeScene();
    scene.put(0, 'a', 'one');
    scene.write('jobs', 1, tryPushOp(value('job')));
    const merger = scene.merger();
    for (const operation of scene.run(merger)) refuse(operation, 'GRID_TIMEOUT', 'unknown');
    const again = scene.run(merger);
    expect(again.map(({ structure }) => structure.type)).to.deep.equal(['map']);
    again[0]?.resolve(mergeResult({ kept: 1, discarded: 0 }));
    scene.run(merger);
    expect(scene.reports[0]?.report).to.deep.equal([
      { type: 'map', name: 'accounts', kept: 1, discarded: 0 },
      { type: 'queue', name: 'jobs', kept: 0, discarded: 1 },
    ]);
  });

  it('counts as discarded what does not fit there', () => {
    const scene = new MergeScene();
    scene.put(0, 'a', 'one');
    const merger = scene.merger();
    refuse(scene.run(merger)[0], 'GRID_TOO_LARGE');
    scene.run(merger);
    expect(scene.reports[0]?.report).to.deep.equal([
      { type: 'map', name: 'accounts', kept: 0, discarded: 1 },
    ]);
  });

  it('goes on where it was under its next identity, and appends nothing twice there either', () => {
    const scene = new MergeScene();
    scene.put(0, 'a', 'one');
    scene.put(1, 'b', 'two');
    scene.write('jobs', 2, tryPushOp(value('job')));
    const before = scene.merger();
    const [done] = scene.run(before);
    done?.resolve(mergeResult({ kept: 1, discarded: 0 }));
    const { unfinished } = before;
    if (unfinished === undefined) throw new Error('nothing is left');
    const after = scene.merger(unfinished);
    const sent = scene.run(after);
    expect(sent.map(({ structure, partition }) => [structure.name, partition])).to.deep.equal([
      ['accounts', 1],
    ]);
    sent[0]?.resolve(mergeResult({ kept: 0, discarded: 1 }));
    scene.run(after);
    expect(scene.reports[0]?.report).to.deep.equal([
      { type: 'map', name: 'accounts', kept: 1, discarded: 1 },
      { type: 'queue', name: 'jobs', kept: 0, discarded: 1 },
    ]);
  });

  it('goes on with its own copy of a lost partition, and counts all that is in it as kept', () => {
    const scene = new MergeScene();
    scene.put(0, 'a', 'one');
    const before = beforeOf(scene);
    scene.winning.apply({ type: 'remove', id: ann });
    scene.winning.join(bob);
    const merger = scene.merger();
    merger.tick();
    const row = scene.winning.row(0);
    const { parts } = scene.winning.machine.lineage;
    expect(parts, 'what had been brought to it').to.deep.equal([before]);
    expect([row.primary, row.inSync, row.born]).to.deep.equal([bob, [bob], []]);
    const given = scene.contents.map((_, index) => merger.give(scene.winning.id(index)));
    expect(given).to.deep.equal(scene.contents);
    expect(merger.give(scene.winning.id(0)), 'a second time').to.equal(undefined);
    expect(merger.unfinished?.legacy.estates.size, 'for its next identity').to.equal(0);
    expect(scene.run(merger)).to.deep.equal([]);
    expect(scene.reports[0]).to.deep.include({
      brought: [],
      report: [{ type: 'map', name: 'accounts', kept: 1, discarded: 0 }],
    });
  });

  it('takes back what it had told nobody of before it goes on with a copy', () => {
    const scene = new MergeScene();
    const row = scene.row('jobs');
    scene.winning.machine.structures.set(row.id, row);
    scene.winning.apply({ type: 'remove', id: ann });
    scene.winning.join(bob);
    scene.push(0, 'told', 101);
    const changes = scene.push(0, 'told nobody of', 102);
    const { inheritance } = scene;
    const [[partition, estate] = []] = inheritance.legacy.estates;
    if (partition === undefined || estate === undefined) throw new Error('nothing is left');
    const untold = [{ structure: row.id, changes } as Entry];
    const estates = new Map([[partition, { ...estate, untold }]]);
    const legacy = { ...inheritance.legacy, estates };
    const merger = scene.merger({ ...inheritance, legacy });
    merger.tick();
    const store = merger.give(partition)?.stores.get(row.id);
    expect([scene.winning.row(0).primary, store?.entries]).to.deep.equal([bob, 1]);
  });

  it('adopts nothing to which something is still on its way', () => {
    const scene = new MergeScene();
    scene.put(0, 'a', 'one');
    const merger = scene.merger();
    const [sent] = scene.run(merger);
    scene.winning.join(bob);
    scene.winning.apply({ type: 'remove', id: ann });
    scene.run(merger);
    const primaries = () => [0, 1].map((index) => scene.winning.row(index).primary);
    expect(primaries()).to.deep.equal([undefined, bob]);
    refuse(sent, 'GRID_PARTITION_LOST');
    scene.run(merger);
    expect(primaries()).to.deep.equal([bob, bob]);
  });

  it('brings lost partitions back, empty, where a structure in it is not the same there', () => {
    const scene = new MergeScene();
    scene.write('jobs', 0, tryPushOp(value('job')));
    scene.winning.apply({ type: 'remove', id: ann });
    scene.winning.join(bob);
    expect(scene.winning.row(0).primary).to.equal(undefined);
    const merger = scene.merger();
    merger.tick();
    expect(scene.commands.map(({ type }) => type)).to.deep.equal(['revive']);
    expect(scene.winning.row(0).primary).to.equal(bob);
    expect(scene.run(merger)).to.have.length(1);
  });

  it('waits where whoever has a partition is away, until it is back, or the partition is lost', () => {
    const scene = new MergeScene();
    scene.put(0, 'a', 'one');
    scene.winning.status(ann, 'suspended');
    const merger = scene.merger();
    expect(scene.run(merger), 'while she is away').to.deep.equal([]);
    expect(scene.commands).to.deep.equal([]);
    scene.winning.join(bob);
    scene.winning.apply({ type: 'remove', id: ann });
    expect(scene.run(merger, 1)).to.deep.equal([]);
    expect(scene.commands.map(({ type }) => type)).to.deep.equal(['revive']);
    expect(scene.winning.row(0).primary).to.equal(bob);
  });

  it('says of at most 256 partitions in one word that they were brought', () => {
    const scene = new MergeScene(600);
    const merger = scene.merger();
    scene.run(merger, 10);
    const said = scene.reports.map(({ brought, isLast }) => [brought.length, isLast]);
    expect(said).to.deep.equal([
      [256, false],
      [256, false],
      [88, true],
    ]);
    expect(merger.unfinished).to.equal(undefined);
  });

  it('has four ops on their way at most', () => {
    const scene = new MergeScene();
    for (const index of [0, 1, 2]) {
      scene.put(index, 'a', 'one');
      scene.write('jobs', index, tryPushOp(value('job')));
    }
    const merger = scene.merger();
    const sent = scene.run(merger);
    expect(sent).to.have.length(4);
    sent[0]?.resolve(mergeResult({ kept: 1, discarded: 0 }));
    expect(scene.operations, 'the next follows at once').to.have.length(5);
    expect(scene.run(merger)).to.deep.equal([]);
  });

  it('has nothing to bring of a partition in which nothing was written since the two parted', () => {
    const scene = new MergeScene();
    scene.fork(90);
    scene.put(0, 'a', 'one');
    scene.last = 2 * generationSpan;
    const merger = scene.merger();
    expect(scene.run(merger)).to.deep.equal([]);
    expect(scene.reports).to.have.length(1);
  });

  it('tells what it still has of what both had, but not of a content that was lost meanwhile', () => {
    const told = [false, true].map((isLost) => {
      const scene = new MergeScene();
      scene.fork(90);
      if (isLost) scene.loseOnce();
      scene.put(0, 'a', 'one');
      return scene.run(scene.merger()).map(({ op }) => op[0]);
    });
    expect(told).to.deep.equal([[mapOps.mergeKept], [mapOps.merge]]);
  });

  it('takes a structure with other backups for another one', () => {
    const scene = new MergeScene();
    scene.fork(90);
    scene.put(0, 'a', 'one');
    scene.otherBackups = 1;
    const [sent] = scene.run(scene.merger());
    expect([sent?.op[0], sent && readMergeOp(sent.op).common]).to.deep.equal([mapOps.merge, 0]);
  });

  it('brings of a partition that was brought before it came to a fork only what came after', () => {
    const scene = new MergeScene();
    scene.push(0, 'brought by others', 2 * generationSpan + 1);
    scene.push(0, 'since the fork', 3 * generationSpan + 1);
    scene.push(1, 'held by this member alone', 2 * generationSpan + 1);
    const leftBy = (rank: number) =>
      Array.from({ length: 20 }, () => (rank - 1) * generationSpan + 9);
    const [first, second] = [2, 3].map((rank) => ({
      id: `fork ${rank}`,
      rank,
      left: leftBy(rank),
    }));
    if (first === undefined || second === undefined) throw new Error('no forks');
    const { id } = second;
    const ancestors = ['c2', first.id];
    scene.losing.machine.lineage = { ...noLineage, id, ancestors, branches: [first, second] };
    scene.winning.apply({ ...absorb, lineage: first.id, rank: 2, contributors: [cid] });
    scene.winning.apply({ ...absorb, lineage: id, rank: 3 });
    scene.last = 3 * generationSpan + 1;
    const merger = scene.merger();
    expect(scene.run(merger), 'while the others may be on the way').to.deep.equal([]);
    scene.winning.join(dan, { formerly: [ann, cid] });
    scene.nowMs += 60_000;
    expect(scene.run(merger), 'while they bring').to.deep.equal([]);
    const step = { id: first.id, rank: first.rank, left: generationSpan + 9 };
    const line = { path: ['c2', first.id], steps: [step] };
    const copy = partOf(scene.losing.id(0), 2 * generationSpan, { line, isWhole: true });
    scene.winning.apply({ ...reportOf(cid, copy), lineage: first.id });
    const texts = itemsOf(scene.runToEnd(merger));
    expect(texts).to.have.length(2);
    expect(texts[0]).to.include('since the fork').and.not.include('brought by others');
    expect(texts[1]).to.include('held by this member alone');
  });

  it('tells how that came about which it has brought, and what had been brought there before', () => {
    const scene = new MergeScene();
    scene.put(0, 'a', 'one');
    scene.loseOnce();
    const before = beforeOf(scene);
    scene.runToEnd(scene.merger());
    const { partition } = before;
    const line = { path: ['begun anew'], steps: [] };
    const own = partOf(partition, scene.last, { line, isWhole: true });
    const parts = scene.reports[0]?.parts.filter((part) => part.partition === partition);
    expect(parts).to.deep.equal([before, own]);
  });

  for (const what of ['on the way', 'away for a while'] as const) {
    it(`waits for those of the lineage from which it came no longer than they may be ${what}`, () => {
      const scene = new MergeScene();
      scene.fork(90);
      scene.push(0, 'a job', 2 * generationSpan + 1);
      scene.winning.apply({ ...absorb, lineage: 'c2', rank: 2, contributors: [cid] });
      if (what === 'away for a while') {
        scene.winning.join(dan, { formerly: [cid] });
        scene.winning.status(dan, 'suspended');
      }
      const merger = scene.merger();
      const patienceMs = what === 'on the way' ? 10_000 : 71_000;
      while (scene.nowMs < patienceMs - 1_000) {
        expect(scene.run(merger)).to.deep.equal([]);
      }
      scene.nowMs += 2_000;
      expect(itemsOf(scene.runToEnd(merger))).to.have.length(1);
    });
  }

  it('brings all that it has to a fork that took less along, where nothing was written since', () => {
    const scene = new MergeScene();
    scene.fork(90);
    scene.push(0, 'a job', 80);
    const branch = { id: 'c10', rank: 2, left: [] };
    const ancestors = ['c2'];
    const own = { id: 'c10', ancestors, branches: [branch], merged: ['c9'] };
    scene.winning.machine.lineage = { ...noLineage, ...own };
    scene.last = 2 * generationSpan;
    const texts = itemsOf(scene.runToEnd(scene.merger()));
    expect(texts).to.have.length(1);
    expect(texts[0]).to.include('a job');
  });

  it('says that it comes where nobody has, so that lost partitions come back with its copy', () => {
    const scene = new MergeScene();
    scene.put(0, 'a', 'one');
    scene.winning.machine.merges = [];
    scene.winning.apply({ type: 'remove', id: ann });
    scene.winning.join(bob);
    scene.run(scene.merger());
    expect(scene.commands.map(({ type }) => type).slice(0, 2)).to.deep.equal(['absorb', 'revive']);
    expect(scene.commands[0]).to.deep.include({ lineage: 'c1', contributors: [bob] });
    expect(scene.winning.row(0).primary).to.equal(bob);
  });

  it('goes wherever it is taken in, where nobody did in the lineage that it was to join', () => {
    const scene = new MergeScene();
    expect(scene.merger().unfinished?.into.to).to.equal('c2');
    scene.winning.machine.lineage = noLineage;
    expect(scene.merger().unfinished?.into.to).to.equal('');
  });
});
