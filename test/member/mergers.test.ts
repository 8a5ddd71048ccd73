import { expect } from 'chai';
import {
  heritagesIn,
  type Inheritance,
  type MergeInheritance,
} from '../../src/member/inheritance.ts';
import type { MemberParts } from '../../src/member/member.ts';
import { newMemberOf } from '../../src/member/member-actors.ts';
import type { MemberSettings } from '../../src/member/member-settings.ts';
import { Mergers } from '../../src/member/mergers.ts';
import { DedupeBudget } from '../../src/partition/dedupe-table.ts';
import { mergeResult } from '../../src/structures/merging.ts';
import { ann, bob, Table } from '../partition/table.ts';
import { MergeScene } from './merge-scene.ts';

/** A fork of the lineage that had taken bob in, which was to bring `besides` there. */
function forkWith(besides: MergeInheritance | undefined): Inheritance {
  const legacy = { estates: new Map(), budget: new DedupeBudget(1_000) };
  const { machine: state } = new Table({ members: [ann], backups: 0 });
  return { kind: 'fork', from: ann, state, legacy, besides, gridTime: 0, wallTime: 0 };
}

describe('what a process had not brought when the lineage ended to which it was to bring it', () => {
  it('is brought where it goes then', () => {
    const scene = new MergeScene();
    scene.put(0, 'a', 'one');
    scene.put(1, 'b', 'two');
    const [first] = scene.run(scene.merger(), 1);
    first?.resolve(mergeResult({ kept: 1, discarded: 0 }));
    scene.winning.machine.merges = [];
    const mergers = new Mergers(scene.parts, forkWith(scene.inheritance));
    const sent = scene.runToEnd(mergers);
    expect(sent.map(({ partition }) => partition)).to.deep.equal([0, 1]);
    expect(scene.commands.map(({ type }) => type)).to.deep.equal([
      'undertake',
      'absorb',
      'undertake',
      'merged',
    ]);
    expect(scene.reports[0]).to.deep.include({ contributor: bob, isWhole: true });
    expect(mergers.unfinished).to.equal(undefined);
  });

  it('is left again where that ends too, the latest first', () => {
    const scene = new MergeScene();
    scene.put(0, 'a', 'one');
    const older = scene.inheritance;
    const latest = { ...scene.inheritance, from: ann, besides: older };
    const { unfinished } = new Mergers(scene.parts, forkWith(latest));
    expect([unfinished?.from, unfinished?.besides?.from]).to.deep.equal([ann, bob]);
    expect(unfinished?.besides?.besides).to.equal(undefined);
  });

  it('is given up beyond eight lineages', () => {
    const scene = new MergeScene();
    let chain: MergeInheritance | undefined;
    for (let at = 0; at < 9; at++) chain = { ...scene.inheritance, besides: chain };
    const inheritance = forkWith(chain);
    const { unfinished } = new Mergers(scene.parts, inheritance);
    expect(heritagesIn(unfinished)).to.have.length(8);
    const parts = { id: ann, inheritance, transport: { address: 'a:1' } } as MemberParts;
    const { formerly } = newMemberOf(parts, {} as MemberSettings);
    expect(formerly, 'and waited for no more').to.have.length(8);
  });
});
