/**
 * A replica that is not primary: it is fenced, follows one stream, and gives its tail to a successor.
 *
 * Invariants
 * 1. Only one stream is listened to, the latest by (term, stream); everything quotes it.
 * 2. Entries are applied in sequence and without a gap, a chunk only at the position that it names.
 * 3. Terms never fall, and a fence is answered only from whole content of the same generation.
 */
import type { MemberId, Sequence } from '../base/ids.ts';
import type {
  ReplicaAck,
  ReplicaAppend,
  ReplicaCopy,
  ReplicaFence,
  ReplicaPull,
} from '../wire/replica-messages.ts';
import { type Actions, type ReplicaState, SendAction } from './replica-state.ts';

/** Appends that may wait for the table, each of a mebibyte at most. */
const heldMax = 16;

interface Held {
  readonly from: MemberId;
  readonly message: ReplicaAppend;
}

export class Backup {
  readonly #state: ReplicaState;
  /** To whom an ack is owed at the end of the turn. */
  #ackTo: MemberId | undefined;
  /** Appends, oldest first, that change a structure of which the table here does not know yet; undefined for none. */
  #held: Held[] | undefined;

  constructor(state: ReplicaState) {
    this.#state = state;
  }

  /** Whether an ack is due at the end of the turn. */
  get owesAck(): boolean {
    return this.#ackTo !== undefined;
  }

  /** Precondition: the fence's term is not below the replica's. */
  fence(from: MemberId, message: ReplicaFence, out: Actions): void {
    const state = this.#state;
    if (!state.isWhole || state.generation !== message.generation) return;
    if (!this.#isNewer(message) && !this.#isCurrent(message)) return;
    state.term = message.term;
    state.streamTerm = message.term;
    state.stream = message.stream;
    const { partition, term, stream } = message;
    const last = state.log.last;
    const fenced = { kind: 'replica.fenced', partition, term, stream, last } as const;
    out.push(new SendAction(from, fenced));
  }

  pull(from: MemberId, message: ReplicaPull, out: Actions): void {
    if (!this.#isCurrent(message)) return;
    const { log } = this.#state;
    const entries = log.slice(message.after, log.last);
    if (entries === undefined) return;
    const { partition, term, stream, after } = message;
    const pulled = { kind: 'replica.pulled', partition, term, stream, after, entries } as const;
    out.push(new SendAction(from, pulled));
  }

  /** Whether entries wait until the table tells of their structure. */
  get isBehind(): boolean {
    return this.#held !== undefined;
  }

  append(from: MemberId, message: ReplicaAppend, nowMs: number): void {
    if (!this.#isCurrent(message)) return;
    if (this.isBehind) this.catchUp(nowMs);
    this.#ackTo = from;
    if (this.isBehind) this.#hold(from, message);
    else this.#take(from, message, nowMs);
  }

  /** Takes what waited for the table, as far as that goes now. */
  catchUp(nowMs: number): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const { from, message } of held) {
      if (!this.#isCurrent(message)) continue;
      this.#ackTo = from;
      if (this.isBehind) this.#hold(from, message);
      else this.#take(from, message, nowMs);
    }
  }

  /** The news of a structure and its first entries travel by different ways, and are about as quick. */
  #hold(from: MemberId, message: ReplicaAppend): void {
    // Of more the primary hears no ack, and sends them again.
    if (message.entries.length === 0) return;
    this.#held ??= [];
    if (this.#held.length < heldMax) this.#held.push({ from, message });
  }

  #take(from: MemberId, message: ReplicaAppend, nowMs: number): void {
    const state = this.#state;
    if (message.previous > state.log.last || message.chunks > state.chunks) return;
    for (const entry of message.entries) {
      // What is here already is a resend whose ack was lost.
      if (entry.sequence <= state.log.last) continue;
      if (!state.options.content.apply(entry, nowMs)) {
        this.#hold(from, message);
        break;
      }
      state.log.push(entry);
    }
    const commit = Math.min(message.commit, state.log.last) as Sequence;
    if (commit > state.commit) state.commit = commit;
    state.log.trim(state.commit);
  }

  /** Precondition: the copy's term is not below the replica's. */
  copy(from: MemberId, message: ReplicaCopy, nowMs: number): void {
    if (message.chunk === 0 && this.#isNewer(message)) this.#begin(message, nowMs);
    if (!this.#isCurrent(message)) return;
    const state = this.#state;
    this.#ackTo = from;
    if (message.chunk !== state.chunks || message.at !== state.log.last) return;
    const { options } = state;
    options.surroundings.beforeStep?.(message.last ? 'copied' : 'chunk', options.partition);
    const { structure, fromHash, toHash: to, content: bytes, entries } = message;
    if (structure !== 0) {
      if (!options.content.restore({ structure, from: fromHash, to, bytes, entries })) return;
    }
    state.chunks++;
    if (message.last) state.isWhole = true;
  }

  /** One ack for all that a turn brought. */
  flush(out: Actions): void {
    if (this.#ackTo === undefined) return;
    const { options, streamTerm: term, stream, log, chunks } = this.#state;
    const ack: ReplicaAck = {
      kind: 'replica.ack',
      partition: options.partition,
      term,
      stream,
      last: log.last,
      chunks,
    };
    out.push(new SendAction(this.#ackTo, ack));
    this.#ackTo = undefined;
  }

  /** Empties the replica and takes the position of the copy that begins. */
  #begin(message: ReplicaCopy, nowMs: number): void {
    const state = this.#state;
    state.term = message.term;
    state.streamTerm = message.term;
    state.stream = message.stream;
    state.generation = message.generation;
    state.isWhole = false;
    state.copiedAt = message.version;
    state.chunks = 0;
    state.commit = message.at;
    state.log.begin(message.at);
    state.options.content.release();
    state.options.content.dedupe.restore(message.content, nowMs);
  }

  #isCurrent({ term, stream }: { readonly term: number; readonly stream: number }): boolean {
    return (
      term === this.#state.term && term === this.#state.streamTerm && stream === this.#state.stream
    );
  }

  #isNewer({ term, stream }: { readonly term: number; readonly stream: number }): boolean {
    const { streamTerm, stream: current } = this.#state;
    return term > streamTerm || (term === streamTerm && stream > current);
  }
}
