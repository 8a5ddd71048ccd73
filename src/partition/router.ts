/**
 * A member's `Router`: structure names to rows, keys' partitions to primaries, by the local copy of the
 * table (router-port.ts says what handles see of it).
 */

import type { Aborts } from '../base/aborts.ts';
import { pooledCopy } from '../base/byte-pool.ts';
import type { Clock } from '../base/clock.ts';
import { GridError } from '../base/errors.ts';
import type { CallerId, MemberId, PartitionId } from '../base/ids.ts';
import { partitionIdOf } from '../base/partition-id.ts';
import { SharedCalls } from '../base/shared-calls.ts';
import type { Calls } from '../transport/calls.ts';
import { whenApplied } from './applied.ts';
import { Commands, type CommandsParts, commandTimeoutMs, noAnswer } from './commands.ts';
import type { MetaGroup } from './meta-group.ts';
import { type Command, type MetaState, rowOf } from './meta-state.ts';
import type { PartitionHost } from './partition-host.ts';
import {
  type Closed,
  conflictOf,
  type Operation,
  type Router,
  type StructureRow,
} from './router-port.ts';
import type { Glance } from './store.ts';

export interface MemberRouterOptions {
  readonly self: MemberId;
  readonly clock: Clock;
  readonly meta: MetaGroup;
  readonly commit: CommandsParts['commit'];
  readonly host: PartitionHost;
  readonly calls: Calls;
}

/**
 * Reads that are answered on the spot within one turn of the event loop, large ones counted several times. Who
 * awaits one after the other never lets go of the thread, and others want their turns. As many again are read on
 * the spot and answered in the next turn; what is beyond goes the way of all calls.
 */
const glancesMax = 1_024;
/** Each 256 bytes of a result count as one more. */
const glanceBytesShift = 8;

export class MemberRouter implements Router {
  readonly #options: MemberRouterOptions;
  readonly #commands: Commands;
  readonly #definitions = new SharedCalls<StructureRow | GridError>();
  /** The rows of structures by type and name; made anew when the table's structures change. */
  readonly #named = new Map<string, Map<string, StructureRow>>();
  #namedAt = -1;
  /** What this turn of the event loop may still answer on the spot. */
  #glancesLeft = glancesMax;
  /** Answers to looks that this turn has no room for. */
  #held: (() => void)[] = [];
  readonly #onTurn = () => {
    this.#glancesLeft = glancesMax;
    const held = this.#held;
    if (held.length === 0) return;
    this.#held = [];
    for (const give of held) give();
  };

  constructor(options: MemberRouterOptions) {
    this.#options = options;
    this.#commands = new Commands(options);
  }

  get partitions(): number {
    return this.#state.settings?.partitions ?? 1;
  }

  get lineage(): string | undefined {
    const { lineage, settings } = this.#state;
    return this.closed === undefined && settings !== undefined ? lineage.id : undefined;
  }

  get closed(): Closed | undefined {
    return this.#options.calls.isOpen ? undefined : { error: undefined };
  }

  get aborts(): Aborts {
    return this.#options.calls.aborts;
  }

  submit(operation: Operation): void {
    const { calls } = this.#options;
    const { structure, partition, op, isWrite, isPoll, signal } = operation;
    const isPlain = !isWrite && isPoll !== true && signal?.aborted !== true && op.length > 1;
    const seen =
      isPlain && this.#glancesLeft > 0
        ? this.glance(structure, partition, op[0] as number, op.subarray(1))
        : undefined;
    if (seen === undefined) calls.submit(operation, this.#idOf(structure, partition));
    else operation.resolve(pooledCopy(seen.bytes.subarray(seen.from, seen.to)));
  }

  glance(row: StructureRow, partition: number, code: number, key: Uint8Array): Glance | undefined {
    const { calls, clock, host } = this.#options;
    // Calls that wait for a place came first.
    if (this.#glancesLeft <= -glancesMax || !calls.isOpen || calls.queued > 0) return undefined;
    const seen = host.glance(this.#idOf(row, partition), row.id, code, key);
    if (seen === undefined) return undefined;
    if (this.#glancesLeft === glancesMax) clock.defer(this.#onTurn);
    this.#glancesLeft -= 1 + ((seen.to - seen.from) >>> glanceBytesShift);
    return seen;
  }

  deliver<Result>(result: Result): Promise<Result> {
    if (this.#glancesLeft > 0) return Promise.resolve(result);
    return new Promise((resolve) => this.#held.push(() => resolve(result)));
  }

  structure(type: string, name: string): StructureRow | undefined {
    return this.#named.get(type)?.get(name);
  }

  /** The table's structures may have changed. */
  structuresChanged(): void {
    // Most changes of the table are of rows.
    if (this.#state.structuresAt === this.#namedAt) return;
    this.#namedAt = this.#state.structuresAt;
    this.#named.clear();
    for (const row of this.#state.structures.values()) {
      const named = this.#named.get(row.type) ?? new Map<string, StructureRow>();
      this.#named.set(row.type, named.set(row.name, row));
    }
  }

  define(
    type: string,
    name: string,
    options: Readonly<Record<string, unknown>>,
    done: (result: StructureRow | GridError) => void,
  ): void {
    // Each `grid.map(name)` is a handle of its own, and many may be used first at the same time.
    const question = JSON.stringify([type, name, options]);
    const endsAt = this.#options.clock.monotonic() + commandTimeoutMs;
    const begin = (ended: typeof done) => this.#define({ type, name, options }, endsAt, ended);
    this.#definitions.call(question, done, begin);
  }

  destroy(row: StructureRow, done: (result: GridError | undefined) => void): void {
    this.#commit({ type: 'destroy', id: row.id }, done);
  }

  /** Lost partitions come back, empty: done when this member's copy of the table says so. */
  acceptLoss(timeoutMs: number, done: (isDone: boolean) => void): void {
    const { clock, commit } = this.#options;
    const isOver = this.#overAfter(timeoutMs);
    commit({ type: 'accept-loss' }, timeoutMs, (result) => {
      if (result === undefined) done(false);
      else whenApplied(this.#state, clock, result.index, isOver, done);
    });
  }

  /** Whether a wait that begins now is over: by its time, or since this member has ended. */
  #overAfter(timeoutMs: number): () => boolean {
    const { clock, calls } = this.#options;
    const deadline = clock.monotonic() + timeoutMs;
    return () => !calls.isOpen || clock.monotonic() >= deadline;
  }

  readLocal(row: StructureRow, partition: number, op: Uint8Array): Uint8Array | undefined {
    const actor = this.#options.host.find(this.#idOf(row, partition));
    if (actor?.replica.role !== 'primary') return undefined;
    const store = actor.replica.state.options.content.find(row.id);
    if (typeof store === 'string') return undefined;
    return store.run(op, {
      gridTime: this.#gridTime(),
      sequence: 0,
      generation: 0,
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

  #define(
    { type, name, options }: Pick<StructureRow, 'type' | 'name' | 'options'>,
    endsAt: number,
    done: (result: StructureRow | GridError) => void,
  ): void {
    const asked = options.backups;
    const backups = typeof asked === 'number' ? asked : (this.#state.settings?.backups ?? 1);
    const command: Command = { type: 'define', structure: type, name, backups, options };
    this.#commit(command, (error) => {
      const row = this.structure(type, name);
      if (error !== undefined) done(error);
      else if (row !== undefined) done(conflictOf(row, options) ?? row);
      // Somebody has destroyed it since.
      else if (this.#options.clock.monotonic() < endsAt) {
        this.#define({ type, name, options }, endsAt, done);
      } else done(noAnswer(`the definition of the ${type} ${name}`, 'unknown'));
    });
  }

  /** Done when the command is committed and this member's copy of the table has it. */
  #commit(command: Command, done: (error: GridError | undefined) => void): void {
    const { clock } = this.#options;
    this.#commands.commit(command, (result) => {
      if (GridError.is(result)) done(result);
      else if (result.refusal !== '') done(new GridError('GRID_BAD_OPTION', result.refusal));
      else {
        const isOver = this.#overAfter(commandTimeoutMs);
        whenApplied(this.#state, clock, result.index, isOver, (isApplied) => {
          this.structuresChanged();
          done(isApplied ? undefined : noAnswer('the news of a committed command', 'unknown'));
        });
      }
    });
  }
}
