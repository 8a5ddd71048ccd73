import { expect } from 'chai';
import { Aborts } from '../../src/base/aborts.ts';
import type { Clock } from '../../src/base/clock.ts';
import { GridError, type GridErrorCode } from '../../src/base/errors.ts';
import { defaultLimits } from '../../src/base/limits.ts';
import { silentLogger } from '../../src/base/logger.ts';
import type { MergeInheritance } from '../../src/member/inheritance.ts';
import { Merger } from '../../src/member/merger.ts';
import { Content } from '../../src/partition/content.ts';
import { DedupeBudget } from '../../src/partition/dedupe-table.ts';
import type { Absorb, Merged } from '../../src/partition/merges.ts';
import { type Command, generationSpan } from '../../src/partition/meta-state.ts';
import type { ProposalResult } from '../../src/partition/proposals.ts';
import type { Operation, Router, StructureRow } from '../../src/partition/router-port.ts';
import { readMergeOp } from '../../src/structures/map/map-merge.ts';
import { mapOps, valueOp } from '../../src/structures/map/map-ops.ts';
import { mergeResult } from '../../src/structures/merging.ts';
import { tryPushOp } from '../../src/structures/queue/queue-ops.ts';
import { structureTypes } from '../../src/structures/registry.ts';
import { encodeKey } from '../../src/wire/key.ts';
import { encodeValue } from '../../src/wire/value.ts';
import { ann, bob, cid, dan, Table } from '../partition/table.ts';
import { runContext } from '../support/run-context.ts';

const value = (given: unknown) => encodeValue(given, defaultLimits);
const absorb: Absorb = {
  type: 'absorb',
  lineage: 'c1',
  merged: [],
  isWhole: true,
  rank: 1,
  contributors: [bob],
};

/** What bob had as the primary of all partitions of a lineage that has ended, and ann's lineage beside it. */
class Scene {
  readonly losing = new Table({ members: [bob], backups: 0 });
  readonly winning = new Table({ members: [ann], backups: 0 });
  readonly operations: Operation[] = [];
  readonly commands: Command[] = [];
  readonly contents: Content[];
  nowMs = 0;
  isKnown = true;
  /** With which the winning side has its structures, where these differ. */
  otherBackups: number | undefined;
  /** The version of the last entry of each partition of the losing side. */
  last = 100;
  readonly #budget = new DedupeBudget(1_000);

  constructor() {
    this.losing.apply({
      type: 'define',
      structure: 'queue',
      name: 'jobs',
      backups: 0,
      options: {},
    });
    this.winning.machine.lineage = { id: 'c2', ancestors: [], branches: [], merged: [] };
    this.winning.apply(absorb);
    const { structures, applied } = this.losing.machine;
    const catalog = { structure: (id: StructureRow['id']) => structures.get(id), applied };
    const types = structureTypes;
    this.contents = this.losing.rows.map(
      () => new Content({ catalog, types, budget: this.#budget }),
    );
  }

  /** The losing side is a fork of the other, which took along all up to a version. */
  fork(left: number): void {
    const branch = { id: 'c9', rank: 2, left: Array.from({ length: 20 }, () => left) };
    this.losing.machine.lineage = { id: 'c9', ancestors: ['c2'], branches: [branch], merged: [] };
    this.winning.apply({ ...absorb, lineage: 'c9', rank: 2 });
    this.last = 2 * generationSpan + 1;
  }

  /** The losing side's content of a partition is of this generation. */
  bear(generation: number): void {
    for (const rows of this.losing.machine.groups) {
      const reborn = rows?.map((row) => ({ ...row, generation, rank: generation })) ?? [];
      rows?.splice(0, reborn.length, ...reborn);
    }
  }

  row(name: string): StructureRow {
    const found = [...this.losing.machine.structures.values()].find((row) => row.name === name);
    if (found === undefined) throw new Error(`no ${name}`);
    return found;
  }

  /** Writes to the losing side. */
  write(name: string, index: number, op: Uint8Array): void {
    const content = this.contents[index];
    const store = content?.find(this.row(name).id);
    if (typeof store !== 'object') throw new Error(`no store of ${name}`);
    store.run(op, runContext(1_000, this.last + store.entries));
  }

  push(index: number, text: string, sequence: number): void {
    const store = this.contents[index]?.find(this.row('jobs').id);
    if (typeof store !== 'object') throw new Error('no store of jobs');
    store.run(tryPushOp(value(text)), runContext(1_000, sequence));
  }

  put(index: number, key: string, text: string): void {
    this.write(
      'accounts',
      index,
      valueOp(mapOps.set, encodeKey(key, defaultLimits).bytes, value(text)),
    );
  }

  get inheritance(): MergeInheritance {
    const estates = this.contents.map((content, index) => {
      const estate = { content, row: this.losing.row(index), version: this.last, untold: [] };
      return [this.losing.id(index), estate] as const;
    });
    return {
      kind: 'merge',
      from: bob,
      state: this.losing.machine,
      legacy: { estates: new Map(estates), budget: this.#budget },
      into: { to: 'c2', addresses: [] },
      isAlone: false,
    };
  }

  merger(inheritance = this.inheritance): Merger {
    const router: Router = {
      partitions: 3,
      aborts: new Aborts(),
      glance: () => undefined,
      submit: (operation) => void this.operations.push(operation),
      structure: (type, name) => {
        const row = this.row(name);
        const { otherBackups: backups = row.backups } = this;
        return this.isKnown && row.type === type ? { ...row, backups } : undefined;
      },
      define: (_type, name, _options, done) => {
        this.isKnown = true;
        done(this.row(name));
      },
      destroy: () => {},
      readLocal: () => undefined,
      localPartitions: () => [],
    };
    const clock = { monotonic: () => this.nowMs } as Clock;
    const commit = (command: Command, _: number, done: (result: ProposalResult) => void) => {
      this.commands.push(command);
      this.winning.apply(command);
      done({ index: this.winning.log.length, refusal: '' });
    };
    const { machine: state } = this.winning;
    return new Merger(
      { clock, logger: silentLogger, policies: {}, router, state, commit },
      inheritance,
    );
  }

  /** Ticks for a while, and gives what was sent meanwhile. */
  run(merger: Merger, ticks = 20): Operation[] {
    const from = this.operations.length;
    for (let tick = 0; tick < ticks; tick++) {
      this.nowMs += 50;
      merger.tick();
    }
    return this.operations.slice(from);
  }

  get reports(): Merged[] {
    return this.commands.filter((command): command is Merged => command.type === 'merged');
  }
}

function refuse(operation: Operation | undefined, code: GridErrorCode, outcome?: 'unknown'): void {
  operation?.reject(new GridError(code, 'so it is', outcome && { outcome }));
}

describe('a member that brings what it had', () => {
  it('offers each partition of each structure, and says in the end what was kept', () => {
    const scene = new Scene();
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
    const scene = new Scene();
    const { rank = 0 } = scene.winning.machine.merges[0] ?? {};
    scene.winning.apply({ ...absorb, lineage: 'c3', contributors: [] });
    expect(scene.winning.row(0).rank).to.be.greaterThan(rank);
    scene.put(0, 'a', 'one');
    const [sent] = scene.run(scene.merger());
    expect(sent && readMergeOp(sent.op).floor).to.equal(rank * generationSpan);
  });

  it('has a structure made that the other side does not know', () => {
    const scene = new Scene();
    scene.isKnown = false;
    scene.put(0, 'a', 'one');
    expect(scene.run(scene.merger())).to.have.length(1);
  });

  it('comes again where nobody took it in', () => {
    const scene = new Scene();
    scene.write('jobs', 0, tryPushOp(value('job')));
    const merger = scene.merger();
    const [first] = scene.run(merger);
    refuse(first, 'GRID_OVERLOADED');
    const [again] = scene.run(merger);
    expect(again?.op).to.deep.equal(first?.op);
  });

  it('tells a map again what may have arrived, and never appends it again', () => {
    const scene = new Scene();
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
    const scene = new Scene();
    scene.put(0, 'a', 'one');
    const merger = scene.merger();
    refuse(scene.run(merger)[0], 'GRID_TOO_LARGE');
    scene.run(merger);
    expect(scene.reports[0]?.report).to.deep.equal([
      { type: 'map', name: 'accounts', kept: 0, discarded: 1 },
    ]);
  });

  it('goes on where it was under its next identity, and appends nothing twice there either', () => {
    const scene = new Scene();
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

  it('brings lost partitions back before anything else', () => {
    const scene = new Scene();
    scene.put(0, 'a', 'one');
    scene.winning.apply({ type: 'remove', id: ann });
    scene.winning.join(bob);
    expect(scene.winning.row(0).primary).to.equal(undefined);
    const merger = scene.merger();
    merger.tick();
    expect(scene.commands.map(({ type }) => type)).to.deep.equal(['revive']);
    expect(scene.winning.row(0).primary).to.equal(bob);
    expect(scene.run(merger)).to.have.length(1);
  });

  it('has four ops on their way at most', () => {
    const scene = new Scene();
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
    const scene = new Scene();
    scene.fork(90);
    scene.put(0, 'a', 'one');
    scene.last = 2 * generationSpan;
    const merger = scene.merger();
    expect(scene.run(merger)).to.deep.equal([]);
    expect(scene.reports).to.have.length(1);
  });

  it('tells what it still has of what both had, but not of a content that was lost meanwhile', () => {
    const told = [2, 3].map((generation) => {
      const scene = new Scene();
      scene.fork(90);
      scene.bear(generation);
      scene.put(0, 'a', 'one');
      return scene.run(scene.merger()).map(({ op }) => op[0]);
    });
    expect(told).to.deep.equal([[mapOps.mergeKept], [mapOps.merge]]);
  });

  it('takes a structure with other backups for another one', () => {
    const scene = new Scene();
    scene.fork(90);
    scene.bear(2);
    scene.put(0, 'a', 'one');
    scene.otherBackups = 1;
    const [sent] = scene.run(scene.merger());
    expect([sent?.op[0], sent && readMergeOp(sent.op).common]).to.deep.equal([mapOps.merge, 0]);
  });

  it('brings of a partition that was brought before it came to a fork only what came after', () => {
    const scene = new Scene();
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
    scene.losing.machine.lineage = { id, ancestors, branches: [first, second], merged: [] };
    scene.winning.apply({ ...absorb, lineage: first.id, rank: 2, contributors: [cid] });
    scene.winning.apply({ ...absorb, lineage: id, rank: 3 });
    scene.winning.join(dan, { formerly: cid });
    scene.last = 3 * generationSpan + 1;
    const merger = scene.merger();
    expect(scene.run(merger), 'while the others bring').to.deep.equal([]);
    const brought = [scene.losing.id(0)];
    const report = { type: 'merged', lineage: first.id, contributor: cid, report: [] } as const;
    scene.winning.apply({ ...report, brought, isWhole: true });
    const texts = scene.run(merger).map(({ op }) => new TextDecoder().decode(op));
    expect(texts).to.have.length(2);
    expect(texts[0]).to.include('since the fork').and.not.include('brought by others');
    expect(texts[1]).to.include('held by this member alone');
  });

  it('brings all that it has to a fork that took less along, where nothing was written since', () => {
    const scene = new Scene();
    scene.fork(90);
    scene.push(0, 'a job', 80);
    const branch = { id: 'c10', rank: 2, left: [] };
    const ancestors = ['c2'];
    scene.winning.machine.lineage = { id: 'c10', ancestors, branches: [branch], merged: ['c9'] };
    scene.last = 2 * generationSpan;
    const texts = scene.run(scene.merger()).map(({ op }) => new TextDecoder().decode(op));
    expect(texts).to.have.length(1);
    expect(texts[0]).to.include('a job');
  });

  it('goes wherever it is taken in, where nobody did in the lineage that it was to join', () => {
    const scene = new Scene();
    expect(scene.merger().unfinished?.into.to).to.equal('c2');
    scene.winning.machine.lineage = { id: '', ancestors: [], branches: [], merged: [] };
    expect(scene.merger().unfinished?.into.to).to.equal('');
  });
});
