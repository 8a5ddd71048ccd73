/**
 * One replica of one partition: a state machine without I/O.
 *
 * Inputs come one at a time from the partition's actor, and what is to be done goes into `out`, so
 * nothing in here waits, locks or touches a socket, and the simulator can drive it from a seed.
 *
 * Invariants
 * 1. A write is answered only when every member of the in-sync set has it (primary.ts), so it
 *    survives the loss of all but one of them.
 * 2. At most one role at a time: backup, promotion or primary, and the last two only while the row
 *    names this member in this replica's term.
 * 3. Terms never fall. What bears an earlier term or another stream has no effect.
 */
import { unreachable } from '../base/assert.ts';
import type { MemberId, Sequence, StreamId, StructureId, Term, Version } from '../base/ids.ts';
import type { OpRequest } from '../wire/op-messages.ts';
import { Backup } from './backup.ts';
import type { Content } from './content.ts';
import { EntryLog } from './entry-log.ts';
import { generationSpan, liftOf, type PartitionRow } from './meta-state.ts';
import { Parked } from './parked.ts';
import { Primary } from './primary.ts';
import { Promotion } from './promotion.ts';
import type { ReplicaInput } from './replica-input.ts';
import type {
  Actions,
  Estate,
  Origin,
  ReplicaMessage,
  ReplicaOptions,
  ReplicaState,
  Surroundings,
} from './replica-state.ts';
import type { Glance } from './store.ts';

export class Replica {
  readonly #state: ReplicaState;
  readonly #backup: Backup;
  /** Undefined while nothing waits. */
  #parked: Parked | undefined;
  /** While one of them is there that is the role, else it is that of a backup. */
  #promotion: Promotion | undefined;
  #primary: Primary | undefined;
  #hasGivenUp = false;
  /**
   * Whether the last step left it as a primary that serves, of which nothing waits to be committed. While the lease
   * holds it would answer every read at once, but for what has expired.
   * A look then needs nothing else of it: with hundreds of partitions what it asks is in no cache.
   */
  #isSettled = false;
  readonly #content: Content;
  readonly #surroundings: Surroundings;

  constructor(options: ReplicaOptions) {
    this.#content = options.content;
    this.#surroundings = options.surroundings;
    this.#state = {
      options,
      log: new EntryLog(options.limits.changesInFlightMax),
      row: undefined,
      term: 0 as Term,
      generation: 0,
      isWhole: false,
      commit: 0 as Sequence,
      stream: 0 as StreamId,
      streamTerm: 0 as Term,
      chunks: 0,
      copiedAt: 0 as Version,
    };
    this.#backup = new Backup(this.#state);
  }

  get state(): Readonly<ReplicaState> {
    return this.#state;
  }

  get role(): 'backup' | 'promotion' | 'primary' {
    if (this.#primary !== undefined) return 'primary';
    return this.#promotion === undefined ? 'backup' : 'promotion';
  }

  /** The primary's part, where this replica has it. */
  get primary(): Primary | undefined {
    return this.#primary;
  }

  /** Whether the end of the turn has something to send. */
  get owes(): boolean {
    return this.#primary?.isDirty === true || this.#backup.owesAck;
  }

  /** Whether something waits here for a later table. */
  get isBehind(): boolean {
    return this.#backup.isBehind;
  }

  /** Whether there is a chunk to read for a learner. */
  get wantsCopy(): boolean {
    return this.#primary?.wantsCopy === true;
  }

  /** Whether time has brought nothing to do, so that a tick would change nothing. */
  isCalm(nowMs: number): boolean {
    if (this.#promotion !== undefined || this.#parked !== undefined) return false;
    return this.#primary?.isCalm(nowMs) ?? true;
  }

  step(input: ReplicaInput, nowMs: number, out: Actions): void {
    // A step that throws leaves it so.
    this.#isSettled = false;
    this.#take(input, nowMs, out);
    if (this.#parked !== undefined) this.#unpark(this.#parked, nowMs, out);
    this.#isSettled = this.#primary?.isSettled === true;
  }

  /** What a read gives where nothing stands in the way of its answer at this moment; see `Store.glance`. */
  glance(structure: StructureId, code: number, key: Uint8Array, nowMs: number): Glance | undefined {
    if (!this.#isSettled) return this.#primary?.glance(structure, code, key, nowMs);
    if (!this.#surroundings.isLeaseValid(nowMs)) return undefined;
    const store = this.#content.find(structure);
    if (typeof store === 'string') return undefined;
    return store.glance?.(code, key, this.#surroundings.gridTime(nowMs));
  }

  #take(input: ReplicaInput, nowMs: number, out: Actions): void {
    switch (input.kind) {
      case 'row':
        this.#rowChanged(input.row, nowMs, out);
        break;
      case 'message':
        this.#receive(input.from, input.message, nowMs, out);
        break;
      case 'request':
        this.#request(input.origin, input.message, nowMs, out);
        break;
      case 'tick':
        this.#tick(nowMs, out);
        break;
      case 'copy':
        this.#primary?.copyOn();
        break;
      case 'learnt':
        this.#learnt(nowMs);
        break;
      case 'sweep':
        this.#state.options.content.dropDestroyed();
        this.#state.options.content.dedupe.expire(nowMs);
        break;
      case 'flush':
        this.#backup.flush(out);
        this.#primary?.flush(nowMs, out);
        break;
      default:
        unreachable(input);
    }
  }

  /** Ends the replica: nothing pending is left without a word. */
  release(out: Actions): void {
    this.#stepDown(out);
    this.#parked?.redirect(out);
    if (!this.#hasGivenUp) this.#state.options.content.release();
  }

  /** Ends the replica and gives its content away; undefined where that is not whole. */
  surrender(out: Actions): Estate | undefined {
    const { options, isWhole, row, log, commit, term } = this.#state;
    // Of what a primary alone has, others may have something else at the same number.
    const last = this.#primary === undefined ? log.last : commit;
    this.#stepDown(out);
    this.#parked?.redirect(out);
    if (!isWhole || row === undefined || this.#hasGivenUp) return undefined;
    this.#hasGivenUp = true;
    const untold = log.slice(last, log.last) ?? [];
    const isUnled = row.term > term;
    return { content: options.content, row, version: last + liftOf(row), untold, isUnled };
  }

  /** Begins with the content that another identity of this process had, as one of this generation. */
  inherit(generation: number): void {
    this.#begin(generation);
  }

  #rowChanged(row: PartitionRow, nowMs: number, out: Actions): void {
    const state = this.#state;
    if (state.row !== undefined && row.version <= state.row.version) return;
    state.row = row;
    const { self } = state.options;
    if (row.generation > state.generation && row.born.includes(self)) this.#bear(row, out);
    if (row.term < state.term) return;
    if (row.primary !== self) this.#stepDown(out);
    else if (row.term > state.term || this.role === 'backup') this.#promote(row, nowMs, out);
    else this.#keepRole(row, nowMs, out);
  }

  #keepRole(row: PartitionRow, nowMs: number, out: Actions): void {
    this.#promotion?.rowChanged(row, nowMs, out);
    this.#primary?.rowChanged(row, nowMs, out);
    this.#finishPromotion(nowMs);
  }

  /** The content of this generation begins, empty, on every member that has been in sync ever since. */
  #bear(row: PartitionRow, out: Actions): void {
    this.#stepDown(out);
    const state = this.#state;
    state.options.content.release();
    this.#begin(row.generation);
  }

  #begin(generation: number): void {
    const state = this.#state;
    state.generation = generation;
    state.isWhole = true;
    state.chunks = 0;
    state.commit = (generation * generationSpan) as Sequence;
    state.log.begin(state.commit);
  }

  #promote(row: PartitionRow, nowMs: number, out: Actions): void {
    this.#stepDown(out);
    const state = this.#state;
    // Content that is not whole can only be a copy of another generation or an older one: a member
    // in sync is never copying. Until its content is whole this replica serves nothing.
    if (!state.isWhole) return;
    const { surroundings, partition } = state.options;
    surroundings.beforeStep?.('appointed', partition);
    state.term = row.term;
    this.#promotion = new Promotion(state, row, nowMs, out);
    this.#finishPromotion(nowMs);
  }

  #finishPromotion(nowMs: number): void {
    const { row } = this.#state;
    const streams = row === undefined ? undefined : this.#promotion?.finish(nowMs);
    if (row === undefined || streams === undefined) return;
    const { surroundings, partition } = this.#state.options;
    surroundings.beforeStep?.('serving', partition);
    this.#promotion = undefined;
    this.#primary = new Primary(this.#state, row, streams);
  }

  #stepDown(out: Actions): void {
    this.#isSettled = false;
    this.#primary?.stepDown(out);
    this.#primary = undefined;
    this.#promotion = undefined;
  }

  #request(origin: Origin, message: OpRequest, nowMs: number, out: Actions): void {
    const primary = this.#primary;
    if (primary?.isServing) {
      primary.request(origin, message, nowMs, out);
      return;
    }
    // The role is about to come or to go.
    if (this.role !== 'backup') {
      this.#parked ??= new Parked();
      if (this.#parked.add(origin, message, nowMs)) return;
    }
    const { row, options } = this.#state;
    const isAppointed = row?.primary === options.self;
    const isLost = row !== undefined && row.primary === undefined;
    const reason = isAppointed ? 'not-ready' : isLost ? 'lost' : 'not-primary';
    out.push({ kind: 'refuse', to: origin, request: message.request, reason });
  }

  /** Serves what waited, or sends it on, once it is known where it belongs. */
  #unpark(parked: Parked, nowMs: number, out: Actions): void {
    const primary = this.#primary;
    if (this.role === 'backup') {
      parked.redirect(out);
    } else if (primary?.isServing) {
      for (const { origin, message } of parked.take()) primary.request(origin, message, nowMs, out);
    } else {
      parked.expire(nowMs, out);
    }
    if (parked.size === 0) this.#parked = undefined;
  }

  #receive(from: MemberId, message: ReplicaMessage, nowMs: number, out: Actions): void {
    if (message.term < this.#state.term) return;
    switch (message.kind) {
      case 'replica.fence':
      case 'replica.copy':
        this.#follow(from, message, nowMs, out);
        break;
      case 'replica.append':
        if (this.role === 'backup') this.#backup.append(from, message, nowMs);
        break;
      case 'replica.pull':
        if (this.role === 'backup') this.#backup.pull(from, message, out);
        break;
      case 'replica.fenced':
        if (this.#promotion !== undefined) {
          this.#promotion.fenced(from, message, nowMs, out);
          this.#finishPromotion(nowMs);
        }
        break;
      case 'replica.pulled':
        if (this.#promotion !== undefined) {
          this.#promotion.pulled(message, nowMs, out);
          this.#finishPromotion(nowMs);
        }
        break;
      case 'replica.ack':
        this.#primary?.acknowledge(from, message, nowMs, out);
        break;
      default:
        unreachable(message);
    }
  }

  /** A primary of a later term is there: whatever role this replica had is over. */
  #follow(
    from: MemberId,
    message: Extract<ReplicaMessage, { kind: 'replica.fence' | 'replica.copy' }>,
    nowMs: number,
    out: Actions,
  ): void {
    if (this.role !== 'backup') {
      if (message.term === this.#state.term) return;
      this.#stepDown(out);
    }
    if (message.kind === 'replica.fence') this.#backup.fence(from, message, out);
    else this.#backup.copy(from, message, nowMs);
  }

  #learnt(nowMs: number): void {
    if (this.role === 'backup') this.#backup.catchUp(nowMs);
  }

  #tick(nowMs: number, out: Actions): void {
    if (this.#promotion !== undefined) {
      this.#promotion.tick(nowMs, out);
      this.#finishPromotion(nowMs);
    }
    this.#primary?.tick(nowMs, out);
  }
}
