/**
 * A member's `Router`: structure names to rows, keys' partitions to primaries, by the local copy of the
 * table (router-port.ts says what handles see of it).
 */

import type { Aborts } from '../base/aborts.ts';
import type { Clock } from '../base/clock.ts';
import { GridError } from '../base/errors.ts';
import type { CallerId, MemberId, PartitionId } from '../base/ids.ts';
import { partitionIdOf } from '../base/partition-id.ts';
import type { Calls } from '../transport/calls.ts';
import type { MetaGroup } from './meta-group.ts';
import { type Command, type MetaState, rowOf } from './meta-state.ts';
import type { PartitionHost } from './partition-host.ts';
import type { ProposalResult } from './proposals.ts';
import { conflictOf, type Operation, type Router, type StructureRow } from './router-port.ts';

export interface MemberRouterOptions {
  readonly self: MemberId;
  readonly clock: Clock;
  readonly meta: MetaGroup;
  /** Has a command committed; `done` gets undefined where that takes too long. */
  readonly commit: (
    command: Command,
    timeoutMs: number,
    done: (result: ProposalResult | undefined) => void,
  ) => void;
  readonly host: PartitionHost;
  readonly calls: Calls;
}

/** How long a command to the meta group may take before its caller is told. */
const commandTimeoutMs = 10_000;

export class MemberRouter implements Router {
  readonly #options: MemberRouterOptions;
  /** The rows of structures by type and name; made anew when the table's structures change. */
  readonly #named = new Map<string, StructureRow>();
  #namedAt = -1;

  constructor(options: MemberRouterOptions) {
    this.#options = options;
  }

  get partitions(): number {
    return this.#state.settings?.partitions ?? 1;
  }

  get aborts(): Aborts {
    return this.#options.calls.aborts;
  }

  submit(operation: Operation): void {
    this.#options.calls.submit(operation, this.#idOf(operation.structure, operation.partition));
  }

  structure(type: string, name: string): StructureRow | undefined {
    return this.#named.get(`${type} ${name}`);
  }

  /** The table's structures may have changed. */
  structuresChanged(): void {
    // Most changes of the table are of rows.
    if (this.#state.structuresAt === this.#namedAt) return;
    this.#namedAt = this.#state.structuresAt;
    this.#named.clear();
    for (const row of this.#state.structures.values()) {
      this.#named.set(`${row.type} ${row.name}`, row);
    }
  }

  define(
    type: string,
    name: string,
    options: Readonly<Record<string, unknown>>,
    done: (result: StructureRow | GridError) => void,
  ): void {
    const asked = options.backups;
    const backups = typeof asked === 'number' ? asked : (this.#state.settings?.backups ?? 1);
    const command: Command = { type: 'define', structure: type, name, backups, options };
    this.#commit(command, (error) => {
      const row = this.structure(type, name);
      if (error !== undefined) done(error);
      else if (row === undefined) done(noAnswer(`the definition of the ${type} ${name}`));
      else done(conflictOf(row, options) ?? row);
    });
  }

  destroy(row: StructureRow, done: (result: GridError | undefined) => void): void {
    this.#commit({ type: 'destroy', id: row.id }, done);
  }

  readLocal(row: StructureRow, partition: number, op: Uint8Array): Uint8Array | undefined {
    const actor = this.#options.host.find(this.#idOf(row, partition));
    if (actor?.replica.role !== 'primary') return undefined;
    const store = actor.replica.state.options.content.find(row.id);
    if (typeof store === 'string') return undefined;
    return store.run(op, {
      gridTime: this.#gridTime(),
      sequence: 0,
      caller: this.#options.self as string as CallerId,
      isGone: () => false,
    }).result;
  }

  localPartitions(row: StructureRow): readonly number[] {
    const local: number[] = [];
    for (let index = 0; index < this.partitions; index++) {
      const { self } = this.#options;
      if (rowOf(this.#state, this.#idOf(row, index))?.primary === self) local.push(index);
    }
    return local;
  }

  get #state(): MetaState {
    return this.#options.meta.state;
  }

  #gridTime(): number {
    return this.#options.meta.lease.gridTime(this.#options.clock.monotonic());
  }

  #idOf(row: StructureRow, partition: number): PartitionId {
    return partitionIdOf(row.backups, partition, this.partitions);
  }

  /** Done when the command is committed and this member's copy of the table has it. */
  #commit(command: Command, done: (error: GridError | undefined) => void): void {
    const { commit, clock } = this.#options;
    commit(command, commandTimeoutMs, (result) => {
      if (result === undefined) done(noAnswer(`a command to the meta group (${command.type})`));
      else if (result.refusal !== '') done(new GridError('GRID_BAD_OPTION', result.refusal));
      else this.#whenApplied(result.index, clock.monotonic() + commandTimeoutMs, done);
    });
  }

  #whenApplied(index: number, deadline: number, done: (error: GridError | undefined) => void) {
    const { clock } = this.#options;
    if (this.#state.applied >= index) {
      this.structuresChanged();
      done(undefined);
    } else if (clock.monotonic() >= deadline) {
      done(noAnswer('the news of a committed command'));
    } else {
      clock.setTimer(5, () => this.#whenApplied(index, deadline, done));
    }
  }
}

function noAnswer(what: string): GridError {
  const message = `expected ${what} to be committed within ${commandTimeoutMs} ms, found no majority of the voters that answers; check that most members are up and reachable`;
  return new GridError('GRID_NO_QUORUM', message, { outcome: 'unknown' });
}
