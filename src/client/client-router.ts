/** The client's `Router`: structures as members told of them, ops by the known table. */
import type { Aborts } from '../base/aborts.ts';
import { GridError } from '../base/errors.ts';
import type { StructureId } from '../base/ids.ts';
import { partitionIdOf } from '../base/partition-id.ts';
import type { Operation, Router, StructureRow } from '../partition/router-port.ts';
import type { Calls } from '../transport/calls.ts';
import type { ClientRow } from '../wire/client-messages.ts';
import type { Asks } from './asks.ts';
import type { KnownTable } from './known-table.ts';

export interface ClientRouterParts {
  readonly table: KnownTable;
  readonly calls: Calls;
  readonly asks: Asks;
  /** Told of every new call, before it is made. */
  readonly onCall: () => void;
}

/** How long the members may take to agree on a structure. */
const agreeMs = 10_000;

export class ClientRouter implements Router {
  readonly #parts: ClientRouterParts;
  readonly #rows = new Map<string, StructureRow>();

  constructor(parts: ClientRouterParts) {
    this.#parts = parts;
  }

  get partitions(): number {
    return this.#parts.table.partitions;
  }

  /** What this client has used. */
  get known(): StructureId[] {
    return Array.from(this.#rows.values(), ({ id }) => id);
  }

  get aborts(): Aborts {
    return this.#parts.calls.aborts;
  }

  submit(operation: Operation): void {
    const { calls, table, onCall } = this.#parts;
    onCall();
    const { structure, partition } = operation;
    calls.submit(operation, partitionIdOf(structure.backups, partition, table.partitions));
  }

  structure(type: string, name: string): StructureRow | undefined {
    return this.#rows.get(`${type} ${name}`);
  }

  define(
    type: string,
    name: string,
    options: Readonly<Record<string, unknown>>,
    done: (result: StructureRow | GridError) => void,
  ): void {
    this.#parts.onCall();
    const question = {
      kind: 'client.define',
      type,
      name,
      options: JSON.stringify(options),
    } as const;
    this.#parts.asks.ask(question, agreeMs, (result) => {
      if (GridError.is(result)) {
        done(result);
        return;
      }
      const row = rowFrom(result[0]);
      if (GridError.is(row)) done(row);
      else {
        this.#rows.set(`${type} ${name}`, row);
        done(row);
      }
    });
  }

  destroy(row: StructureRow, done: (result: GridError | undefined) => void): void {
    this.#parts.onCall();
    const question = { kind: 'client.destroy', structure: row.id } as const;
    this.#parts.asks.ask(question, agreeMs, (result) => {
      if (GridError.is(result)) {
        done(result);
        return;
      }
      this.dropped([row.id]);
      done(undefined);
    });
  }

  /** A client holds nothing. */
  readLocal(): undefined {
    return undefined;
  }

  localPartitions(): readonly number[] {
    return [];
  }

  dropped(ids: readonly StructureId[]): void {
    for (const [key, { id }] of [...this.#rows]) if (ids.includes(id)) this.#rows.delete(key);
  }

  forgetAll(): void {
    this.#rows.clear();
  }
}

function rowFrom(row: ClientRow | undefined): StructureRow | GridError {
  if (row === undefined)
    return new GridError('GRID_BAD_OPTION', 'expected a structure, found none');
  const { id, name, type, backups } = row;
  return { id, name, type, backups, options: JSON.parse(row.options) as Record<string, unknown> };
}
