/**
 * A grid without a grid: one store for each partition, answers at once. It checks what a router would,
 * so that a handle that breaks the port's rules fails in its tests.
 */

import { expect } from 'chai';
import { Aborts } from '../../src/base/aborts.ts';
import { GridError } from '../../src/base/errors.ts';
import type { StructureId } from '../../src/base/ids.ts';
import { Looks } from '../../src/partition/looks.ts';
import type { Closed, Operation, Router, StructureRow } from '../../src/partition/router-port.ts';
import type { RunResult, Store } from '../../src/partition/store.ts';
import { structureTypes } from '../../src/structures/registry.ts';
import { severalStructures } from '../../src/wire/looks.ts';
import { runContext } from './run-context.ts';

export class LocalRouter implements Router {
  readonly partitions: number;
  readonly aborts = new Aborts();
  lineage: string | undefined = 'first';
  closed: Closed | undefined;
  /** What was submitted, oldest first. */
  readonly submitted: Operation[] = [];
  defines = 0;
  /** Called before an operation is run; true: this function answers it, now, later or never. */
  intercept: (operation: Operation) => boolean = () => false;
  /** Set to hold back answers to `define`. */
  isDefineHeld = false;
  readonly heldDefines: (() => void)[] = [];
  /** The partitions of which this member is primary. */
  isLocal: (partition: number) => boolean = () => true;
  gridTime = 1_753_000_000_000;
  /** How far grid time moves with each operation. */
  msPerOperation = 0;
  readonly #rows = new Map<string, StructureRow>();
  readonly #stores = new Map<string, Store>();
  /** Polls that wait, and the key for which each does. */
  #polls: { readonly operation: Operation; readonly key: number }[] = [];
  #sequence = 0;
  #nextId = 1;

  constructor(partitions = 7) {
    this.partitions = partitions;
  }

  submit(operation: Operation): void {
    this.submitted.push(operation);
    expect(operation.timeoutMs).to.be.greaterThan(0);
    expect(operation.partition).to.be.within(0, this.partitions - 1);
    if (this.intercept(operation)) return;
    this.answer(operation);
  }

  /** Runs an operation and answers it in a later turn. */
  answer(operation: Operation): void {
    const row = operation.structure;
    let run: RunResult;
    try {
      const store = this.#asked(row, operation.partition);
      expect(operation.isWrite, 'isWrite').to.equal(store.isWrite(operation.op));
      this.#sequence += 1;
      this.gridTime += this.msPerOperation;
      const context = runContext(this.gridTime, this.#sequence);
      run = store.run(operation.op, context);
    } catch (error) {
      if (!GridError.is(error)) throw error;
      queueMicrotask(() => operation.reject(error));
      return;
    }
    const { result, waitsFor, wakes = [] } = run;
    if (waitsFor === undefined) queueMicrotask(() => operation.resolve(result));
    else this.#park(operation, waitsFor);
    for (const key of wakes) this.#wake(row, key);
  }

  #asked(row: StructureRow, partition: number): Pick<Store, 'isWrite' | 'run'> {
    if (row.id === severalStructures) return new Looks(this.#contentOf(partition));
    if (this.#rows.get(keyOf(row.type, row.name)) === row) return this.store(row, partition);
    throw new GridError('GRID_CLOSED', 'the structure was destroyed');
  }

  #contentOf(partition: number): ConstructorParameters<typeof Looks>[0] {
    const stores = new Map<StructureId, Store>();
    const rows = [...this.#rows.values()];
    for (const { id } of rows) {
      const store = this.#stores.get(`${id}/${partition}`);
      if (store !== undefined) stores.set(id, store);
    }
    return { stores, isGone: (id) => !rows.some((row) => row.id === id) };
  }

  /** How many reads wait. */
  get polls(): number {
    return this.#polls.length;
  }

  /** Answers every read that waits, as a primary does after a while: those that find nothing with that. */
  answerPolls(): void {
    for (const { operation } of this.#polls.splice(0)) {
      const { structure, partition, op } = operation;
      const context = runContext(this.gridTime, this.#sequence);
      const { result } = this.store(structure, partition).run(op, context);
      queueMicrotask(() => operation.resolve(result));
    }
  }

  /** This process belongs to no grid for now: what waits is told so, and what comes meanwhile. */
  goAway(): void {
    this.lineage = undefined;
    const closed = new GridError('GRID_CLOSED', 'this member is no more');
    this.intercept = ({ reject }) => {
      reject(closed);
      return true;
    };
    for (const { operation } of this.#polls.splice(0)) operation.reject(closed);
  }

  comeBack(lineage = 'first'): void {
    this.lineage = lineage;
    this.intercept = () => false;
  }

  /** Does what time has brought, as a primary does at its ticks. */
  housekeep(): void {
    for (const row of this.#rows.values()) {
      for (let partition = 0; partition < this.partitions; partition++) {
        const store = this.#stores.get(`${row.id}/${partition}`);
        if (store?.isDue(this.gridTime) !== true) continue;
        this.#sequence += 1;
        const { wakes = [] } = store.housekeep(runContext(this.gridTime, this.#sequence, ''));
        for (const key of wakes) this.#wake(row, key);
      }
    }
  }

  #park(operation: Operation, key: number): void {
    expect(operation.isPoll, 'isPoll of a read that waits').to.equal(true);
    this.#polls.push({ operation, key });
  }

  #wake(row: StructureRow, key: number): void {
    const isWoken = (poll: { readonly operation: Operation; readonly key: number }) =>
      poll.key === key && poll.operation.structure === row;
    const woken = this.#polls.filter(isWoken);
    this.#polls = this.#polls.filter((poll) => !isWoken(poll));
    for (const { operation } of woken) this.answer(operation);
  }

  store(row: StructureRow, partition: number): Store {
    const key = `${row.id}/${partition}`;
    const present = this.#stores.get(key);
    if (present !== undefined) return present;
    const store = structureTypes.get(row.type)?.createStore(row.id, row.options);
    if (store === undefined) throw new Error(`no structures of type ${row.type}`);
    this.#stores.set(key, store);
    return store;
  }

  structure(type: string, name: string): StructureRow | undefined {
    return this.#rows.get(keyOf(type, name));
  }

  define(
    type: string,
    name: string,
    options: Readonly<Record<string, unknown>>,
    done: (result: StructureRow | GridError) => void,
  ): void {
    this.defines += 1;
    const act = () => {
      const present = this.structure(type, name);
      const id = this.#nextId++ as StructureId;
      const row = present ?? { id, name, type, backups: 1, options };
      this.#rows.set(keyOf(type, name), row);
      done(row);
    };
    if (this.isDefineHeld) this.heldDefines.push(act);
    else queueMicrotask(act);
  }

  destroy(row: StructureRow, done: (result: GridError | undefined) => void): void {
    this.#rows.delete(keyOf(row.type, row.name));
    const polls = this.#polls.filter(({ operation }) => operation.structure === row);
    this.#polls = this.#polls.filter(({ operation }) => operation.structure !== row);
    for (const { operation } of polls) this.answer(operation);
    queueMicrotask(() => done(undefined));
  }

  readLocal(row: StructureRow, partition: number, op: Uint8Array): Uint8Array | undefined {
    if (!this.isLocal(partition)) return undefined;
    return this.store(row, partition).run(op, runContext(this.gridTime, 0)).result;
  }

  glance(): undefined {
    return undefined;
  }

  deliver<Result>(result: Result): Promise<Result> {
    return Promise.resolve(result);
  }

  localPartitions(): readonly number[] {
    return [...Array(this.partitions).keys()].filter((partition) => this.isLocal(partition));
  }
}

function keyOf(type: string, name: string): string {
  return `${type}/${name}`;
}
