/**
 * A replica while it is the serving primary: runs ops, copies their changes, answers when every
 * member of the ack set has them, and proposes who is in sync (PROTOCOL.md 2.4, 2.5).
 *
 * Invariants
 * 1. The ack set holds the committed in-sync set and every member whose addition is proposed: a
 *    member is in it before its addition can commit, and leaves it only by a later version of the row.
 * 2. Nothing is answered without a valid lease, at admission and again in the turn of the answer.
 * 3. An op of a caller runs at most once.
 * 4. At most `changesInFlightMax` writes are unanswered, so the log still holds each of them.
 * The meta group keeps its half of 1: it changes the in-sync set only by this primary's proposals.
 */
import { assert } from '../base/assert.ts';
import { GridError } from '../base/errors.ts';
import type { MemberId, Sequence } from '../base/ids.ts';
import type { OpRequest, Refusal } from '../wire/op-messages.ts';
import type { Entry, ReplicaAck } from '../wire/replica-messages.ts';
import type { PartitionRow } from './meta-state.ts';
import type { PeerStream } from './peer-stream.ts';
import { Pending } from './pending.ts';
import type { Actions, Origin, ReplicaState } from './replica-state.ts';
import type { RunResult, Store } from './store.ts';
import { SyncSet } from './sync-set.ts';

/** Reads that may wait for a write; past it a read is told to come again. */
const parkedReadsMax = 4_096;

export class Primary {
  readonly #state: ReplicaState;
  readonly #sync: SyncSet;
  readonly #pending: Pending;
  readonly #servesFrom: Sequence;
  /** Whether something is to be sent at the end of the turn. */
  #isDirty = true;

  /** `peers`: the streams that the promotion opened, one to each other member in sync. */
  constructor(state: ReplicaState, row: PartitionRow, peers: Map<MemberId, PeerStream>) {
    this.#state = state;
    this.#sync = new SyncSet(state, row, peers);
    this.#pending = new Pending(state.log.last);
    this.#servesFrom = state.log.last;
  }

  get ackSet(): ReadonlySet<MemberId> {
    return this.#sync.ackSet;
  }

  /** Whether it answers: what its predecessor left is committed. */
  get isServing(): boolean {
    return this.#state.commit >= this.#servesFrom && !this.#sync.isDraining;
  }

  /** Whether every copy that the table wants is in sync. */
  get isSafe(): boolean {
    return this.isServing && this.#sync.isComplete;
  }

  request(origin: Origin, message: OpRequest, nowMs: number, out: Actions): void {
    const store = this.#state.options.content.find(message.structure);
    const refusal = this.#admission(store, nowMs);
    if (refusal !== undefined || typeof store === 'string') {
      refuse(origin, message.request, refusal ?? 'not-ready', out);
      return;
    }
    try {
      if (store.isWrite(message.op)) this.#write(origin, message, store, nowMs, out);
      else this.#read(origin, message, store, nowMs, out);
    } catch (error) {
      // A store that refuses has changed nothing; anything else is a bug and stops the replica.
      if (!GridError.is(error)) throw error;
      const { code, message: text } = error;
      out.push({ kind: 'fail', to: origin, request: message.request, code, message: text });
    }
  }

  acknowledge(from: MemberId, message: ReplicaAck, nowMs: number, out: Actions): void {
    if (message.term !== this.#state.term) return;
    if (!this.#sync.acknowledge(from, message, nowMs)) return;
    this.#isDirty = true;
    this.#advance(nowMs, out);
  }

  /** The row has a later version, and this member is still its primary in the same term. */
  rowChanged(row: PartitionRow, nowMs: number, out: Actions): void {
    this.#sync.rowChanged(row, nowMs);
    this.#isDirty = true;
    this.#advance(nowMs, out);
  }

  flush(nowMs: number, out: Actions): void {
    if (!this.#isDirty) return;
    this.#isDirty = false;
    this.#sync.flush(nowMs, out);
    this.#advance(nowMs, out);
  }

  tick(nowMs: number, out: Actions): void {
    this.#advance(nowMs, out);
    this.#sync.tick(nowMs, this.#pending.writes === 0, out);
  }

  /** Another member is primary: what is pending here is for it to know. */
  stepDown(out: Actions): void {
    this.#pending.interrupt(out);
    this.#sync.release();
  }

  #admission(store: Store | 'unknown' | 'gone', nowMs: number): Refusal | undefined {
    const { limits, surroundings } = this.#state.options;
    // What the predecessor left unanswered is committed first.
    if (this.#state.commit < this.#servesFrom) return 'not-ready';
    if (this.#sync.isDraining || !surroundings.isLeaseValid(nowMs)) return 'not-ready';
    if (store === 'gone') return 'no-structure';
    if (this.#pending.writes >= limits.changesInFlightMax) return 'busy';
    if (this.#pending.bytes >= limits.changeBytesInFlightMax) return 'busy';
    return undefined;
  }

  #read(origin: Origin, message: OpRequest, store: Store, nowMs: number, out: Actions): void {
    const run = store.run(message.op, this.#context(nowMs));
    assert(run.changes.length === 0, 'a read changes nothing');
    const needs = this.#pending.needOf(run.touched, this.#state.log.last);
    if (needs <= this.#state.commit) {
      out.push({ kind: 'reply', to: origin, request: message.request, result: run.result });
    } else if (this.#pending.reads >= parkedReadsMax) {
      refuse(origin, message.request, 'busy', out);
    } else {
      this.#pending.park(origin, message.request, run.result, needs);
    }
  }

  #write(origin: Origin, message: OpRequest, store: Store, nowMs: number, out: Actions): void {
    const { request, caller, opSequence } = message;
    if (this.#sync.committedSize < this.#state.options.minInSync) {
      refuse(origin, request, 'not-ready', out);
      return;
    }
    if (opSequence === 0) {
      const text = 'expected an op sequence with a mutating op, found none; update the caller';
      out.push({ kind: 'fail', to: origin, request, code: 'GRID_BAD_VALUE', message: text });
      return;
    }
    const known = this.#state.options.content.dedupe.lookup(caller, opSequence);
    if (known === 'stale') {
      refuse(origin, request, 'stale', out);
      return;
    }
    if (known !== 'new') {
      this.#repeat(origin, request, known, out);
      return;
    }
    const run = store.run(message.op, this.#context(nowMs));
    this.#record(origin, message, run, nowMs);
    this.#isDirty = true;
    if (this.#sync.ackSet.size === 0) this.#advance(nowMs, out);
  }

  /** Numbers what an op did and keeps it for the peers and for its retry. */
  #record(origin: Origin, message: OpRequest, run: RunResult, nowMs: number): void {
    const { log, options } = this.#state;
    const entry: Entry = {
      sequence: (log.last + 1) as Sequence,
      caller: message.caller,
      opSequence: message.opSequence,
      firstIncomplete: message.firstIncomplete,
      structure: message.structure,
      changes: run.changes,
      result: run.result,
    };
    log.push(entry);
    options.content.dedupe.note(entry, nowMs);
    const bytes = run.changes.length + run.result.length;
    this.#pending.addWrite(origin, message, entry.sequence, run.result, bytes, run.touched);
  }

  /** A retry: the op has run, here or on a predecessor. */
  #repeat(
    origin: Origin,
    request: number,
    done: { readonly sequence: Sequence; readonly result: Uint8Array | undefined },
    out: Actions,
  ): void {
    if (this.#pending.redirect(done.sequence, origin, request)) return;
    const result = done.result;
    if (result === undefined) refuse(origin, request, 'result-gone', out);
    else out.push({ kind: 'reply', to: origin, request, result });
  }

  #context(nowMs: number) {
    const gridTime = this.#state.options.surroundings.gridTime(nowMs);
    return { gridTime, sequence: this.#state.log.last + 1 };
  }

  /** Moves the commit to what the whole ack set has, and answers up to it. */
  #advance(nowMs: number, out: Actions): void {
    const { log, options } = this.#state;
    if (this.#sync.committedSize < options.minInSync) return;
    const confirmed = this.#sync.confirmed(log.last);
    if (confirmed > this.#state.commit) this.#state.commit = confirmed;
    if (this.#pending.writes === 0 && this.#pending.reads === 0) return;
    if (options.surroundings.isLeaseValid(nowMs)) this.#pending.settle(this.#state.commit, out);
  }
}

function refuse(to: Origin, request: number, reason: Refusal, out: Actions): void {
  out.push({ kind: 'refuse', to, request, reason });
}
