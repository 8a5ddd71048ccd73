/**
 * What makes a retry take effect once: the results of each caller's latest mutating ops, inside the
 * partition, created by the same entry as the effects and copied with them (PROTOCOL.md 2.10; the
 * scheme is RIFL's).
 *
 * Invariants
 * 1. An op of a caller is `new` at most once while its caller may still send it: a result stays until
 *    the caller says, by `firstIncomplete`, that it has it.
 * 2. Below a caller's watermark everything is `stale`.
 * 3. `#last`, where it is there, is the one of `#callers` under `#lastId`.
 */
import { Packr } from 'msgpackr';
import type { CallerId, OpSequence, Sequence } from '../base/ids.ts';
import type { Entry } from '../wire/replica-messages.ts';
import { type Done, DoneOps } from './done-ops.ts';

/** Bytes of results that all dedupe tables of a member keep together. */
export class DedupeBudget {
  readonly bytesMax: number;
  bytes = 0;

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax;
  }
}

interface Caller {
  watermark: OpSequence;
  readonly done: DoneOps;
  usedAt: number;
}

export type Lookup = 'new' | 'stale' | Done;

/** Twice the time after which a caller gives up sending an op. */
const idleMs = 120_000;
const watermarkMs = 3_600_000;
/** Of results that a copy takes along: they travel in one frame. */
const copiedBytesMax = 4_194_304;
const nothing = new Uint8Array(0);
const packr = new Packr({ useRecords: false });

export class DedupeTable {
  readonly #budget: DedupeBudget;
  readonly #callers = new Map<CallerId, Caller>();
  /** Who was asked for last: each op asks twice, and the next is most likely of the same caller. */
  #lastId: CallerId | undefined;
  #last: Caller | undefined;

  constructor(budget: DedupeBudget) {
    this.#budget = budget;
  }

  get callers(): number {
    return this.#callers.size;
  }

  lookup(caller: CallerId, opSequence: OpSequence): Lookup {
    const known = this.#find(caller);
    if (known === undefined) return 'new';
    if (opSequence < known.watermark) return 'stale';
    return known.done.find(opSequence) ?? 'new';
  }

  note(entry: Entry, nowMs: number): void {
    // Housekeeping is nobody's op, and nobody retries it.
    if (entry.opSequence === 0) return;
    let caller = this.#find(entry.caller);
    if (caller === undefined) {
      caller = { watermark: entry.firstIncomplete, done: new DoneOps(), usedAt: nowMs };
      this.#callers.set(entry.caller, caller);
    }
    caller.usedAt = nowMs;
    if (entry.firstIncomplete > caller.watermark) this.#raise(caller, entry.firstIncomplete);
    const { sequence, result = nothing } = entry;
    const hasRoom = this.#budget.bytes + result.length <= this.#budget.bytesMax;
    if (hasRoom) this.#budget.bytes += result.length;
    // It may stay long after the log, a frame or a store have let it go.
    const kept = result.length === 0 ? nothing : result.slice();
    const isKept = hasRoom && entry.result !== undefined;
    // A copy may have brought it before its entry comes.
    this.#budget.bytes -= caller.done.set(entry.opSequence, sequence, isKept ? kept : undefined);
  }

  /** Forgets the results of callers that have been idle for 120 s, and callers idle for an hour. */
  expire(nowMs: number): void {
    for (const [id, caller] of this.#callers) {
      const idle = nowMs - caller.usedAt;
      const { last } = caller.done;
      if (idle > idleMs && last !== undefined) this.#raise(caller, (last + 1) as OpSequence);
      if (idle > watermarkMs) this.#callers.delete(id);
    }
    this.#last = undefined;
  }

  /** For a copy. Results that do not fit into its first chunk are left behind, as past the budget. */
  encode(): Uint8Array {
    let left = copiedBytesMax;
    const keep = (result: Uint8Array | undefined) => {
      if (result === undefined || result.length > left) return undefined;
      left -= result.length;
      return result;
    };
    const callers = [];
    for (const [id, { watermark, done }] of this.#callers) {
      const results = [];
      for (const [op, { sequence, result }] of done) results.push([op, sequence, keep(result)]);
      callers.push([id, watermark, results]);
    }
    // The encoder reuses its buffer, so what it gives is copied; `slice` of a Buffer would not.
    return new Uint8Array(packr.pack(callers));
  }

  restore(encoded: Uint8Array, nowMs: number): void {
    this.release();
    const callers = packr.unpack(encoded) as [
      CallerId,
      OpSequence,
      [OpSequence, Sequence, unknown][],
    ][];
    for (const [id, watermark, results] of callers) {
      const done = new DoneOps();
      for (const [op, sequence, result] of results) {
        const bytes = result instanceof Uint8Array ? new Uint8Array(result) : undefined;
        this.#budget.bytes += bytes?.length ?? 0;
        done.set(op, sequence, bytes);
      }
      this.#callers.set(id, { watermark, done, usedAt: nowMs });
    }
  }

  release(): void {
    for (const caller of this.#callers.values()) {
      for (const [, { result }] of caller.done) this.#budget.bytes -= result?.length ?? 0;
    }
    this.#callers.clear();
    this.#last = undefined;
  }

  #find(id: CallerId): Caller | undefined {
    if (this.#last !== undefined && id === this.#lastId) return this.#last;
    this.#lastId = id;
    this.#last = this.#callers.get(id);
    return this.#last;
  }

  #raise(caller: Caller, watermark: OpSequence): void {
    caller.watermark = watermark;
    this.#budget.bytes -= caller.done.forgetBelow(watermark);
  }
}
