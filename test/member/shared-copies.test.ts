/** Several members of a lineage that has ended have a copy of the same: it is brought once. */
import { expect } from 'chai';
import type { MemberId, PartitionId } from '../../src/base/ids.ts';
import type { Merger } from '../../src/member/merger.ts';
import { noLineage } from '../../src/partition/lineage.ts';
import { generationSpan } from '../../src/partition/meta-state.ts';
import type { Operation } from '../../src/partition/router-port.ts';
import { mergeResult } from '../../src/structures/merging.ts';
import { queueOps } from '../../src/structures/queue/queue-ops.ts';
import { bob, cid, dan } from '../partition/table.ts';
import { runContext } from '../support/run-context.ts';
import { absorb, itemsOf, MergeScene, partOf, refuse, reportOf } from './merge-scene.ts';

/** The rows of the lineage that has ended. */
type Rows = readonly { readonly primary: MemberId; readonly inSync: readonly MemberId[] }[];

function setRows(scene: MergeScene, rows: Rows): void {
  const group = scene.losing.machine.groups[0] ?? [];
  for (const [index, row] of rows.entries()) {
    group[index] = { ...scene.losing.row(index), ...row };
  }
}

/** Another member of the same lineage, with the clock, the router and the table of the first scene. */
function beside(scene: MergeScene, from: MemberId, rows: Rows, fill: (own: MergeScene) => void) {
  const own = new MergeScene();
  own.from = from;
  setRows(own, rows);
  fill(own);
  scene.self = from;
  return scene.merger(own.inheritance);
}

/** Lets them go on until all are done, and all is taken that they send; what they sent, and how long it took. */
function together(scene: MergeScene, mergers: readonly Merger[], ms = 100_000) {
  const begunAt = scene.nowMs;
  const sent: Operation[] = [];
  while (mergers.some(({ unfinished }) => unfinished !== undefined) && scene.nowMs - begunAt < ms) {
    scene.nowMs += 50;
    for (const merger of mergers) merger.tick();
    const operations = scene.operations.splice(0);
    sent.push(...operations);
    for (const { resolve } of operations) resolve(mergeResult({ kept: 1, discarded: 0 }));
  }
  return { sent, tookMs: scene.nowMs - begunAt };
}

/** Bob is primary of all partitions, and of the first one cid has a copy. */
function copyOfCid(): MergeScene {
  const scene = new MergeScene();
  scene.put(0, 'a', 'one');
  setRows(scene, [{ primary: bob, inSync: [bob, cid] }]);
  scene.from = cid;
  scene.winning.apply({ ...absorb, contributors: [cid] });
  return scene;
}

function waitsForBob(scene: MergeScene, isBrought: boolean): void {
  const copy = partOf(scene.losing.id(0), scene.last, { isWhole: true });
  const merger = scene.merger();
  expect(scene.run(merger), 'while he may bring it').to.deep.equal([]);
  scene.winning.apply(reportOf(bob, ...(isBrought ? [copy] : [])));
  expect(scene.run(merger)).to.have.length(isBrought ? 0 : 1);
}

describe('a copy that several members bring', () => {
  it('leaves to the primary what was handed over, and brings it where that one does not', () => {
    for (const isBrought of [false, true]) {
      const scene = copyOfCid();
      scene.isUnled = true;
      waitsForBob(scene, isBrought);
    }
  });

  it('leaves to the primary what it has a copy of, where it came before its lineage ended', () => {
    for (const isBrought of [false, true]) {
      const scene = copyOfCid();
      scene.isAlone = true;
      waitsForBob(scene, isBrought);
    }
  });

  it('tells what it has brought before it waits for others, which may wait for that', () => {
    const scene = copyOfCid();
    scene.isAlone = true;
    scene.put(1, 'b', 'two');
    setRows(scene, [
      { primary: bob, inSync: [bob, cid] },
      { primary: cid, inSync: [cid, bob] },
    ]);
    const merger = scene.merger();
    const [id, other] = [scene.losing.id(0), scene.losing.id(1)];
    expect(scene.runToEnd(merger).map(({ partition }) => partition)).to.deep.equal([1]);
    const copy = partOf(other, scene.last);
    expect(scene.reports).to.deep.equal([{ ...reportOf(cid, copy), isLast: false }]);
    expect([...(merger.unfinished?.legacy.estates.keys() ?? [])]).to.deep.equal([id]);
    const awaited = partOf(id, scene.last, { isWhole: true });
    scene.winning.apply({ ...reportOf(bob, awaited), isLast: false });
    expect(scene.runToEnd(merger)).to.deep.equal([]);
    expect(scene.reports[1]).to.include({ isLast: true, isWhole: true });
    expect(scene.winning.machine.merges[0]?.open, 'who has not told all').to.deep.equal([bob]);
  });

  it('is all that was committed where its primary has brought it, but not where it came alone', () => {
    for (const isAlone of [false, true]) {
      const scene = new MergeScene();
      scene.isAlone = isAlone;
      scene.push(0, 'ppp', 80);
      scene.runToEnd(scene.merger());
      const parts = scene.reports.flatMap((report) => report.parts);
      const part = partOf(scene.losing.id(0), scene.last, { isWhole: !isAlone });
      expect(parts, 'and none of which nothing came').to.deep.equal([part]);
    }
  });

  it('is brought by one at a time, and by the next what the first did not have', () => {
    const scene = new MergeScene();
    const rows = [{ primary: bob, inSync: [bob, cid] }];
    const fill = (own: MergeScene) => {
      own.push(0, 'first job', 80);
      own.isAlone = own.from === cid;
      if (own.from === cid) own.last = 90;
      else own.push(0, 'second job', 95);
    };
    scene.winning.machine.merges = [];
    scene.winning.apply({ ...absorb, isWhole: false, contributors: [cid] });
    const cids = beside(scene, cid, rows, fill);
    scene.run(cids, 3);
    const [first, ...others] = scene.operations.splice(0);
    expect(itemsOf(first === undefined ? [] : [first])).to.have.length(1);
    scene.winning.apply({ ...absorb, contributors: [bob] });
    const bobs = beside(scene, bob, rows, fill);
    const whileBusy = scene.run(bobs).filter(({ partition }) => partition === 0);
    expect(whileBusy, 'while cid is at it').to.deep.equal([]);
    for (const operation of [first, ...others, ...scene.operations.splice(0)]) {
      operation?.resolve(mergeResult({ kept: 1, discarded: 0 }));
    }
    const { sent } = together(scene, [bobs, cids]);
    const [text, ...more] = itemsOf(sent);
    expect(text).to.include('second job').and.not.include('first job');
    expect(more).to.deep.equal([]);
    const [merge] = scene.winning.machine.merges;
    expect([merge?.open, merge?.undertaken]).to.deep.equal([[], []]);
  });

  it('is brought by one at a time also where it came into two lineages that are taken in', () => {
    const scene = new MergeScene();
    const id = 'c3';
    const left = Array.from({ length: 20 }, () => 90);
    const sibling = { ...noLineage, id, ancestors: ['c1'], branches: [{ id, rank: 2, left }] };
    scene.winning.apply({ ...absorb, lineage: id, rank: 2, contributors: [cid] });
    scene.push(0, 'first job', 80);
    scene.push(0, 'second job', 95);
    const bobs = scene.merger();
    const fill = (own: MergeScene) => {
      own.losing.machine.lineage = sibling;
      own.push(0, 'first job', 80);
      own.push(0, 'job of the fork', 2 * generationSpan + 1);
      own.last = 2 * generationSpan + 1;
    };
    const rows = [{ primary: cid, inSync: [cid] }];
    scene.run(bobs, 1);
    const cids = beside(scene, cid, rows, fill);
    const { sent } = together(scene, [bobs, cids]);
    const texts = itemsOf(sent);
    const jobs = ['first job', 'second job', 'job of the fork'];
    const times = jobs.map((job) => texts.filter((text) => text.includes(job)).length);
    expect(times).to.deep.equal([1, 1, 1]);
  });

  it('is brought by another where who was at it has gone', () => {
    const scene = new MergeScene();
    const rows = [{ primary: dan, inSync: [bob, cid] }];
    const fill = (own: MergeScene) => {
      own.push(0, 'the job', 80);
      own.isAlone = true;
    };
    scene.winning.apply({ ...absorb, isWhole: false, contributors: [bob, cid] });
    const bobs = beside(scene, bob, rows, fill);
    scene.run(bobs);
    scene.operations.splice(0);
    const cids = beside(scene, cid, rows, fill);
    expect(itemsOf(scene.run(cids)), 'while bob is here').to.deep.equal([]);
    scene.winning.apply({ type: 'remove', id: bob });
    expect(itemsOf(together(scene, [cids]).sent)).to.have.length(1);
  });

  /** Cid has three large items; the first was taken and the second refused when its identity ends. */
  function cidBegun(upTo: number) {
    const scene = copyOfCid();
    scene.isAlone = true;
    setRows(scene, [{ primary: dan, inSync: [bob, cid] }]);
    for (const [at, letter] of ['p', 'q', 'r'].entries()) {
      scene.push(0, letter.repeat(70_000), 80 + at);
    }
    scene.self = cid;
    const first = scene.merger();
    const isOfMap = ({ structure }: Operation) => structure.type === 'map';
    while (itemsOf(scene.operations).length === 0) {
      scene.run(first, 1);
      for (const { resolve } of scene.operations.filter(isOfMap)) {
        resolve(mergeResult({ kept: 0, discarded: 0 }));
      }
    }
    const [part] = scene.operations.splice(0).filter(({ op }) => op[0] === queueOps.merge);
    part?.resolve(mergeResult({ kept: 1, discarded: 0 }));
    scene.run(first, 1);
    for (const operation of scene.operations.splice(0)) refuse(operation, 'GRID_OVERLOADED');
    const copy = partOf(scene.losing.id(0), upTo);
    return { scene, first, copy };
  }

  const letters = (operations: readonly Operation[]) =>
    itemsOf(operations).map((text) =>
      [...'pqr'].filter((letter) => text.includes(letter.repeat(3))).join(''),
    );

  it('goes on under the next identity of its member where it was, beyond what another has brought', () => {
    const { scene, first, copy } = cidBegun(81);
    const left = first.unfinished;
    scene.winning.apply({ type: 'remove', id: cid });
    scene.winning.apply(reportOf(bob, copy));
    scene.self = dan;
    const next = scene.merger(left);
    expect(letters(scene.runToEnd(next))).to.deep.equal(['r']);
  });

  it('is never appended again by the next identity, whoever has brought a part before', () => {
    const scene = copyOfCid();
    scene.isAlone = true;
    scene.push(0, 'ppp', 80);
    scene.push(0, 'rrr', 95);
    setRows(scene, [{ primary: dan, inSync: [bob, cid] }]);
    const copy = partOf(scene.losing.id(0), 90);
    scene.winning.apply(reportOf(bob, copy));
    scene.self = cid;
    const first = scene.merger();
    const isOfQueue = ({ op }: Operation) => op[0] === queueOps.merge;
    while (!scene.operations.some(isOfQueue)) {
      for (const operation of scene.run(first, 1)) {
        if (!isOfQueue(operation)) operation.resolve(mergeResult({ kept: 0, discarded: 0 }));
      }
    }
    scene.winning.apply({ type: 'remove', id: cid });
    scene.self = dan;
    const next = scene.runToEnd(scene.merger(first.unfinished));
    expect(letters(next), 'it is not known whether the first arrived').to.deep.equal([]);
  });

  it('is brought by another where who was at it stays away', () => {
    const scene = copyOfCid();
    scene.isAlone = true;
    setRows(scene, [{ primary: dan, inSync: [bob, cid] }]);
    scene.winning.join(bob);
    const partitions = [scene.losing.id(0)];
    const of = { lineage: 'c1', contributor: bob, holder: bob };
    scene.winning.apply({ type: 'undertake', ...of, partitions });
    scene.winning.status(bob, 'suspended');
    scene.self = cid;
    const merger = scene.merger();
    const isOfIt = ({ partition }: Operation) => partition === 0;
    expect(scene.run(merger).filter(isOfIt), 'at once').to.deep.equal([]);
    scene.nowMs += 61_000;
    expect(scene.run(merger).filter(isOfIt)).to.have.length(1);
  });

  it('is told as brought where all that is left is in doubt', () => {
    const scene = copyOfCid();
    scene.winning.join(dan);
    scene.winning.status(dan, 'suspended');
    const group = scene.winning.machine.groups[0] ?? [];
    group[1] = { ...scene.winning.row(1), primary: dan, inSync: [dan] };
    scene.from = bob;
    scene.runToEnd(scene.merger());
    const [told, ...more] = scene.reports;
    expect(told?.brought.map(({ partition }) => partition)).to.include(scene.losing.id(0));
    expect([told?.isLast, more]).to.deep.equal([false, []]);
  });

  /** Bob goes on to a third lineage, when the first two ops that he sent ended so. */
  function partsOfThird(end: (operation: Operation) => void): PartitionId[] {
    const [scene, third] = [new MergeScene(), new MergeScene()];
    for (const index of [0, 1]) scene.push(index, 'ppp', 80);
    const first = scene.merger();
    for (const operation of scene.run(first, 3)) end(operation);
    const { winning } = third;
    winning.machine.lineage = { ...winning.machine.lineage, id: 'c3' };
    winning.machine.merges = [];
    third.runToEnd(third.merger(first.unfinished));
    const brought = winning.machine.merges[0]?.brought.map(({ partition }) => partition);
    expect(brought).to.have.members([0, 1, 2].map((index) => scene.losing.id(index)));
    return winning.machine.lineage.parts.map(({ partition }) => partition);
  }

  it('is no part of a lineage where some of it went to one that has ended', () => {
    const taken = ({ resolve }: Operation) => resolve(mergeResult({ kept: 1, discarded: 0 }));
    expect(partsOfThird(taken)).to.deep.equal([]);
    expect(
      partsOfThird(() => {}),
      'or may have gone there',
    ).to.deep.equal([]);
    const refused = (operation: Operation) => refuse(operation, 'GRID_OVERLOADED');
    expect(partsOfThird(refused)).to.have.length(2);
  });

  it('is no part where another member was to bring it', () => {
    for (const [isHere, upTo] of [
      [false, 100],
      [false, 70],
      [true, 70],
    ] as const) {
      const scene = copyOfCid();
      scene.push(0, 'ppp', 80);
      scene.isAlone = true;
      scene.winning.apply(reportOf(dan, partOf(scene.losing.id(0), upTo)));
      const { machine } = scene.winning;
      if (!isHere) machine.lineage = { ...machine.lineage, parts: [] };
      const merger = scene.merger();
      scene.run(merger);
      scene.nowMs += 10_000;
      expect(itemsOf(scene.runToEnd(merger))).to.have.length(upTo < 80 ? 1 : 0);
      const tail = scene.reports.flatMap(({ parts }) => parts);
      expect(tail, 'but to what is here').to.have.length(isHere ? 1 : 0);
    }
  });

  it('is told of in a lineage that does not know of it, and no more than once, where nothing else is left', () => {
    const scene = new MergeScene();
    scene.winning.machine.merges = [];
    const { inheritance } = scene;
    const told = new Map([[scene.losing.id(0), 100]]);
    const progress = { places: new Map(), counts: new Map(), told, begunIn: new Map() };
    const legacy = { ...inheritance.legacy, estates: new Map() };
    const merger = scene.merger({ ...inheritance, legacy, progress });
    scene.run(merger, 100);
    expect(merger.unfinished).to.equal(undefined);
    expect(scene.commands.map(({ type }) => type)).to.deep.equal(['absorb', 'merged', 'merged']);
    expect(scene.winning.machine.merges[0]?.brought).to.have.length(1);
  });

  it('is not waited for where its primary had it go on here as it is', () => {
    const scene = new MergeScene();
    const rows = [
      { primary: bob, inSync: [bob, cid] },
      { primary: cid, inSync: [cid, bob] },
      { primary: dan, inSync: [dan] },
    ];
    const fill = (own: MergeScene) => {
      own.isAlone = true;
      own.put(0, 'a', 'one');
      own.put(1, 'b', 'two');
    };
    scene.winning.apply({ ...absorb, isWhole: false, contributors: [cid] });
    const mergers = [bob, cid].map((from) => beside(scene, from, rows, fill));
    for (const [index, merger] of mergers.entries()) {
      const group = scene.winning.machine.groups[0] ?? [];
      group[index] = { ...scene.winning.row(index), primary: undefined, inSync: [] };
      merger.tick();
      expect(merger.give(scene.losing.id(index))).to.not.equal(undefined);
    }
    expect(together(scene, mergers).tookMs).to.be.lessThan(5_000);
  });

  it('is told as brought while something else waits for who is away', () => {
    const scene = new MergeScene();
    const rowsOf = (from: MemberId) => [
      { primary: bob, inSync: [bob, cid] },
      ...(from === cid ? [1, 2].map(() => ({ primary: dan, inSync: [dan] })) : []),
    ];
    const fill = (own: MergeScene) => {
      own.push(0, 'the job', 80);
      own.put(1, 'b', 'two');
      own.isAlone = own.from === cid;
    };
    scene.winning.apply({ ...absorb, contributors: [cid] });
    scene.winning.join(dan);
    scene.winning.status(dan, 'suspended');
    const group = scene.winning.machine.groups[0] ?? [];
    group[1] = { ...scene.winning.row(1), primary: dan, inSync: [dan] };
    const mergers = [bob, cid].map((from) => beside(scene, from, rowsOf(from), fill));
    const { sent } = together(scene, mergers, 70_000);
    expect(itemsOf(sent)).to.have.length(1);
    const told = scene.reports.filter(({ contributor }) => contributor === bob);
    expect(told[0]?.brought.map(({ partition }) => partition)).to.include(scene.losing.id(0));
  });

  it('is told again where the lineage has ended to which that was said', () => {
    const scene = copyOfCid();
    scene.put(1, 'b', 'two');
    scene.isAlone = true;
    setRows(scene, [
      { primary: bob, inSync: [bob, cid] },
      { primary: cid, inSync: [cid, bob] },
    ]);
    const first = scene.merger();
    scene.runToEnd(first);
    expect(scene.reports.map(({ isLast }) => isLast)).to.deep.equal([false]);
    const third = new MergeScene();
    third.winning.machine.lineage = { ...third.winning.machine.lineage, id: 'c3' };
    third.winning.machine.merges = [];
    third.run(third.merger(first.unfinished), 2);
    const [partition, upTo] = [scene.losing.id(1), scene.last];
    expect(third.commands.map(({ type }) => type)).to.deep.equal(['absorb', 'merged']);
    const { merges, lineage } = third.winning.machine;
    expect(merges[0]?.brought).to.deep.equal([{ partition, by: cid, upTo, end: 'c1' }]);
    expect(lineage.parts, 'which that one is to bring').to.deep.equal([]);
  });

  it('takes the place of nothing that the first has brought of a queue', () => {
    const scene = new MergeScene();
    const rows = [{ primary: dan, inSync: [bob, cid] }];
    const fill = (own: MergeScene) => {
      own.isAlone = true;
      own.push(0, 'first job', 80);
      own.push(0, 'second job', 81);
      own.last = 90;
      if (own.from !== cid) return;
      own.push(0, 'third job', 91);
      own.last = 91;
    };
    scene.winning.apply({ ...absorb, isWhole: false, contributors: [bob, cid] });
    const mergers = [bob, cid].map((from) => beside(scene, from, rows, fill));
    const { sent } = together(scene, mergers);
    const into = new MergeScene();
    const store = into.contents[0]?.find(into.row('jobs').id);
    if (typeof store !== 'object') throw new Error('no store');
    const merges = sent.filter(({ op }) => op[0] === queueOps.merge);
    for (const [at, { op }] of merges.entries()) {
      store.run(op, runContext(1_000, 5 * generationSpan + at));
    }
    expect(merges).to.have.length(2);
    expect(store.entries).to.equal(3);
  });

  it('is waited for a while by each of two who take the other for its primary, and brought once', () => {
    const scene = new MergeScene();
    scene.winning.apply({ ...absorb, contributors: [bob, cid] });
    const rowsOf = (primary: MemberId, other: MemberId) => [
      { primary, inSync: [primary, other] },
      ...[1, 2].map(() => ({ primary: dan, inSync: [dan] })),
    ];
    const bobs = beside(scene, bob, rowsOf(cid, bob), (own) => {
      own.push(0, 'the job', 80);
      own.isUnled = true;
    });
    const cids = beside(scene, cid, rowsOf(bob, cid), (own) => {
      own.push(0, 'the job', 80);
      own.isAlone = true;
    });
    const { sent, tookMs } = together(scene, [bobs, cids]);
    expect(itemsOf(sent)).to.have.length(1);
    expect(tookMs).to.be.lessThan(20_000);
  });
});
