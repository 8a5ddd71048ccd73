import { Aborts } from '../../src/base/aborts.ts';
import type { Clock } from '../../src/base/clock.ts';
import { GridError, type GridErrorCode } from '../../src/base/errors.ts';
import type { MemberId, PartitionId } from '../../src/base/ids.ts';
import { defaultLimits } from '../../src/base/limits.ts';
import { silentLogger } from '../../src/base/logger.ts';
import type { MergeInheritance } from '../../src/member/inheritance.ts';
import { Merger, type MergerParts } from '../../src/member/merger.ts';
import { Content } from '../../src/partition/content.ts';
import { DedupeBudget } from '../../src/partition/dedupe-table.ts';
import { endOf, noLineage, type Part, withLines } from '../../src/partition/lineage.ts';
import type { Absorb, Merged } from '../../src/partition/merges.ts';
import { type Command, generationSpan } from '../../src/partition/meta-state.ts';
import type { ProposalResult } from '../../src/partition/proposals.ts';
import type { Operation, Router, StructureRow } from '../../src/partition/router-port.ts';
import { mapOps, valueOp } from '../../src/structures/map/map-ops.ts';
import { mergeResult } from '../../src/structures/merging.ts';
import { queueOps, tryPushOp } from '../../src/structures/queue/queue-ops.ts';
import { structureTypes } from '../../src/structures/registry.ts';
import { encodeKey } from '../../src/wire/key.ts';
import { encodeValue } from '../../src/wire/value.ts';
import { ann, bob, Table } from '../partition/table.ts';
import { runContext } from '../support/run-context.ts';

export const value = (given: unknown) => encodeValue(given, defaultLimits);
export const absorb: Absorb = {
  type: 'absorb',
  lineage: 'c1',
  merged: [],
  isWhole: true,
  rank: 1,
  contributors: [bob],
};

/** What is in the ops that bring items. */
export function itemsOf(operations: readonly Operation[]): string[] {
  const ops = operations.map(({ op }) => op).filter(([code]) => code === queueOps.merge);
  return ops.map((op) => new TextDecoder().decode(op));
}

/** A copy of the losing side of a scene, which has not forked. */
export function partOf(partition: PartitionId, upTo: number, more: Partial<Part> = {}): Part {
  const line = { path: [absorb.lineage], steps: [] };
  return { partition, line, upTo, isWhole: false, ...more };
}

/** The last word of a contributor to `absorb`, who has brought these. */
export function reportOf(contributor: MemberId, ...parts: readonly Part[]): Merged {
  const brought = parts.map(({ partition, upTo, line }) => {
    return { partition, by: contributor, upTo, end: endOf(line) };
  });
  const end = { report: [], brought, parts, isLast: true, isWhole: true };
  return { type: 'merged', lineage: absorb.lineage, contributor, ...end };
}

/** What bob had as the primary of all partitions of a lineage that has ended, and ann's lineage beside it. */
export class MergeScene {
  readonly losing: Table;
  readonly winning = new Table({ members: [ann], backups: 0 });
  readonly operations: Operation[] = [];
  readonly commands: Command[] = [];
  readonly contents: Content[];
  nowMs = 0;
  isKnown = true;
  /** Who brings it, in the lineage that ended. */
  from = bob;
  /** Whether what is brought was handed over to somebody who was not heard from. */
  isUnled = false;
  /** Whether nobody led whoever brings it. */
  isAlone = false;
  /** Who brings it, in the lineage that stays. */
  self = bob;
  /** With which the winning side has its structures, where these differ. */
  otherBackups: number | undefined;
  /** The version of the last entry of each partition of the losing side. */
  last = 100;
  readonly #budget = new DedupeBudget(1_000);

  constructor(partitions = 3) {
    this.losing = new Table({ members: [bob], partitions, backups: 0 });
    this.losing.apply({
      type: 'define',
      structure: 'queue',
      name: 'jobs',
      backups: 0,
      options: {},
    });
    this.winning.machine.lineage = { ...noLineage, id: 'c2' };
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
    this.losing.machine.lineage = { ...noLineage, id: 'c9', ancestors: ['c2'], branches: [branch] };
    this.winning.apply({ ...absorb, lineage: 'c9', rank: 2 });
    this.last = 2 * generationSpan + 1;
  }

  /** The losing side has lost its partitions since, where they began anew. */
  loseOnce(): void {
    const { machine } = this.losing;
    const lines = this.losing.rows.map((_, index) => ({
      partition: this.losing.id(index),
      path: ['begun anew'],
      steps: [],
    }));
    machine.lineage = withLines(machine.lineage, lines);
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

  push(index: number, text: string, sequence: number): Uint8Array {
    const store = this.contents[index]?.find(this.row('jobs').id);
    if (typeof store !== 'object') throw new Error('no store of jobs');
    return store.run(tryPushOp(value(text)), runContext(1_000, sequence)).changes.slice();
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
      const row = this.losing.row(index);
      const estate = { content, row, version: this.last, untold: [], isUnled: this.isUnled };
      return [this.losing.id(index), estate] as const;
    });
    return {
      kind: 'merge',
      from: this.from,
      state: this.losing.machine,
      legacy: { estates: new Map(estates), budget: this.#budget },
      into: { to: 'c2', addresses: [] },
      isAlone: this.isAlone,
    };
  }

  merger(inheritance = this.inheritance): Merger {
    return new Merger(this.parts, inheritance);
  }

  get parts(): MergerParts {
    const router: Router = {
      partitions: 3,
      lineage: 'c2',
      closed: undefined,
      aborts: new Aborts(),
      glance: () => undefined,
      deliver: (result) => Promise.resolve(result),
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
    if (!state.members.has(this.self)) this.winning.join(this.self);
    return { self: this.self, clock, logger: silentLogger, policies: {}, router, state, commit };
  }

  /** Ticks for a while, and gives what was sent meanwhile. */
  run(merger: Pick<Merger, 'tick'>, ticks = 20): Operation[] {
    const from = this.operations.length;
    for (let tick = 0; tick < ticks; tick++) {
      this.nowMs += 50;
      merger.tick();
    }
    return this.operations.slice(from);
  }

  /** All that is sent until nothing more comes, where all of it is taken. */
  runToEnd(merger: Pick<Merger, 'tick'>): Operation[] {
    const from = this.operations.length;
    for (let sent = this.run(merger); sent.length > 0; sent = this.run(merger)) {
      for (const { resolve } of sent) resolve(mergeResult({ kept: 1, discarded: 0 }));
    }
    return this.operations.slice(from);
  }

  get reports(): Merged[] {
    return this.commands.filter((command): command is Merged => command.type === 'merged');
  }
}

export function refuse(
  operation: Operation | undefined,
  code: GridErrorCode,
  outcome?: 'unknown',
): void {
  operation?.reject(new GridError(code, 'so it is', outcome && { outcome }));
}
