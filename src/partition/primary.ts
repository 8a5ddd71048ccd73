/**
 * A replica while it is the serving primary: runs ops, copies their changes, answers when every
 * member of the ack set has them, and proposes who is in sync (PROTOCOL.md 2.4, 2.5).
 *
 * Invariants
 * 1. The ack set holds the committed in-sync set and every member whose addition is proposed: a
 *    member is in it before its addition can commit, and leaves it only by a later version of the row.
 * 2. Nothing is answered without a valid lease, at admission and again in the turn of the answer.
 * 3. An op of a caller runs at most once.
 * 4. At most `changesInFlightMax` writes are unanswered, so the log still holds each of them that a peer needs.
 * The meta group keeps its half of 1: it changes the in-sync set only by this primary's proposals.
 */
import { GridError } from '../base/errors.ts';
import type {
  CallerId,
  MemberId,
  OpSequence,
  PartitionId,
  Sequence,
  StructureId,
} from '../base/ids.ts';
import { pollMs } from '../base/timings.ts';
import { keptRequest, OpRequest, type Refusal } from '../wire/op-messages.ts';
import { Entry, type ReplicaAck } from '../wire/replica-messages.ts';
import { WireError } from '../wire/wire-error.ts';
import type { Asked } from './content.ts';
import type { Done } from './done-ops.ts';
import type { PartitionRow } from './meta-state.ts';
import type { PeerStream } from './peer-stream.ts';
import { Pending } from './pending.ts';
import { Poll, Polls } from './polls.ts';
import { type Actions, type Origin, type ReplicaState, ReplyAction } from './replica-state.ts';
import type { Glance, RunContext, RunResult } from './store.ts';
import { SyncSet } from './sync-set.ts';

/** Reads that may wait for a write; past it a read is told to come again. */
const parkedReadsMax = 4_096;
/** What a frame holds beside the changes and the result of one entry. */
const entryMarginBytes = 4_096;
const nobody = '' as CallerId;
const nothing = new Uint8Array(0);

export class Primary {
  readonly #state: ReplicaState;
  readonly #sync: SyncSet;
  readonly #pending: Pending;
  /** Undefined until a read waits. */
  #polls: Polls | undefined;
  readonly #servesFrom: Sequence;
  #isDirty = true;
  readonly #runContext: { -readonly [Field in keyof RunContext]: RunContext[Field] };

  /** `peers`: the streams that the promotion opened, one to each other member in sync. */
  constructor(state: ReplicaState, row: PartitionRow, peers: Map<MemberId, PeerStream>) {
    this.#state = state;
    // A predecessor kept all that was not committed within a log of this length. Below it nobody could be given
    // entries: a learner that began there would have to begin again for ever.
    if (state.commit < state.log.floor) state.commit = state.log.floor;
    this.#sync = new SyncSet(state, row, peers);
    this.#pending = new Pending(state.log.last);
    this.#servesFrom = state.log.last;
    const { isGone } = state.options.surroundings;
    const { generation } = state;
    this.#runContext = { gridTime: 0, sequence: 0, generation, caller: nobody, isGone };
  }

  get ackSet(): ReadonlySet<MemberId> {
    return this.#sync.ackSet;
  }

  /** Whether it answers: what its predecessor left is committed. */
  get isServing(): boolean {
    return this.#state.commit >= this.#servesFrom && !this.#sync.isDraining;
  }

  /** Whether it serves, and nothing that it wrote waits for its backups. */
  get isSettled(): boolean {
    return this.isServing && this.#pending.writes === 0;
  }

  /** Whether something is to be sent at the end of the turn. */
  get isDirty(): boolean {
    return this.#isDirty;
  }

  /** Whether its learner can be given another chunk. */
  get wantsCopy(): boolean {
    return this.#sync.wantsCopy;
  }

  /** Whether the in-sync set may change at any moment by what this primary proposed. */
  get hasProposed(): boolean {
    return this.#sync.hasProposed;
  }

  /** `waitsUntil`: how long a read may wait for something to give. */
  request(
    origin: Origin,
    message: OpRequest,
    nowMs: number,
    out: Actions,
    waitsUntil = nowMs + pollMs,
  ): void {
    const store = this.#state.options.content.asked(message.structure);
    const refusal = this.#admission(store, nowMs);
    if (refusal !== undefined || typeof store === 'string') {
      this.#turnAway(origin, message, refusal ?? 'not-ready', out);
      return;
    }
    try {
      if (store.isWrite(message.op)) this.#write(origin, message, store, nowMs, out);
      else this.#read(origin, message, store, nowMs, waitsUntil, out);
    } catch (error) {
      // A store that refuses has changed nothing; anything else is a bug and stops the replica.
      const isTold = GridError.is(error);
      if (!isTold && !(error instanceof WireError)) throw error;
      const code = isTold ? error.code : 'GRID_BAD_VALUE';
      fail(origin, message.request, code, error.message, out);
    }
  }

  /** See `Replica.glance`. */
  glance(structure: StructureId, code: number, key: Uint8Array, nowMs: number): Glance | undefined {
    const { content, surroundings } = this.#state.options;
    const store = content.find(structure);
    if (typeof store === 'string' || this.#admission(store, nowMs) !== undefined) return undefined;
    const seen = store.glance?.(code, key, surroundings.gridTime(nowMs));
    if (seen === undefined) return undefined;
    const needs = this.#pending.needOf(seen.touched, this.#state.log.last);
    return needs <= this.#state.commit ? seen : undefined;
  }

  acknowledge(from: MemberId, message: ReplicaAck, nowMs: number, out: Actions): void {
    if (message.term !== this.#state.term) return;
    if (!this.#sync.acknowledge(from, message, nowMs)) return;
    this.#isDirty ||= this.#sync.isMoving;
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
    this.#runWoken(nowMs, out);
    this.#isDirty = false;
    this.#sync.flush(nowMs, out);
    this.#advance(nowMs, out);
    if (this.#pending.writes === 0) this.#sync.handOver(nowMs, out);
  }

  /** How much of the learner's copy has been read, 0 to 1. */
  get copied(): number | undefined {
    return this.#sync.copied;
  }

  /** Reads one chunk for the learner; it is sent at the end of the turn. */
  copyOn(): void {
    this.#sync.copyOn();
    this.#isDirty = true;
  }

  tick(nowMs: number, out: Actions): void {
    this.#housekeep(nowMs, out);
    if ((this.#polls?.count ?? 0) > 0) this.#endPolls(nowMs, out);
    this.#advance(nowMs, out);
    this.#sync.tick(nowMs, this.#pending.writes === 0, out);
  }

  /** Whether a tick would find nothing to do; looked at often. */
  isCalm(nowMs: number): boolean {
    const { log, commit, options } = this.#state;
    if (commit < log.last || !this.#pending.isEmpty || (this.#polls?.count ?? 0) > 0) return false;
    if (options.content.isDue(options.surroundings.gridTime(nowMs))) return false;
    return this.#sync.isCalm(nowMs);
  }

  /** Another member is primary: what is pending here is for it to know. */
  stepDown(out: Actions): void {
    this.#pending.interrupt(out);
    this.#polls?.interrupt(out);
    this.#sync.release();
  }

  #admission(store: Asked | 'unknown' | 'gone', nowMs: number): Refusal | undefined {
    const { limits, surroundings } = this.#state.options;
    // What the predecessor left unanswered is committed first.
    if (this.#state.commit < this.#servesFrom) return 'not-ready';
    if (this.#sync.isDraining || !surroundings.isLeaseValid(nowMs)) return 'not-ready';
    if (store === 'gone') return 'no-structure';
    if (this.#pending.writes >= limits.changesInFlightMax) return 'busy';
    if (this.#pending.bytes >= limits.changeBytesInFlightMax) return 'busy';
    return undefined;
  }

  /** Refuses. Who asks again for a write that has run must not take this for the word that it never did. */
  #turnAway(origin: Origin, message: OpRequest, reason: Refusal, out: Actions): void {
    const { caller, opSequence, request } = message;
    const known = this.#state.options.content.dedupe.lookup(caller, opSequence);
    if (typeof known === 'string') refuse(origin, request, reason, out);
    // What is gone stays so: to ask once more would bring no other answer, and what the write gave is here.
    else if (reason === 'no-structure') this.#repeat(origin, request, known, out);
    else refuse(origin, request, 'interrupted', out);
  }

  #read(
    origin: Origin,
    message: OpRequest,
    store: Asked,
    nowMs: number,
    waitsUntil: number,
    out: Actions,
  ): void {
    const run = store.run(message.op, this.#context(message.caller, nowMs));
    // A read may find that something has expired: that is a change, and the read answers after it.
    if (run.changes.length > 0) this.#recordNobodys(message.structure, run, nowMs, out);
    if (run.waitsFor === undefined) {
      this.#answer(origin, message, run, out);
      return;
    }
    const poll = new Poll(origin, keptRequest(message), run.result, waitsUntil);
    this.#polls ??= new Polls();
    if (!this.#polls.add(run.waitsFor, poll)) refuse(origin, message.request, 'busy', out);
  }

  /** Answers a read, at once or when what it saw is committed. */
  #answer(origin: Origin, message: OpRequest, run: RunResult, out: Actions): void {
    const needs = this.#pending.needOf(run.touched, this.#state.log.last);
    if (needs <= this.#state.commit) {
      out.push(new ReplyAction(origin, message.request, run.result));
    } else if (this.#pending.reads >= parkedReadsMax) {
      refuse(origin, message.request, 'busy', out);
    } else {
      this.#pending.park(origin, message.request, run.result, needs);
    }
  }

  #write(origin: Origin, message: OpRequest, store: Asked, nowMs: number, out: Actions): void {
    const { request, caller, opSequence } = message;
    if (this.#sync.committedSize < this.#state.options.minInSync) {
      this.#turnAway(origin, message, 'not-ready', out);
      return;
    }
    if (this.#sync.isHeldUp(nowMs)) {
      this.#turnAway(origin, message, 'busy', out);
      return;
    }
    if (opSequence === 0) {
      const text = 'expected an op sequence with a mutating op, found none; update the caller';
      fail(origin, request, 'GRID_BAD_VALUE', text, out);
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
    const run = store.run(message.op, this.#context(caller, nowMs));
    this.#record(origin, message, run, nowMs, out);
  }

  /** Numbers what an op did and keeps it for the peers and for its retry. */
  #record(
    origin: Origin | undefined,
    message: OpRequest,
    run: RunResult,
    nowMs: number,
    out: Actions,
  ): void {
    const { log, options } = this.#state;
    const bytes = run.changes.length + run.result.length;
    // An entry that fits into no frame would cost the partition its backups: rather forget the result.
    const isResultKept = bytes <= options.limits.frameBytesMax - entryMarginBytes;
    const entry = new Entry(
      (log.last + 1) as Sequence,
      message.caller,
      message.opSequence,
      message.firstIncomplete,
      message.structure,
      run.changes,
      isResultKept ? run.result : undefined,
    );
    // Without peers nobody will ask for it: a new one begins with a copy, at the commit.
    const isAlone = this.#sync.isAlone && this.#sync.committedSize >= options.minInSync;
    if (isAlone) log.pass(entry.sequence);
    else log.push(entry);
    options.content.dedupe.note(entry, nowMs);
    const { request } = message;
    if (run.wakes !== undefined) this.#polls?.wake(message.structure, run.wakes);
    this.#isDirty ||= !isAlone || this.#polls?.hasWoken === true;
    if (isAlone && this.#commitsAtOnce(entry.sequence, nowMs)) {
      if (origin !== undefined) out.push(new ReplyAction(origin, request, run.result));
      return;
    }
    this.#pending.addWrite(origin, request, entry.sequence, run.result, bytes, run.touched);
    if (!this.#sync.hasAckers) this.#advance(nowMs, out);
  }

  /** Whether an only copy could commit what it has just recorded, since nothing waits before it. */
  #commitsAtOnce(sequence: Sequence, nowMs: number): boolean {
    const isNext = this.#pending.writes === 0 && this.#state.commit === sequence - 1;
    if (!isNext || !this.#state.options.surroundings.isLeaseValid(nowMs)) return false;
    this.#state.commit = sequence;
    this.#pending.pass(sequence);
    return true;
  }

  /** Numbers a change that no caller asked for. */
  #recordNobodys(structure: StructureId, run: RunResult, nowMs: number, out: Actions): void {
    const none = 0 as OpSequence;
    const request = new OpRequest(0, nobody, 0 as PartitionId, structure, none, none, nothing);
    this.#record(undefined, request, run, nowMs, out);
  }

  /** Reads that have waited long enough, or wait at a structure that was destroyed, are told. */
  #endPolls(nowMs: number, out: Actions): void {
    const { content, surroundings } = this.#state.options;
    this.#polls?.expire(nowMs, surroundings.isLeaseValid(nowMs), out);
    this.#polls?.wakeWhere((structure) => content.isGone(structure));
    this.#runWoken(nowMs, out);
  }

  /** Runs the reads again that a write has woken. */
  #runWoken(nowMs: number, out: Actions): void {
    while (this.#polls?.hasWoken === true) {
      for (const { origin, message, deadline } of this.#polls.takeWoken()) {
        // Who asked goes on to ask again: a wait that grew with each waking would never end.
        this.request(origin, message, nowMs, out, deadline);
      }
    }
  }

  /** What time has brought: expiry and the like, a slice at a time. */
  #housekeep(nowMs: number, out: Actions): void {
    const { content, limits, surroundings } = this.#state.options;
    if (!this.isServing || !surroundings.isLeaseValid(nowMs)) return;
    const gridTime = surroundings.gridTime(nowMs);
    for (const structure of content.candidates(gridTime)) {
      if (this.#pending.writes > limits.changesInFlightMax / 2) return;
      const store = content.due(structure, gridTime);
      if (store === undefined) continue;
      const run = store.housekeep(this.#context(nobody, nowMs));
      if (run.changes.length > 0) this.#recordNobodys(structure, run, nowMs, out);
    }
  }

  /** A retry: the op has run, here or on a predecessor. */
  #repeat(origin: Origin, request: number, { sequence, result }: Done, out: Actions): void {
    if (this.#pending.redirect(sequence, origin, request)) return;
    if (result === undefined) refuse(origin, request, 'result-gone', out);
    else out.push(new ReplyAction(origin, request, result));
  }

  /** The same object each time: a run ends before the next one begins, and keeps nothing of it. */
  #context(caller: CallerId, nowMs: number): RunContext {
    const context = this.#runContext;
    context.gridTime = this.#state.options.surroundings.gridTime(nowMs);
    context.sequence = this.#state.log.last + 1 + this.#sync.lift;
    context.caller = caller;
    return context;
  }

  /** Moves the commit to what the whole ack set has, and answers up to it. */
  #advance(nowMs: number, out: Actions): void {
    const { log, options } = this.#state;
    if (this.#sync.committedSize < options.minInSync) return;
    const confirmed = this.#sync.confirmed(log.last);
    if (confirmed > this.#state.commit) {
      this.#state.commit = confirmed;
      log.trim(this.#sync.neededFrom(confirmed, nowMs));
    }
    if (this.#pending.isEmpty) return;
    if (options.surroundings.isLeaseValid(nowMs)) this.#pending.settle(this.#state.commit, out);
  }
}

function refuse(to: Origin, request: number, reason: Refusal, out: Actions): void {
  out.push({ kind: 'refuse', to, request, reason });
}

function fail(to: Origin, request: number, code: string, message: string, out: Actions): void {
  out.push({ kind: 'fail', to, request, code, message });
}
