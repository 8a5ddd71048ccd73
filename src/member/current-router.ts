/** The router of whichever identity the process has at present, so that handles outlive a rejoin. */
import type { Aborts } from '../base/aborts.ts';
import { GridError } from '../base/errors.ts';
import type { Closed, Operation, Router, StructureRow } from '../partition/router-port.ts';
import type { Glance } from '../partition/store.ts';

export class CurrentRouter implements Router {
  readonly #current: () => Router;
  readonly #closed: () => Closed | undefined;

  /** `closed`: whether no other identity will come. */
  constructor(current: () => Router, closed: () => Closed | undefined) {
    this.#current = current;
    this.#closed = closed;
  }

  get partitions(): number {
    return this.#current().partitions;
  }

  get lineage(): string | undefined {
    return this.#current().lineage;
  }

  get closed(): Closed | undefined {
    return this.#closed();
  }

  get aborts(): Aborts {
    return this.#current().aborts;
  }

  submit(operation: Operation): void {
    this.#current().submit(operation);
  }

  glance(row: StructureRow, partition: number, code: number, key: Uint8Array): Glance | undefined {
    return this.#current().glance(row, partition, code, key);
  }

  deliver<Result>(result: Result): Promise<Result> {
    return this.#current().deliver(result);
  }

  structure(type: string, name: string): StructureRow | undefined {
    return this.#current().structure(type, name);
  }

  define(
    type: string,
    name: string,
    options: Readonly<Record<string, unknown>>,
    done: (result: StructureRow | GridError) => void,
  ): void {
    const { closed } = this;
    if (closed === undefined) this.#current().define(type, name, options, done);
    else done(closedError(closed.error));
  }

  destroy(row: StructureRow, done: (result: GridError | undefined) => void): void {
    const { closed } = this;
    if (closed === undefined) this.#current().destroy(row, done);
    else done(closedError(closed.error));
  }

  readLocal(row: StructureRow, partition: number, op: Uint8Array): Uint8Array | undefined {
    return this.#current().readLocal(row, partition, op);
  }

  localPartitions(row: StructureRow): readonly number[] {
    return this.#current().localPartitions(row);
  }
}

export function closedError(cause?: unknown): GridError {
  const message = 'expected an open grid, found one that was left or closed; join anew';
  return new GridError('GRID_CLOSED', message, { cause });
}
