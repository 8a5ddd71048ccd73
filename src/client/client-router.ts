/** The client's `Router`: structures as members told of them, ops by the known table. */
import type { Aborts } from '../base/aborts.ts';
import type { Clock } from '../base/clock.ts';
import { GridError } from '../base/errors.ts';
import type { StructureId } from '../base/ids.ts';
import { partitionIdOf } from '../base/partition-id.ts';
import { SharedCalls } from '../base/shared-calls.ts';
import type { Closed, Operation, Router, StructureRow } from '../partition/router-port.ts';
import type { Calls } from '../transport/calls.ts';
import type { ClientRow } from '../wire/client-messages.ts';
import type { Asks, Question } from './asks.ts';
import type { KnownTable } from './known-table.ts';

export interface ClientRouterParts {
  readonly clock: Clock;
  readonly table: KnownTable;
  readonly calls: Calls;
  readonly asks: Asks;
  /** To which this client belongs. */
  readonly lineage: () => string;
  /** Told of every new call, before it is made. */
  readonly onCall: () => void;
}

type Definition = Extract<Question, { readonly kind: 'client.define' }>;

/** How long the members may take to agree on a structure. */
const agreeMs = 10_000;
/** How soon a member that is behind is asked again. */
const askAgainMs = 50;
/** Past it the oldest is forgotten; it is long out of every member's table. */
const buriedMax = 65_536;

export class ClientRouter implements Router {
  readonly #parts: ClientRouterParts;
  readonly #rows = new Map<string, StructureRow>();
  /** By name the last that is known to be gone: a member that is behind still tells of it. */
  readonly #buried = new Map<string, StructureId>();
  readonly #definitions = new SharedCalls<StructureRow | GridError>();

  constructor(parts: ClientRouterParts) {
    this.#parts = parts;
  }

  get partitions(): number {
    return this.#parts.table.partitions;
  }

  get lineage(): string | undefined {
    const { table, lineage } = this.#parts;
    return this.closed === undefined && table.latest !== undefined ? lineage() : undefined;
  }

  get closed(): Closed | undefined {
    return this.#parts.calls.isOpen ? undefined : { error: undefined };
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
    return this.#rows.get(keyOf({ type, name }));
  }

  define(
    type: string,
    name: string,
    options: Readonly<Record<string, unknown>>,
    done: (result: StructureRow | GridError) => void,
  ): void {
    this.#parts.onCall();
    const endsAt = this.#parts.clock.monotonic() + agreeMs;
    const question = {
      kind: 'client.define',
      type,
      name,
      options: JSON.stringify(options),
    } as const;
    // Each `grid.map(name)` is a handle of its own, and many may be used first at the same time.
    const key = JSON.stringify([type, name, question.options]);
    this.#definitions.call(key, done, (ended) => this.#ask(question, endsAt, ended));
  }

  destroy(row: StructureRow, done: (result: GridError | undefined) => void): void {
    this.#parts.onCall();
    const question = { kind: 'client.destroy', structure: row.id } as const;
    this.#parts.asks.ask(question, agreeMs, (result) => {
      if (GridError.is(result)) {
        done(result);
        return;
      }
      this.#bury(row);
      done(undefined);
    });
  }

  glance(): undefined {
    return undefined;
  }

  deliver<Result>(result: Result): Promise<Result> {
    return Promise.resolve(result);
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

  /** A primary has said that there is no such structure any more: the next call begins a new one. */
  gone(id: StructureId): void {
    for (const row of [...this.#rows.values()]) if (row.id === id) this.#bury(row);
  }

  forgetAll(): void {
    this.#rows.clear();
    this.#buried.clear();
  }

  #ask(question: Definition, endsAt: number, done: (result: StructureRow | GridError) => void) {
    const { asks, clock } = this.#parts;
    const leftMs = Math.max(0, endsAt - clock.monotonic());
    asks.ask(question, leftMs, (result) => {
      const row = GridError.is(result) ? result : (result.map(rowFrom)[0] ?? noRow());
      if (GridError.is(row)) done(row);
      else if (row.id <= (this.#buried.get(keyOf(row)) ?? 0)) {
        clock.setTimer(askAgainMs, () => this.#ask(question, endsAt, done));
      } else {
        this.#rows.set(keyOf(row), row);
        done(row);
      }
    });
  }

  /** It is gone for certain. */
  #bury(row: StructureRow): void {
    this.dropped([row.id]);
    const key = keyOf(row);
    const latest = Math.max(row.id, this.#buried.get(key) ?? 0) as StructureId;
    this.#buried.delete(key);
    this.#buried.set(key, latest);
    if (this.#buried.size <= buriedMax) return;
    for (const oldest of this.#buried.keys()) {
      this.#buried.delete(oldest);
      return;
    }
  }
}

function keyOf({ type, name }: Pick<StructureRow, 'type' | 'name'>): string {
  return `${type} ${name}`;
}

export function rowFrom({ id, name, type, backups, options }: ClientRow): StructureRow {
  return { id, name, type, backups, options: JSON.parse(options) as Record<string, unknown> };
}

function noRow(): GridError {
  return new GridError('GRID_BAD_OPTION', 'expected a structure, found none');
}
